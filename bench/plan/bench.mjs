// Planning and sequencing 5 to 1,000 synthetic stages, cold and warm.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

import { buildPipelinePlan, StageSequencer } from '@stagewright/core'

import { growthExponent, interleaved, median } from '../measure.mjs'
import { ms, table, target } from '../table.mjs'
import { capabilities, synthetic } from './synthetic.mjs'

const sizes = [5, 25, 100, 300, 1000]
/** Sorting alone makes it n log n: an exponent of 1.2 in this range. Anything squared shows as 1.4 and more. */
const nearLinear = 1.3
const run = promisify(execFile)

export async function benchPlan() {
  const warmed = await warm()
  const rows = []
  for (const size of sizes) rows.push({ size, cold: await cold(size), ...warmed[size] })
  const of = (size) => rows.find((row) => row.size === size)
  const perStage = (row) => row.warm / row.size
  const growth = {
    perStageRatio: perStage(of(1000)) / perStage(of(100)),
    exponent: growthExponent(
      rows.filter(({ size }) => size >= 100).map(({ size, warm: time }) => ({ size, ms: time })),
    ),
  }
  return {
    rows,
    growth,
    targets: [
      target('300 stages, cold', of(300).cold.both, 50, 'ms'),
      target('300 stages, warm', of(300).warm, 10, 'ms'),
      target('growth exponent, 100 to 1,000 stages', growth.exponent, nearLinear, ''),
    ],
    text: show(rows, growth),
  }
}

/** Medians of fresh processes: a first call each. */
async function cold(size) {
  const zod = await fresh(size, 'zod')
  const bare = await fresh(size, 'bare')
  const both = zod.map(({ plan, sequence }) => plan + sequence)
  return {
    define: median(zod.map(({ define }) => define)),
    both: median(both),
    best: Math.min(...both),
    bare: median(bare.map(({ plan, sequence }) => plan + sequence)),
  }
}

async function fresh(size, schemas) {
  const script = join(import.meta.dirname, 'cold.mjs')
  const all = []
  for (let i = 0; i < 7; i++) {
    const { stdout } = await run(process.execPath, [script, String(size), schemas])
    all.push(JSON.parse(stdout))
  }
  return all
}

/** Medians in one process, all sizes in turn, beside the time that JSON takes to write and read the same plan. */
async function warm() {
  const works = Object.assign({}, ...sizes.map(worksOf))
  const times = await interleaved(works, { samples: 30, warmUp: 15 })
  return Object.fromEntries(
    sizes.map((size) => {
      const of = (what) => times[`${what} ${size}`]
      const [planning, sequencing, json] = [of('plan'), of('sequence'), of('json')]
      return [size, { warm: of('both'), planning, sequencing, json }]
    }),
  )
}

function worksOf(size) {
  const { stages, config } = synthetic(size)
  const plan = buildPipelinePlan(config, stages, { capabilities })
  const planning = () => buildPipelinePlan(config, stages, { capabilities })
  return {
    [`both ${size}`]: () => new StageSequencer(planning(), stages).getOrderedStages(),
    [`plan ${size}`]: planning,
    [`sequence ${size}`]: () => new StageSequencer(plan, stages).getOrderedStages(),
    [`json ${size}`]: () => JSON.parse(JSON.stringify(plan)),
  }
}

function show(rows, { perStageRatio, exponent }) {
  const lines = rows.map(({ size, cold: first, warm: both, planning, sequencing, json }) => [
    size,
    ms(first.define),
    ms(first.both),
    ms(first.best),
    ms(first.bare),
    ms(both),
    ms(planning),
    ms(sequencing),
    ((both * 1000) / size).toFixed(1),
    (both / json).toFixed(1),
  ])
  return [
    table(
      'plan: buildPipelinePlan + getOrderedStages (ms; medians)',
      [
        'stages',
        'define',
        'cold',
        'best',
        'cold, no zod',
        'warm',
        'plan',
        'sequence',
        'µs/stage',
        'to JSON',
      ],
      lines,
    ),
    `  per stage, 1,000 against 100 stages: ${perStageRatio.toFixed(2)}; time grows as n^${exponent.toFixed(2)} (100 to 1,000)`,
  ].join('\n')
}
