// One fresh process: defines `count` stages, then plans and sequences them for the first time.
//   node bench/plan/cold.mjs 300 zod
import process from 'node:process'

import { buildPipelinePlan, StageSequencer } from '@stagewright/core'

import { capabilities, synthetic } from './synthetic.mjs'

const started = performance.now()
const { stages, config } = synthetic(Number(process.argv[2]), process.argv[3])
const defined = performance.now()
const plan = buildPipelinePlan(config, stages, { capabilities })
const planned = performance.now()
new StageSequencer(plan, stages).getOrderedStages()
const sequenced = performance.now()
process.stdout.write(
  JSON.stringify({
    define: defined - started,
    plan: planned - defined,
    sequence: sequenced - planned,
  }),
)
