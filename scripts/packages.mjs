// The packages that are published: what the scripts that pack, report and release have in common.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

/** The part of a manifest that the scripts read.
 *  @typedef {{
 *    name: string, version: string, description?: string, private?: boolean, files?: readonly string[],
 *    exports?: Readonly<Record<string, string | Readonly<Record<string, string>> | null>>,
 *    bin?: Readonly<Record<string, string>>, scripts?: Readonly<Record<string, string>>,
 *    dependencies?: Readonly<Record<string, string>>, peerDependencies?: Readonly<Record<string, string>>
 *  }} Manifest
 *  @typedef {{ folder: string, directory: string, manifest: Manifest }} Package
 *  @typedef {{ name: string, specifier: string, types: string, package: Package }} Entry */

/** The published packages, in the order of their folders. A folder that is added is in at once.
 *  @returns {Package[]} */
export function publicPackages() {
  return packagesIn('packages').filter(({ manifest }) => manifest.private !== true)
}

/** The packages right below a folder of the repository; none where there is no such folder.
 *  @param {string} parent
 *  @returns {Package[]} */
export function packagesIn(parent) {
  const above = join(root, parent)
  if (!existsSync(above)) return []
  return readdirSync(above).flatMap((folder) => {
    const directory = join(above, folder)
    const file = join(directory, 'package.json')
    if (!existsSync(file)) return []
    return [{ folder, directory, manifest: JSON.parse(readFileSync(file, 'utf8')) }]
  })
}

/** What can be imported from a package: `core`, `core.di`, …, each with the file of its types.
 *  @param {Package} one
 *  @returns {Entry[]} */
export function entriesOf(one) {
  return Object.entries(one.manifest.exports ?? {}).flatMap(([path, targets]) => {
    const types = typeof targets === 'object' ? targets?.['types'] : undefined
    if (types === undefined) return []
    const name = `${one.folder}${path.slice(1).replaceAll('/', '.')}`
    const specifier = `${one.manifest.name}${path.slice(1)}`
    return [{ name, specifier, types: join(one.directory, types), package: one }]
  })
}
