// `pnpm bench` runs every bench, `pnpm bench plan runner` those two. Prints tables with ratios and targets, and writes
// bench/results/latest.json. `--strict` exits with 1 when a target is missed; `--no-build` takes the dist as it is.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import { targetLines } from './table.mjs'

const stages = ['txt2img', 'img2img', 'refiner', 'upscale', 'adetailer']

/** Each is loaded after the build, and needs no more packages than it names. */
const benches = {
  plan: {
    needs: ['core'],
    run: async () => (await import('./plan/bench.mjs')).benchPlan(),
  },
  runner: {
    needs: ['core'],
    run: async () => (await import('./runner.mjs')).benchRunner(),
  },
  sketch: {
    needs: ['core', 'backend-sketch', ...stages.map((name) => `stage-${name}`)],
    run: async () => (await import('./sketch.mjs')).benchSketch(),
  },
  io: {
    needs: ['core', 'backend-webui'],
    run: async () => (await import('./io.mjs')).benchIo(),
  },
  store: {
    needs: ['core', 'backend-sketch', 'run-store', ...stages.map((name) => `stage-${name}`)],
    run: async () => (await import('./store.mjs')).benchStore(),
  },
  sweep: {
    needs: [
      'backend-webui',
      'core',
      'fake-webui',
      'run-store',
      'scheduler',
      'stage-refiner',
      'stage-txt2img',
    ],
    run: async () => (await import('./sweep.mjs')).benchSweep(),
  },
  history: {
    needs: ['core', 'backend-sketch', 'run-store', ...stages.map((name) => `stage-${name}`)],
    run: async () => (await import('./history.mjs')).benchHistory(),
  },
  pool: {
    needs: ['core', 'backend-webui', 'scheduler', 'cli', 'stage-txt2img', 'stage-upscale'],
    run: async () => (await import('./pool.mjs')).benchPool(),
  },
}

const given = process.argv.slice(2).filter((arg) => arg !== '--')
const chosen = given.filter((arg) => !arg.startsWith('--'))
const names = chosen.length > 0 ? chosen : Object.keys(benches)
const unknown = names.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0)
  fail(`There is no bench ${unknown.join(', ')}. There are: ${Object.keys(benches).join(', ')}.`)

if (!given.includes('--no-build')) build([...new Set(names.flatMap((name) => benches[name].needs))])

const machine = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  load: loadavg()[0],
}
print(
  `node ${machine.node}, ${machine.cores} cores, ${machine.cpu}, load ${machine.load.toFixed(2)}\n`,
)
if (machine.load > machine.cores)
  print('The machine is busy: times are longer than they should be; compare the ratios.\n')
const results = {}
for (const name of names) {
  const { text, ...measured } = await benches[name].run()
  results[name] = measured
  print(`${[text, ...targetLines(measured.targets)].join('\n')}\n`)
}

const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
const file = join(folder, 'latest.json')
const date = new Date().toISOString()
writeFileSync(file, `${JSON.stringify({ date, machine, results }, null, 2)}\n`)
const missed = Object.values(results).flatMap(({ targets }) => targets.filter(({ met }) => !met))
print(
  `${missed.length === 0 ? 'All targets met' : `${missed.length} missed`}; written to bench/results/latest.json`,
)
if (missed.length > 0 && given.includes('--strict')) process.exitCode = 1

/** Builds the packages in silence; shows the output only when that fails. */
function build(packages) {
  const filters = packages.map((name) => `--filter=@stagewright/${name}`)
  const { status, stdout, stderr } = spawnSync('turbo', ['run', 'build', ...filters], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (status === 0) return
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`)
  fail('The build failed; the output is above. Start the benches through pnpm, which finds turbo.')
}

function print(text) {
  process.stdout.write(`${text}\n`)
}

function fail(text) {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}
