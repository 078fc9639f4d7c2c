// The pool
export { type Clock, systemClock } from './pool/clock.js'
export { type Evidence, poolErrors } from './pool/errors.js'
export type { BreakerOptions, PoolMember } from './pool/member.js'
export { type Pool, pool, type PoolOptions } from './pool/pool.js'
export type { RunDescriptor, RunOutcome, RunQueue, RunQueueOptions } from './pool/runs.js'
export type { PoolStatus, ServerStatus } from './pool/status.js'
// Sweeps
export { type Cell, configOf, valueAt } from './sweep/cells.js'
export type { CellWork, LoadWeights, SweepCosts } from './sweep/costs.js'
export { sweepErrors, sweepNotes } from './sweep/errors.js'
export { explainSweep } from './sweep/explain.js'
export { costOf, type Heavy, orderOf } from './sweep/order.js'
export {
  planSweep,
  type Sweep,
  sweep,
  type SweepAxis,
  sweepIn,
  type SweepPlan,
  type SweepPlanOptions,
} from './sweep/plan.js'
export {
  type CellResult,
  type CellStatus,
  readSweep,
  sweepFile,
  type SweepOnDisk,
  type SweepRecord,
} from './sweep/record.js'
export {
  isWhole,
  resumeSweep,
  runSweep,
  type SweepBeginOptions,
  type SweepEvent,
  type SweepResult,
  type SweepRunOptions,
} from './sweep/run.js'
export { sweepSchema } from './sweep/schema.js'
export { readPath, withValueAt } from './sweep/set-path.js'
export type { Draw, SweepInput, SweepSpec } from './sweep/spec.js'
export { csvOf, type SweepRow, tableOf, valueText } from './sweep/table.js'
export { linesOf, type WildcardReader } from './sweep/wildcards.js'
