import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { root } from '../packages.mjs'

/** @typedef {import('../packages.mjs').Package} Package
 *  @typedef {Package & { tarball: string, files: readonly string[] }} Packed
 *    `tarball` is its path, `files` what is in it, relative to the package. */

/** Packs packages as `pnpm publish` would: `workspace:` and `catalog:` ranges become versions.
 *  @param {readonly Package[]} packages
 *  @param {string} into
 *  @returns {Packed[]} */
export function pack(packages, into) {
  if (packages.length === 0) return []
  mkdirSync(into, { recursive: true })
  const filters = packages.flatMap(({ manifest }) => ['--filter', manifest.name])
  const args = ['--recursive', ...filters, 'pack', '--json', '--pack-destination', into]
  /** @type {unknown} */
  const printed = JSON.parse(pnpm(args))
  const all = /** @type {{ name: string, filename: string, files: { path: string }[] }[]} */ (
    Array.isArray(printed) ? printed : [printed]
  )
  return packages.map((one) => {
    const found = all.find(({ name }) => name === one.manifest.name)
    if (found === undefined) throw new Error(`${one.manifest.name} was not packed`)
    return { ...one, tarball: found.filename, files: found.files.map(({ path }) => path) }
  })
}

/** Runs pnpm in the root, also where the script was not started by it.
 *  @param {readonly string[]} args */
export function pnpm(args) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return run('npx', ['--yes', '--prefer-offline', packageManager, ...args], root)
}

/** Runs a command and gives what it printed; where it fails, the error says what it printed.
 *  @param {string} command
 *  @param {readonly string[]} args
 *  @param {string} cwd
 *  @param {Readonly<Record<string, string | undefined>>} [env]
 *  @returns {string} */
export function run(command, args, cwd, env = process.env) {
  try {
    return execFileSync(command, args, {
      cwd,
      env,
      shell: process.platform === 'win32',
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (cause) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: string, stderr?: string }} */ (cause)
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause })
  }
}

/** The packed manifest, as registries and users will see it.
 *  @param {Packed} packed
 *  @returns {import('../packages.mjs').Manifest} */
export function packedManifest({ tarball }) {
  return JSON.parse(run('tar', ['-xzOf', tarball, 'package/package.json'], root))
}

/** @param {Packed} packed */
export function bytesOf({ tarball }) {
  const buffer = readFileSync(tarball)
  return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength)
}
