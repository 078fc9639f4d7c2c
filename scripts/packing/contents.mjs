import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { packedManifest } from './pack.mjs'

/** @typedef {import('./pack.mjs').Packed} Packed */

/** What is wrong with the files of a packed package: a stray one, a missing one, a range that only the workspace
 *  understands. `dist` must hold what the sources make, no more (something left over) and no less (not built).
 *  @param {Packed} packed
 *  @returns {string[]} */
export function problemsOfContents(packed) {
  const given = new Set(packed.files)
  const wanted = wantedFiles(packed)
  const optional = new Set(['CHANGELOG.md'])
  const stray = [...given].filter((file) => !wanted.has(file) && !optional.has(file))
  const missing = [...wanted].filter((file) => !given.has(file))
  return [
    ...stray.map((file) => `${file} is a stray file`),
    ...missing.map((file) => `${file} is missing`),
    ...unresolvedRanges(packed),
  ]
}

/** @param {Packed} packed
 *  @returns {ReadonlySet<string>} */
function wantedFiles({ directory, manifest }) {
  const sources = filesIn(directory, 'src')
  const built = sources
    .filter((file) => /(?<!\.d)\.ts$/.test(file))
    .map((file) => file.replace(/^src\//, 'dist/').replace(/\.ts$/, ''))
    .flatMap((file) => ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((end) => `${file}${end}`))
  const targets = Object.values(manifest.exports ?? {})
    .flatMap((target) => (typeof target === 'object' ? Object.values(target ?? {}) : [target]))
    .map((target) => target.replace(/^\.\//, ''))
  const commands = Object.keys(manifest.bin ?? {}).length > 0 ? filesIn(directory, 'bin') : []
  // What else a package says in `files`: templates, wildcards.
  const others = (manifest.files ?? [])
    .filter((name) => !/^!|^(?:dist|src|bin|README\.md)$/.test(name))
    .flatMap((name) => filesIn(directory, name))
  const always = ['package.json', 'README.md', 'LICENSE']
  return new Set([...always, ...sources, ...built, ...targets, ...commands, ...others])
}

/** @param {Packed} packed */
function unresolvedRanges(packed) {
  const { dependencies, peerDependencies } = packedManifest(packed)
  return Object.entries({ ...dependencies, ...peerDependencies })
    .filter(([, range]) => /^(?:workspace|catalog|file|link):/.test(range))
    .map(([name, range]) => `${name}: ${range} means nothing outside the workspace`)
}

/** @param {string} directory
 *  @param {string} folder */
function filesIn(directory, folder) {
  return readdirSync(join(directory, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .map((file) => file.replaceAll('\\', '/'))
}
