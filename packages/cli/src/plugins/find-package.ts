import { readFile, realpath } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'

import { exports as exportsOf } from 'resolve.exports'

/** The `package.json` of an installed package, as far as plugins need it. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports?: unknown
  readonly main?: string
  readonly stagewright?: unknown
}

export interface FoundPackage {
  readonly folder: string
  readonly manifest: Manifest
}

/** Finds a package as Node does, from a folder upwards; a package also finds itself by its own name. Nothing of it is
 *  run. */
export async function findPackage(name: string, from: string): Promise<FoundPackage | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    for (const one of [folder, join(folder, 'node_modules', name)]) {
      const manifest = await readManifest(one)
      if (manifest?.name === name) return { folder: await realpath(one), manifest }
    }
    if (dirname(folder) === folder) return undefined
  }
}

/** The file of one of a package's entries: "." or "./webui". Undefined where the package has no such entry, or names a
 *  file that is not in it. */
export function entryOf({ folder, manifest }: FoundPackage, entry: string): string | undefined {
  const file = fileOf(manifest, entry)
  if (file === undefined) return undefined
  const path = join(folder, file)
  return relative(folder, path).split(sep)[0] === '..' ? undefined : path
}

function fileOf(manifest: Manifest, entry: string): string | undefined {
  if (manifest.exports === undefined)
    return entry === '.' ? (manifest.main ?? 'index.js') : undefined
  try {
    return exportsOf(manifest, entry)?.[0]
  } catch {
    return undefined
  }
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    const { name, version } = (manifest ?? {}) as Partial<Manifest>
    return typeof name === 'string' && typeof version === 'string'
      ? (manifest as Manifest)
      : undefined
  } catch {
    return undefined
  }
}
