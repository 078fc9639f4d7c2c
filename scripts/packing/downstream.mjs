import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { packagesIn, root } from '../packages.mjs'
import { pack, run } from './pack.mjs'

/** @typedef {import('./pack.mjs').Packed} Packed
 *  @typedef {Readonly<Record<string, string | undefined>>} Env */

/** What core, the stages and the client of servers may bring together. */
const most = { packages: 12, bytes: 10e6 }

/** Installs the packed packages in a project outside the workspace, type-checks it, and runs it: tests/downstream.
 *  @param {readonly Packed[]} packed
 *  @param {string} folder
 *  @param {Env} env which Node and npm to use is told by its PATH
 *  @returns {string[]} what to print */
export function checkDownstream(packed, folder, env) {
  const app = mkdtempSync(join(folder, 'app-'))
  cpSync(join(root, 'tests/downstream'), app, { recursive: true })
  renameSync(join(app, 'app.tsconfig.json'), join(app, 'tsconfig.json'))
  const plugins = pack(builtPlugins(), join(app, 'plugins'))
  const names = plugins.map(({ manifest }) => manifest.name)
  if (names.length > 0) writeFileSync(join(app, 'plugins.ts'), importsOf(names))
  install(app, [...packed, ...plugins], [`@types/node@${versionOf('@types/node')}`], env)
  const problems = [...copiesOfCore(app), ...scriptsOf(installedIn(app))]
  if (problems.length > 0) throw new Error(problems.join('\n'))
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], app)
  const reporter = '--test-reporter=spec'
  const printed = run('node', ['--test', reporter, 'built/downstream.js'], app, env)
  const command = 'node_modules/@stagewright/cli/bin/stagewright.js'
  const version = run('node', [command, '--version'], app, env).trim()
  const passed = /^ℹ pass (\d+)$/m.exec(printed)?.[1] ?? '0'
  const skipped = /^ℹ skipped (\d+)$/m.exec(printed)?.[1] ?? '0'
  if (Number(passed) === 0) throw new Error(`no test ran:\n${printed}`)
  if (names.length > 0 && skipped !== '0') throw new Error(`tests were skipped:\n${printed}`)
  const used = names.length === 0 ? 'no example plugin is there yet' : names.join(', ')
  return [`downstream: ${passed} tests pass; plugins: ${used}; stagewright ${version}`]
}

/** Installs core, the stages and the client of servers alone, and counts what they bring.
 *  @param {readonly Packed[]} packed
 *  @param {string} folder
 *  @param {Env} env
 *  @returns {string[]} what to print
 *  @throws {Error} when it is more than is allowed, native, or runs a script when it is installed */
export function checkBudget(packed, folder, env) {
  const app = mkdtempSync(join(folder, 'budget-'))
  const few = packed.filter(({ folder: name }) => /^(?:core|stage-.*|backend-webui)$/.test(name))
  install(app, withTheirs(few, packed), [], env)
  const installed = installedIn(app)
  const others = installed.filter(({ name }) => !name.startsWith('@stagewright/'))
  const bytes = sum(others.map(({ path }) => sizeOf(join(app, path))))
  const native = filesIn(join(app, 'node_modules')).filter((file) => file.endsWith('.node'))
  const problems = [
    ...(others.length > most.packages ? [`${others.length} packages of others`] : []),
    ...(bytes > most.bytes ? [`${inMegabytes(bytes)} of others`] : []),
    ...native.map((file) => `native code: ${file}`),
    ...scriptsOf(installed),
  ]
  const names = few.map(({ folder: name }) => name).join(', ')
  if (problems.length > 0) throw new Error(`${names} bring too much: ${problems.join('; ')}`)
  const total = inMegabytes(sizeOf(join(app, 'node_modules')))
  return [
    `${names} bring ${others.length} packages of others (${others.map(({ name }) => name).join(', ')}), ` +
      `${inMegabytes(bytes)}; with ours ${total}; no native code, no install script`,
  ]
}

/** @param {string} app
 *  @param {readonly Packed[]} packed
 *  @param {readonly string[]} others
 *  @param {Env} env */
function install(app, packed, others, env) {
  writeFileSync(
    join(app, 'package.json'),
    `${JSON.stringify({ name: 'downstream', private: true, type: 'module' })}\n`,
  )
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  const tarballs = packed.map(({ tarball }) => tarball)
  run('npm', ['install', ...quiet, ...tarballs, ...others], app, env)
}

/** The example plugins, where there are any. */
function builtPlugins() {
  const plugins = packagesIn('examples/plugins')
  for (const { directory, manifest } of plugins)
    if (manifest.scripts?.['build'] !== undefined && !existsSync(join(directory, 'dist')))
      throw new Error(`${manifest.name} is not built`)
  return plugins
}

/** A module that gives the stages that plugins export, so that their types are checked too.
 *  @param {readonly string[]} names */
function importsOf(names) {
  return [
    `import type { Stage } from '@stagewright/core'`,
    ...names.map((name, at) => `import * as plugin${at} from '${name}'`),
    `const modules: readonly object[] = [${names.map((_, at) => `plugin${at}`).join(', ')}]`,
    `const exported = modules.flatMap((module): unknown[] => Object.values(module))`,
    `const isStage = (value: unknown): value is Stage =>`,
    `  typeof value === 'object' && value !== null && 'definition' in value && 'name' in value`,
    `export const plugins: readonly Stage[] = [...new Set(exported.filter(isStage))]\n`,
  ].join('\n')
}

/** Packages, and those of ours that they depend on.
 *  @param {readonly Packed[]} few
 *  @param {readonly Packed[]} packed
 *  @returns {readonly Packed[]} */
function withTheirs(few, packed) {
  const wanted = new Set(few.flatMap(({ manifest }) => Object.keys(manifest.dependencies ?? {})))
  const theirs = packed.filter((one) => !few.includes(one) && wanted.has(one.manifest.name))
  return theirs.length === 0 ? few : withTheirs([...few, ...theirs], packed)
}

/** @param {string} app
 *  @returns {string[]} */
function copiesOfCore(app) {
  const copies = installedIn(app).filter(({ name }) => name === '@stagewright/core')
  return copies.length === 1 ? [] : [`${copies.length} copies of @stagewright/core`]
}

/** @param {ReturnType<typeof installedIn>} installed
 *  @returns {string[]} */
function scriptsOf(installed) {
  return installed
    .filter(({ hasInstallScript }) => hasInstallScript === true)
    .map(({ name }) => `${name} runs a script when it is installed`)
}

/** What npm installed, as it notes it itself.
 *  @param {string} app
 *  @returns {{ name: string, path: string, hasInstallScript?: boolean }[]} */
function installedIn(app) {
  /** @type {{ packages: Record<string, { hasInstallScript?: boolean }> }} */
  const lock = JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8'))
  return Object.entries(lock.packages).map(([path, { hasInstallScript = false }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    return { name, path, hasInstallScript }
  })
}

/** The version of a development dependency of the root.
 *  @param {string} name */
function versionOf(name) {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return devDependencies[name]
}

/** Bytes of the files in a folder.
 *  @param {string} folder */
function sizeOf(folder) {
  return sum(filesIn(folder).map((file) => statSync(file).size))
}

/** @param {string} folder */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}

/** @param {number} bytes */
function inMegabytes(bytes) {
  return `${(bytes / 1e6).toFixed(2)} MB`
}
