import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'

import { run } from './pack.mjs'

/** An environment in which `node`, and so npm, is of another major version: taken from the registry, where Node is a
 *  package for each platform.
 *  @param {string} major
 *  @param {string} folder
 *  @returns {Record<string, string | undefined> | undefined} nothing where that version cannot be had */
export function withNode(major, folder) {
  if (!/^\d{2}$/.test(major)) throw new Error(`--node takes a major version, not "${major}"`)
  if (process.versions.node.startsWith(`${major}.`)) return process.env
  const system = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${system}-${process.arch}`
  const home = join(folder, `node-${major}`)
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n')
  try {
    run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `${name}@${major}`], home)
  } catch {
    return undefined
  }
  const bin = join(home, 'node_modules', name, 'bin')
  return { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }
}
