import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { describe, expect, test } from 'vitest'

// What each entry of each package exports at run time is written down in tests/exports, so that a change of the API is
// a deliberate diff. `pnpm update:exports` writes the lists anew.
const updating = process.env['UPDATE_EXPORTS'] === '1'
const root = join(import.meta.dirname, '..')
const lists = join(import.meta.dirname, 'exports')

describe.each(publicPackages())('$name', ({ name, folder, entries }) => {
  test('exports at run time what its list says, nothing more and nothing less', async () => {
    const exported: Record<string, string[]> = {}
    for (const [entry, source] of entries) {
      const module: object = await import(join(root, 'packages', folder, source))
      exported[entry] = Object.keys(module).toSorted()
    }
    const list = join(lists, `${folder}.json`)
    if (updating) writeFileSync(list, `${JSON.stringify(exported, null, 2)}\n`)
    expect(existsSync(list), `no list for ${name}: run pnpm update:exports`).toBe(true)
    expect(exported).toEqual(JSON.parse(readFileSync(list, 'utf8')))
  })
})

test('every list of exports belongs to a public package', () => {
  const folders = publicPackages().map(({ folder }) => `${folder}.json`)
  expect(readdirSync(lists).toSorted()).toEqual(folders.toSorted())
})

interface PublicPackage {
  readonly name: string
  readonly folder: string
  /** Entry of the exports map → its source. */
  readonly entries: readonly (readonly [string, string])[]
}

function publicPackages(): PublicPackage[] {
  return readdirSync(join(root, 'packages')).flatMap((folder) => {
    const file = join(root, 'packages', folder, 'package.json')
    if (!existsSync(file)) return []
    const manifest: Manifest = JSON.parse(readFileSync(file, 'utf8'))
    if (manifest.private === true) return []
    const entries = Object.entries(manifest.exports ?? {}).flatMap(([entry, targets]) => {
      const source = typeof targets === 'string' ? undefined : targets?.['@stagewright/source']
      return source === undefined ? [] : [[entry, source] as const]
    })
    return [{ name: manifest.name, folder, entries }]
  })
}

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>> | null>>
}
