import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'

import { run } from './pack.mjs'

/** An environment in which `node`, and so npm, is of another version: taken from the registry, where Node is a package
 *  for each platform.
 *  @param {string} version `22`, `20.19`
 *  @param {string} folder
 *  @returns {Record<string, string | undefined>} */
export function withNode(version, folder) {
  if (!/^\d{2}(?:\.\d+)*$/.test(version))
    throw new Error(`--node takes a version, not "${version}"`)
  if (process.versions.node.startsWith(`${version}.`)) return process.env
  const system = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${system}-${process.arch}`
  const home = join(folder, `node-${version}`)
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n')
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `${name}@${version}`], home)
  const bin = join(home, 'node_modules', name, 'bin')
  return { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }
}
