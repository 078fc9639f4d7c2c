import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
const folder = join(root, '.github/workflows')
const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const supported = ['20.19', '22', '24']

describe.each(readdirSync(folder))('%s', (file) => {
  const steps = Object.values(workflow(file).jobs).flatMap((job) => job.steps)
  const commands = steps.flatMap(({ run, with: inputs }) => [
    ...(run === undefined ? [] : [run]),
    ...['version', 'publish'].flatMap((name) => inputs?.[name]?.toString() ?? []),
  ])

  test('runs nothing but scripts that are there', () => {
    const unknown = commands.filter((command) => {
      const [, script] = /^(?:pnpm run|npm run|npm(?= test)) ([\w:]+)/.exec(command) ?? []
      if (script !== undefined) return manifest.scripts[script] === undefined
      const [, tool] = /^pnpm exec ([\w-]+)/.exec(command) ?? []
      if (tool !== undefined) return !existsSync(join(root, 'node_modules/.bin', tool))
      return command !== `npm install --global ${manifest.packageManager}`
    })
    expect(commands).not.toHaveLength(0)
    expect(unknown).toEqual([])
  })

  test('may do no more than it says, and never writes from a pull request', () => {
    const { permissions, on } = workflow(file)
    expect(permissions).toBeDefined()
    const writes = Object.values(permissions ?? {}).includes('write')
    expect(writes && Object.hasOwn(on, 'pull_request')).toBe(false)
  })
})

describe('what CI checks', () => {
  const { jobs } = workflow('ci.yml')

  test.each([
    ['the tests', 'npm test'],
    ['the packed packages and the project downstream', 'pnpm run check:packages'],
  ])('%s, on every Node that is supported', (_what, command) => {
    const job = Object.values(jobs).find(({ steps }) => steps.some(({ run }) => run === command))
    expect(job?.strategy?.matrix.node).toEqual(supported)
    expect(manifest.engines.node).toBe(`>=${supported[0]}.0`)
  })

  test('a release, without the world', () => {
    const job = Object.values(jobs).find(({ steps }) =>
      steps.some(({ run }) => run === 'pnpm run check:release'),
    )
    // A clone without history cannot tell which commit brought a changeset.
    expect(job?.steps[0]?.with?.['fetch-depth']).toBe(0)
  })

  test('the API reports, with the tests', () => {
    expect(manifest.scripts['full:test']).toContain('node scripts/check-api.mjs')
  })
})

describe('what the release is published with', () => {
  const { jobs, permissions } = workflow('release.yml')
  const { env, steps } = Object.values(jobs)[0] ?? { env: {}, steps: [] }

  test('provenance: an identity, and the wish for it', () => {
    expect(permissions?.['id-token']).toBe('write')
    expect(env?.['PNPM_CONFIG_PROVENANCE']).toBe(true)
  })

  test('by changesets, after the packages and the release are checked', () => {
    const at = steps.findIndex(({ uses }) => uses?.startsWith('changesets/action@') === true)
    const before = steps.slice(0, at).map(({ run }) => run)
    expect(steps[at]?.with?.['publish']).toBe('pnpm run release')
    expect(before).toContain('pnpm run check:packages')
    expect(before).toContain('pnpm run check:release')
    expect(manifest.scripts['release']).toMatch(/ changeset publish$/)
  })
})

function workflow(file: string): Workflow {
  return parse(readFileSync(join(folder, file), 'utf8'))
}

interface Manifest {
  readonly packageManager: string
  readonly engines: { readonly node: string }
  readonly scripts: Readonly<Record<string, string>>
}

interface Workflow {
  readonly on: object
  readonly permissions?: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

interface Job {
  readonly env?: Readonly<Record<string, unknown>>
  readonly strategy?: { readonly matrix: { readonly node: readonly string[] } }
  readonly steps: readonly {
    readonly uses?: string
    readonly run?: string
    readonly with?: Readonly<Record<string, string | number>>
  }[]
}
