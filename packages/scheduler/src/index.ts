// ── the pool ──
export { type Clock, systemClock } from './pool/clock.js'
export { type Evidence, poolErrors } from './pool/errors.js'
export type { BreakerOptions, PoolMember } from './pool/member.js'
export { type Pool, pool, type PoolOptions } from './pool/pool.js'
export type { RunDescriptor, RunOutcome, RunQueue, RunQueueOptions } from './pool/run-queue.js'
export type { PoolStatus, ServerStatus } from './pool/status.js'
