// `npm start`: sets everything up in silence, then runs the command line on a run file.
//   npm start                            the portrait example
//   npm start -- my.yaml --seed 5        your file and options
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '..')
// npm runs scripts in the project's root; the user's paths are relative to where npm was called.
const invokedFrom = process.env['INIT_CWD'] ?? process.cwd()

await setUp()

process.chdir(invokedFrom)
const command = join(root, 'packages/cli/bin/stagewright.js')
process.argv = [process.execPath, command, 'run', ...withDefaultFile(process.argv.slice(2))]
// In this process, so that signals and exit codes are the command's own.
await import(pathToFileURL(command).href)

/** Installs and builds; shows the output only when a step fails. */
async function setUp() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const script = isInstalled() ? 'build:cli' : 'full:start'
  const child = spawn('npx', ['--yes', '--prefer-offline', packageManager, 'run', script], {
    cwd: root,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  /** @type {Buffer[]} */
  const output = []
  child.stdout.on('data', (chunk) => output.push(chunk))
  child.stderr.on('data', (chunk) => output.push(chunk))
  const patience = setTimeout(() => process.stderr.write('Installing and building …\n'), 2000)
  /** @type {number} */
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exit) => resolve(exit ?? 1))
  })
  clearTimeout(patience)
  if (code === 0) return
  process.stderr.write(Buffer.concat(output))
  process.stderr.write('\nThe set-up failed; the output is above.\n')
  process.exit(code)
}

/** Whether the installed packages are newer than the lockfile. */
function isInstalled() {
  const installed = join(root, 'node_modules/.modules.yaml')
  return (
    existsSync(installed) &&
    statSync(installed).mtimeMs > statSync(join(root, 'pnpm-lock.yaml')).mtimeMs
  )
}

/**
 * Puts the portrait example first when no run file is given.
 * @param {string[]} args
 */
function withDefaultFile(args) {
  const [first] = args
  const named = first !== undefined && !first.startsWith('-')
  if (named || args.some((arg) => /\.ya?ml$/i.test(arg))) return args
  return [relative(invokedFrom, join(root, 'examples/portrait.yaml')), ...args]
}
