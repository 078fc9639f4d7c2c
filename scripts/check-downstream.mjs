// `pnpm check:downstream`: packs every public package, installs the tarballs in an empty folder with npm, and runs a
// program there that plans a run, as a user of the published packages would. Needs the registry for what they depend
// on. `pnpm check:downstream --keep` leaves the folder.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const root = join(import.meta.dirname, '..')
const windows = process.platform === 'win32'

const program = `import { isPipelineError } from '@stagewright/core'
import { adetailer } from '@stagewright/stage-adetailer'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { FakePipeline } from '@stagewright/testkit'

const pipeline = new FakePipeline({ stages: [adetailer, upscale, txt2img] })
const units = [{ name: 'face', ad_model: 'face_yolov8n.pt' }]
const config = { prompt: 'a lighthouse', txt2img: {}, upscale: { upscaler_1: 'Lanczos' }, adetailer: { units } }
console.log((await pipeline.plan(config)).explain())
console.log('made ' + (await pipeline.run(config)).images.length + ' picture')
const wrong = { prompt: 'a lighthouse', txt2img: {}, upscail: {} }
console.log(await pipeline.run(wrong).catch((error) => isPipelineError(error) && error.message))
`

const folder = mkdtempSync(join(tmpdir(), 'stagewright-downstream-'))
try {
  const tarballs = packAll(join(folder, 'tarballs'))
  const app = join(folder, 'app')
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{ "name": "downstream", "private": true }\n')
  writeFileSync(join(app, 'main.mjs'), program)
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs], app)
  process.stdout.write(run(process.execPath, ['main.mjs'], app))
  const command = 'node_modules/@stagewright/cli/bin/stagewright.js'
  process.stdout.write(`stagewright ${run(process.execPath, [command, '--version'], app)}`)
  report(app, tarballs.length)
} finally {
  if (process.argv.includes('--keep')) process.stdout.write(`${folder}\n`)
  else rmSync(folder, { recursive: true, force: true })
}

/**
 * Packs the public packages, as `changeset publish` would.
 * @param {string} into
 */
function packAll(into) {
  mkdirSync(into)
  for (const name of readdirSync(join(root, 'packages'))) {
    const directory = join(root, 'packages', name)
    const { private: hidden } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
    if (hidden !== true) run('pnpm', ['pack', '--pack-destination', into], directory)
  }
  return readdirSync(into).map((name) => join(into, name))
}

/**
 * How many packages an installation brings, ours and others'.
 * @param {string} app
 * @param {number} ours
 */
function report(app, ours) {
  /** @type {{ packages: Record<string, { optional?: boolean }> }} */
  const lock = JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8'))
  const others = Object.keys(lock.packages)
    .map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    .filter((name) => !name.startsWith('@stagewright/'))
    .toSorted()
  const copies = Object.keys(lock.packages).filter((path) => path.endsWith('@stagewright/core'))
  if (copies.length !== 1) throw new Error(`${copies.length} copies of @stagewright/core`)
  process.stdout.write(`\n${ours} packages of ours, ${others.length} of others:\n`)
  process.stdout.write(`${others.join(', ')}\n`)
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', shell: windows, maxBuffer: 2 ** 24 })
}
