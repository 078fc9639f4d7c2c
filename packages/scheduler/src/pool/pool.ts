import {
  type Backend,
  type CallContext,
  type CallNeeds,
  type CallResult,
  type Capabilities,
  type Operation,
  type PipelineError,
} from '@stagewright/core'

import { type Clock, systemClock } from './clock.js'
import { poolErrors } from './errors.js'
import type { BreakerOptions, PoolMember } from './member.js'
import { runQueue } from './run-queue.js'
import type { RunDescriptor, RunQueue, RunQueueOptions } from './runs.js'
import { Servers } from './servers.js'
import type { PoolStatus } from './status.js'

export interface PoolOptions {
  /** The pauses before a server that failed is asked again. */
  readonly breaker?: Partial<BreakerOptions> | undefined
  /** How many servers may fail at a call before it is given up with what happened. Default 2. */
  readonly quarantineAfter?: number | undefined
  /** Milliseconds after which a call is given up because every server that can do it has been down for so long. Default
   *  600,000. */
  readonly giveUpAfter?: number | undefined
  /** Milliseconds for which what a server said of itself is taken as still true. Default 10,000. */
  readonly describeEvery?: number | undefined
  /** Where names are all that no server has together: makes the call on those that lack the fewest, whose backends must
   *  let them pass in calls, and say all the same which they have: one that has `any` gets calls that another has the
   *  model for. `refuses` tells them all the same. Default false. */
  readonly lenient?: boolean | undefined
  /** Milliseconds that a call, and the load of a checkpoint, are taken to need until some were seen. */
  readonly guesses?: { readonly job?: number; readonly load?: number } | undefined
  readonly clock?: Clock | undefined
  /** 0–1: spreads the pauses, so that several programs do not ask at once. */
  readonly random?: (() => number) | undefined
}

/** Several servers as one backend, each with one call at a time. */
export interface Pool extends Backend, AsyncDisposable {
  /** The same pool for one owner: a user, a sweep. Owners share the servers' time evenly, loads included; calls through
   *  the pool itself belong to one owner, "". Hand `pool.as('my sweep')` to `createPipeline`, one for all cells of a
   *  sweep, however many run at once. With a `job`, the calls of one run stand together: those that follow the first do
   *  not queue behind work that came later. */
  as(owner: string, job?: string): Backend
  /** Runs that are begun when a server will have time for them: 10,000 of them wait as the small objects they are. */
  runs<T>(
    descriptors: Iterable<RunDescriptor<T>> | AsyncIterable<RunDescriptor<T>>,
    options?: RunQueueOptions,
  ): RunQueue<T>
  /** How the pool is now. */
  status(): PoolStatus
  /** `told` after every change, at most once a turn of the event loop. Call the result to end that. What it throws is
   *  swallowed. */
  observe(this: void, told: (status: PoolStatus) => void): () => void
  describe(signal?: AbortSignal): Promise<Capabilities>
  settle(callId: string, signal?: AbortSignal): Promise<'over' | 'unknown'>
  refuses(call: CallNeeds): PipelineError | undefined
  /** Closes the pool and the backends in it. */
  [Symbol.asyncDispose](): Promise<void>
}

/** A backend of several servers of any dialect. A call goes to the server that has its model; a model is loaded a second
 *  time only when the queued work pays for it; what only some can do goes to those. A server that fails is asked again
 *  after growing pauses while its call is made on another.
 *  @throws {PipelineError} SW_POOL_MEMBERS at once; from `describe` SW_POOL_ALL_DOWN; from calls SW_BACKEND_UNSUPPORTED,
 *  SW_POOL_NO_SERVER, SW_POOL_JOB_QUARANTINED, SW_POOL_GAVE_UP, SW_POOL_CLOSED, and what the servers throw */
export function pool(members: readonly (Backend | PoolMember)[], options: PoolOptions = {}): Pool {
  const servers = new Servers(namedMembers(members), {
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    breaker: { first: 1000, most: 60_000, ...options.breaker },
    quarantineAfter: options.quarantineAfter ?? 2,
    giveUpAfter: options.giveUpAfter ?? 600_000,
    describeEvery: options.describeEvery ?? 10_000,
    lenient: options.lenient ?? false,
    guesses: { job: 10_000, load: 10_000, ...options.guesses },
  })
  const view = (owner: string, since?: () => number): Backend => ({
    kind: servers.kind,
    describe: (signal) => servers.describe(signal),
    call: (operation, request, ctx) => servers.call(operation, request, ctx, owner, since?.()),
    settle: (id, signal) => servers.settle(id, signal),
    refuses: (call) => servers.refuses(call),
  })
  const as = (owner: string, job?: string): Backend => {
    if (job === undefined) return view(owner)
    let first: number | undefined
    return view(owner, () => {
      const since = first
      first ??= servers.now()
      return since as number
    })
  }
  return {
    kind: servers.kind,
    describe: (signal?: AbortSignal) => servers.describe(signal),
    call: <R>(operation: Operation<R>, request: R, ctx: CallContext): Promise<CallResult> =>
      servers.call(operation, request, ctx, ''),
    settle: (id, signal) => servers.settle(id, signal),
    refuses: (call) => servers.refuses(call),
    as,
    runs: (descriptors, queueOptions) => runQueue(servers, as, descriptors, queueOptions),
    status: () => servers.status(),
    observe: (told) => servers.observers.add(told),
    [Symbol.asyncDispose]: () => servers.close(),
  }
}

function namedMembers(given: readonly (Backend | PoolMember)[]): PoolMember[] {
  const members = given.map((one, i) =>
    'backend' in one ? one : { name: String.fromCodePoint(65 + i), backend: one },
  )
  if (members.length === 0) throw poolErrors.SW_POOL_MEMBERS({ problem: 'there is none' })
  const seen = new Set<string>()
  for (const { name } of members) {
    if (name === '' || seen.has(name))
      throw poolErrors.SW_POOL_MEMBERS({
        problem: name === '' ? 'one has no name' : `two are called "${name}"`,
      })
    seen.add(name)
  }
  return members
}
