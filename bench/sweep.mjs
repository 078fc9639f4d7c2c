// What a sweep makes of a server: calls and model loads of a real fake-webui with its latency model, and the time that
// they take; ours beside cell by cell with nothing shared, and beside the rule of the WebUI's own X/Y/Z script.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { webui } from '@stagewright/backend-webui'
import { createPipeline } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { RunStore } from '@stagewright/run-store'
import { costOf, orderOf, planSweep, runSweep, sweep } from '@stagewright/scheduler'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'

import { table, target } from './table.mjs'

const stages = [txt2img, refiner]
const models = ['one', 'two', 'three'].map((name) => `${name}.safetensors`)
const latency = { modelLoad: 8, step: 0.1, megapixel: 0.2, scale: 0.03 }
const base = { prompt: 'a lighthouse', seed: 7, width: 64, height: 64, steps: 30, txt2img: {} }
const hires = {
  enable_hr: true,
  hr_scale: 1.5,
  hr_upscaler: 'Lanczos',
  denoising_strength: 0.3,
  hr_second_pass_steps: 8,
}
const axes = { seed: '1..4', model: models }

const cases = {
  '3 checkpoints x 4 seeds': sweep(base, { axes }),
  '5 hires values x 4 seeds, shared': sweep(
    { ...base, refiner: hires },
    { axes: { 'refiner.hr_scale': [1.25, 1.5, 1.75, 2, 2.25], seed: '1..4' }, share: true },
  ),
}

export async function benchSweep() {
  const root = mkdtempSync(join(tmpdir(), 'stagewright-bench-sweep-'))
  try {
    return await measure(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function measure(root) {
  const rows = []
  const times = {}
  for (const [name, swept] of Object.entries(cases)) {
    const ours = await onServer(async ({ backend, pipeline }) => {
      const plan = await planSweep(swept, { backend, stages })
      const store = new RunStore({ root: join(root, name) })
      const { status } = await runSweep(plan, { store, backend, pipeline })
      if (status !== 'done') throw new Error(`the sweep ended ${status}`)
    })
    const merged = { ...swept, spec: { ...swept.spec, share: false } }
    const orders = {
      'cell by cell': (cells) => cells,
      'X/Y/Z script': (cells) => scriptOrder(merged, cells),
    }
    const others = {}
    for (const [title, order] of Object.entries(orders))
      others[title] = await onServer(async ({ backend, pipeline }) => {
        const plan = await planSweep(merged, { backend, stages })
        const store = new RunStore({
          root: join(root, `${name} ${title}`.replaceAll('/', ' ')),
          cache: false,
        })
        const numbers = order(plan.cells).map(({ number }) => number)
        await runSweep({ ...plan, order: numbers }, { store, backend, pipeline })
      })
    for (const [title, one] of Object.entries({ ours, ...others })) {
      rows.push([`${name}: ${title}`, one.calls, one.loads, one.ms.toFixed(0)])
      times[`${name}: ${title}`] = one.ms
    }
  }
  const heavy = heavyChanges()
  const ratio = (name) => times[`${name}: ours`] / times[`${name}: cell by cell`]
  const [checkpoints = '', shared = ''] = Object.keys(cases)
  const planning = await planningTime()
  return {
    times: { ...times, 'plan of 1000 cells': planning },
    targets: [
      target('time beside cell by cell, checkpoints', ratio(checkpoints), 1, ''),
      target('time beside cell by cell, shared', ratio(shared), 1, ''),
      target('heavy changes of 3 x 3 x 8 (script: 96)', heavy.ours, 10, ''),
      target('plan of 1000 cells', planning / 1000, 10, 's'),
    ],
    text: [
      table('sweep: on a server with a latency model', ['case', 'calls', 'loads', 'ms'], rows),
      table(
        'heavy changes, 3 checkpoints x 3 refiners x 8 seeds',
        ['order', 'changes'],
        Object.entries(heavy),
      ),
    ].join('\n\n'),
  }
}

async function onServer(work) {
  const fake = await startFakeWebui({ dialect: 'a1111', tinyPictures: true, models, latency })
  const backend = webui({ url: fake.url, pollInterval: 50 })
  const pipeline = createPipeline({ backend, stages })
  try {
    const began = performance.now()
    await work({ backend, pipeline })
    const ms = performance.now() - began
    const calls = fake.requests.filter(({ path }) => path.endsWith('2img')).length
    return { ms, calls, loads: fake.state.loads.length }
  } finally {
    await pipeline[Symbol.asyncDispose]()
    await backend[Symbol.asyncDispose]()
    await fake.close()
  }
}

/** The script goes through Z, then Y, then X within, unless one axis alone has the highest cost: that is outermost then.
 *  Of our axes the first is X. Changing a checkpoint costs 1, and everything else here nothing. */
function scriptOrder({ spec }, cells) {
  const fields = spec.dimensions.flatMap((one) => one.fields)
  const dear = fields.filter((field) => field === 'model')
  const outermost = dear.length === 1 ? dear[0] : fields.at(-1)
  const sorted = [outermost, ...fields.filter((field) => field !== outermost).toReversed()]
  const key = (cell) =>
    sorted.map((field) => {
      const values = spec.dimensions.find((one) => one.fields.includes(field)).points
      return values.findIndex((point) => point[field] === cell.point[field])
    })
  return cells.toSorted((a, b) => {
    const [one, other] = [key(a), key(b)]
    const at = one.findIndex((value, i) => value !== other[i])
    return at < 0 ? 0 : one[at] - other[at]
  })
}

/** X checkpoint, Y refiner, Z seed: two axes cost the same, so that the script leaves the seed outermost. */
function heavyChanges() {
  const three = [1, 2, 3]
  const seeds = Array.from({ length: 8 }, (_, i) => i)
  const cells = seeds.flatMap(() =>
    three.flatMap((r) => three.map((m) => ({ model: `m${m}`, refiner: `r${r}` }))),
  )
  const script = cells.map((_, i) => i)
  return { ours: costOf(orderOf(cells), cells), 'X/Y/Z script': costOf(script, cells) }
}

async function planningTime() {
  const fake = await startFakeWebui({ dialect: 'a1111', tinyPictures: true, models })
  const backend = webui({ url: fake.url })
  try {
    const swept = sweep(
      { ...base, refiner: hires },
      { axes: { 'refiner.denoising_strength': '0.1..0.5 step 0.1', seed: '1..200' } },
    )
    const began = performance.now()
    await planSweep(swept, { backend, stages })
    return performance.now() - began
  } finally {
    await backend[Symbol.asyncDispose]()
    await fake.close()
  }
}
