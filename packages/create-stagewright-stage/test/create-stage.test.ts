import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { createStage, main } from '../src/index.js'

const run = promisify(execFile)
const here = join(import.meta.dirname, '..')

let cwd: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'stagewright-create-'))
})
afterEach(() => rm(cwd, { recursive: true, force: true }))

describe('npm create stagewright-stage', () => {
  test('makes the package that it tells of, and says how to go on', async () => {
    const { code, out } = await program(['film-grain'], { npm_config_user_agent: 'pnpm/12.0.0 x' })
    expect(code).toBe(0)
    const files = await filesIn(join(cwd, 'film-grain'))
    expect(out).toMatch(`film-grain: ${files.length} files, with the stage "film_grain"`)
    expect(out).toContain('  pnpm install\n  pnpm test ')
    expect(files).toEqual([
      '.gitignore',
      'README.md',
      'example.yaml',
      'package.json',
      'scripts/readme.mjs',
      'src/config.ts',
      'src/index.ts',
      'src/stage.ts',
      'stagewright.config.yaml',
      'test/contract.test.ts',
      'test/stage.test.ts',
      'tsconfig.build.json',
      'tsconfig.json',
    ])
  })

  test('leaves no name of the template behind', async () => {
    await createStage({ cwd, name: '@acme/film-grain', runner: 'node' })
    const folder = join(cwd, 'film-grain')
    for (const file of await filesIn(folder))
      expect(await readFile(join(folder, file), 'utf8')).not.toMatch(/my[-_]?stage/i)
  })

  test('asks for the packages of its own version, and for core as a peer that outlives its minors', async () => {
    await createStage({ cwd, name: 'film-grain' })
    const text = await readFile(join(cwd, 'film-grain/package.json'), 'utf8')
    const { version } = JSON.parse(await readFile(join(here, 'package.json'), 'utf8'))
    const { devDependencies, peerDependencies } = JSON.parse(text)
    const ours = Object.entries(devDependencies).filter(([name]) =>
      name.startsWith('@stagewright/'),
    )
    expect(new Set(ours.map(([, range]) => range))).toEqual(new Set([`^${version}`]))
    expect(peerDependencies).toEqual({ '@stagewright/core': '>=0.1.0 <1.0.0' })
  })

  test('lists itself for the command line, in quotes: YAML reads no bare @', async () => {
    await createStage({ cwd, name: '@acme/film-grain' })
    const text = await readFile(join(cwd, 'film-grain/stagewright.config.yaml'), 'utf8')
    expect(text).toMatch(/^ {2}'@acme\/film-grain': '\*'$/m)
  })

  test('writes over nothing', async () => {
    await mkdir(join(cwd, 'film-grain'))
    await writeFile(join(cwd, 'film-grain/precious.txt'), 'mine')
    const { code, err } = await program(['film-grain'])
    expect([code, err]).toEqual([1, expect.stringContaining('film-grain is not empty')])
    expect(await filesIn(join(cwd, 'film-grain'))).toEqual(['precious.txt'])
  })

  test.each([
    [[], 'give one name'],
    [['a', 'b'], 'give one name'],
    [['a', '--runner', 'jest'], '--runner is jest: write vitest or node'],
    [['a', '--loud'], 'Unknown option'],
    [['../up'], 'is no name for an npm package'],
  ])('refuses %j, and makes nothing', async (argv, message) => {
    const { code, err } = await program(argv)
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
    expect(await readdir(cwd)).toEqual([])
  })
})

describe('the package', () => {
  test.each(['vitest', 'node'] as const)(
    'of a scope, with tests for %s, compiles against the types that users get',
    async (runner) => {
      const folder = await created('@acme/film-grain', runner)
      await expect(
        tsc(folder, '-p', 'tsconfig.json', '--customConditions', '@stagewright/source'),
      ).resolves.toMatchObject({ stdout: '' })
    },
  )

  test('asks for the tools that this repository is tested with', async () => {
    const { devDependencies } = JSON.parse(
      await readFile(join(here, 'template/package.json'), 'utf8'),
    )
    const root = JSON.parse(await readFile(join(here, '../../package.json'), 'utf8'))
    for (const name of ['typescript', 'vitest', '@types/node'])
      expect(devDependencies[name]).toBe(`^${root.devDependencies[name]}`)
  })
})

async function program(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [out, err] = ['', '']
  const stdout = { write: (text: string) => (out += text) }
  const stderr = { write: (text: string) => (err += text) }
  return { code: await main({ argv, cwd, env, stdout, stderr }), out, err }
}

/** A package that finds what it asks for in this repository. */
async function created(name: string, runner: 'vitest' | 'node'): Promise<string> {
  const { folder } = await createStage({ cwd, name, runner })
  const modules = join(folder, 'node_modules')
  await mkdir(modules)
  for (const [one, from] of Object.entries({
    '@stagewright': here,
    vitest: here,
    zod: here,
    '@types': join(here, '../..'),
  }))
    await symlink(join(from, 'node_modules', one), join(modules, one), 'dir')
  return folder
}

async function tsc(folder: string, ...args: readonly string[]) {
  const bin = join(here, '../../node_modules/typescript/bin/tsc')
  return run(process.execPath, [bin, ...args], { cwd: folder })
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
}
