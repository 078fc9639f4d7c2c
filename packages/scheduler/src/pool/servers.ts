import {
  type CallContext,
  type CallNeeds,
  type CallResult,
  type Capabilities,
  errors as core,
  isPipelineError,
  mismatch,
  type Operation,
  type PipelineError,
  type SizeGrid,
} from '@stagewright/core'

import type { Clock } from './clock.js'
import { Dispatcher, type JobSpec, type Placement } from './dispatcher.js'
import { type Evidence, poolErrors } from './errors.js'
import type { Guesses } from './estimates.js'
import { type BreakerOptions, Member, type PoolMember, shortReason } from './member.js'
import { mergeCapabilities, stillTold } from './merge.js'
import { Observers } from './observers.js'
import { orAborted } from './or-aborted.js'
import { RunningCall } from './running-call.js'
import type { PoolStatus, ServerStatus } from './status.js'
import { mayStillRun, verdictOn, wasAtIt } from './verdict.js'
import {
  lacking,
  leastLacking,
  modelsOf,
  nameOf,
  noServer,
  reasonAgainst,
  unsupported,
  type Wanted,
  wantedBy,
} from './wanted.js'

export interface ServersOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly breaker: BreakerOptions
  readonly quarantineAfter: number
  readonly giveUpAfter: number
  readonly describeEvery: number
  readonly lenient: boolean
  readonly guesses: Guesses
}

interface Waiting {
  able: ReadonlySet<string>
  readonly reject: (error: PipelineError) => void
  /** A server is up that may be able to do it. */
  readonly offer: (member: Member) => void
}

/** A queue of runs that have not begun. */
export interface QueueOfRuns {
  readonly waiting: number
  /** The pool is closed: ends it with the error. */
  fail(error: unknown): void
}

/** The servers of a pool, and the calls on their way through it. */
export class Servers {
  readonly kind: string
  readonly dispatcher: Dispatcher
  readonly observers = new Observers(() => this.status())
  readonly queues = new Set<QueueOfRuns>()
  readonly #options: ServersOptions
  readonly #members: ReadonlyMap<string, Member>
  readonly #running = new Map<string, RunningCall>()
  readonly #waiting = new Set<Waiting>()
  /** Members that the description holds: others get no call, whose key would not tell of them. */
  #admitted: ReadonlySet<string> = new Set()
  #merged: Capabilities | undefined
  #describing: Promise<void> | undefined
  #describedAt = -Infinity
  #closed = false
  #moved = 0
  #quarantined = 0

  constructor(members: readonly PoolMember[], options: ServersOptions) {
    this.#options = options
    const { clock, breaker, random, guesses } = options
    this.dispatcher = new Dispatcher(clock, guesses)
    const kinds = new Set(members.map(({ backend }) => backend.kind))
    // One kind, or the keys of calls would differ from those of each server alone.
    this.kind = kinds.size === 1 ? [...kinds].join('') : 'pool'
    const hooks = {
      clock,
      breaker,
      random,
      onUp: (member: Member) => this.#onUp(member),
      onChange: (member: Member) => this.#onChange(member),
      busy: ({ name }: Member) => this.#running.has(name),
      waits: () => this.#waiting.size > 0,
    }
    this.#members = new Map(members.map((one) => [one.name, new Member(one, hooks)]))
  }

  now(): number {
    return this.#options.clock.now()
  }

  async describe(signal?: AbortSignal): Promise<Capabilities> {
    this.#refuseClosed()
    if (this.now() - this.#describedAt >= this.#options.describeEvery || this.#merged === undefined)
      this.#describing ??= this.#ask().finally(() => (this.#describing = undefined))
    if (this.#describing !== undefined) await orAborted(this.#describing, signal)
    this.#refuseClosed()
    this.#merged = this.#merge()
    return this.#merged
  }

  /** Servers that have all of these checkpoints; all servers where none has. */
  having(models: readonly string[]): ReadonlySet<string> {
    const has = this.#known().filter(({ capabilities }) =>
      models.every(
        (name) => mismatch({ kind: 'model', name, path: '' }, capabilities, '') === undefined,
      ),
    )
    return new Set((has.length > 0 ? has : this.#known()).map(({ name }) => name))
  }

  refuses({ stage, operation, slots, needs }: CallNeeds): PipelineError | undefined {
    const wanted: Wanted = { stage, operation, slots, needs, seed: 0, sides: [] }
    const ambiguous = this.#ambiguous(wanted)
    if (ambiguous !== undefined) return ambiguous
    const able = [...this.#members.values()].some((member) => this.#isAble(member, wanted))
    return able ? undefined : this.#noServer(wanted)
  }

  async settle(callId: string, signal?: AbortSignal): Promise<'over' | 'unknown'> {
    const attempts = Array.from({ length: this.#options.quarantineAfter }, (_, i) => i + 1)
    const asked = [...this.#members.values()].flatMap(({ backend }) =>
      attempts.map(async (attempt) => {
        const id = attemptId(callId, attempt)
        try {
          return (await backend.settle?.(id, signal)) ?? 'over'
        } catch (error) {
          if (signal?.aborted === true) throw error
          return 'unknown'
        }
      }),
    )
    return (await Promise.all(asked)).includes('unknown') ? 'unknown' : 'over'
  }

  async call<R>(
    operation: Operation<R>,
    given: R,
    ctx: CallContext,
    owner: string,
    since?: number,
  ): Promise<CallResult> {
    const { signal } = ctx
    signal.throwIfAborted()
    this.#refuseClosed()
    const merged = this.#merged ?? (await this.describe(signal))
    const request = this.#pinned(given, merged)
    const wanted = wantedBy(operation.name, request, ctx)
    const impossible =
      unsupported([...this.#members.values()], wanted, this.kind) ?? this.#ambiguous(wanted)
    if (impossible !== undefined) throw impossible
    const came = this.now()
    const models = modelsOf(request, ctx).map((name) => this.#canonical(name))
    const call = { owner, kind: operation.name, models }
    const evidence: Evidence[] = []
    const refusedBy = new Set<string>()
    const attempts = new Map<string, number>()
    let last: unknown
    for (let moved = false; ; moved = true) {
      const able = this.#able(wanted, refusedBy)
      if (able.size === 0) throw last ?? this.#noServer(wanted)
      const placement = await this.#place(
        { ...call, able, since: since ?? (moved ? came : undefined) },
        (member) => !refusedBy.has(member.name) && this.#isAble(member, wanted),
        signal,
      )
      const member = this.#members.get(placement.server) as Member
      const attempt = attempts.get(member.name) ?? 1
      const id = attemptId(ctx.id, attempt)
      const running = new RunningCall({ ...call, ctx, id, clock: this.#options.clock })
      this.#running.set(member.name, running)
      this.observers.changed()
      let begun = false
      try {
        signal.throwIfAborted()
        begun = true
        const result = await member.backend.call(operation, request, running.context)
        this.#succeed(member, placement, running, result)
        return this.#told(member, wanted, result)
      } catch (error) {
        this.#running.delete(member.name)
        const verdict = signal.aborted || this.#closed ? 'job' : verdictOn(error)
        last = error
        if (verdict === 'either') member.doubts += 1
        // It was never there as that call: the next one may go by its id.
        if (wasAtIt(error)) attempts.set(member.name, attempt + 1)
        if (verdict === 'server' || (verdict === 'either' && member.doubts >= mostDoubts)) {
          this.dispatcher.down(member.name)
          member.failed += 1
          member.fall(error, mayStillRun(error) ? id : undefined)
          if (wasAtIt(error)) evidence.push(evidenceOf(member.name, error))
        } else if (verdict !== 'job') refusedBy.add(member.name)
        const untouched = !begun || verdict === 'elsewhere'
        this.dispatcher.end(placement, {
          loaded: untouched ? placement.before : undefined,
          typical: false,
        })
        this.observers.changed()
        if (this.#closed && !signal.aborted) throw poolErrors.SW_POOL_CLOSED({}, { cause: error })
        if (verdict === 'job') throw error
        if (evidence.length >= this.#options.quarantineAfter) {
          this.#quarantined += 1
          throw poolErrors.SW_POOL_JOB_QUARANTINED(
            {
              stage: ctx.stage,
              operation: operation.name,
              owner,
              servers: evidence.map(({ server }) => server),
              told: evidence.map(({ server, at, message }) => `${server} at ${at}: ${message}`),
              evidence,
            },
            { cause: error },
          )
        }
        this.#moved += 1
      }
    }
  }

  status(): PoolStatus {
    const groups = this.dispatcher.groups()
    const now = this.now()
    const servers = [...this.#members.values()].map((member): ServerStatus => {
      const { name, state, done, failed, loads, error, retryAt } = member
      const running = this.#running.get(name)
      return {
        name,
        state: running !== undefined ? 'busy' : state === 'up' ? 'idle' : state,
        models: this.dispatcher.loadedOn(name),
        ...(running === undefined ? {} : { job: running.status() }),
        queued: groups.reduce((sum, { able, count }) => sum + (able.has(name) ? count : 0), 0),
        done,
        failed,
        loads,
        idleMs: this.dispatcher.idleOn(name),
        ...(error === undefined ? {} : { error: shortReason(error) }),
        ...(retryAt === undefined ? {} : { retryInMs: Math.max(0, retryAt - now) }),
      }
    })
    return {
      servers,
      queued: this.dispatcher.queued,
      running: this.#running.size,
      done: servers.reduce((sum, { done }) => sum + done, 0),
      moved: this.#moved,
      quarantined: this.#quarantined,
      waiting: [...this.queues].reduce((sum, { waiting }) => sum + waiting, 0),
      owners: this.dispatcher.accounts.all(),
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const queue of this.queues) queue.fail(poolErrors.SW_POOL_CLOSED({}))
    for (const waiting of this.#waiting) waiting.reject(poolErrors.SW_POOL_CLOSED({}))
    for (const member of this.#members.values()) member.close()
    this.observers.close()
    const backends = [...this.#members.values()].map(({ backend }) => backend)
    await Promise.all(backends.map(async (backend) => backend[Symbol.asyncDispose]?.()))
  }

  #succeed(
    member: Member,
    placement: Placement,
    running: RunningCall,
    { images, kept }: CallResult,
  ): void {
    this.#running.delete(member.name)
    member.succeed()
    if (kept !== true) member.loads += placement.loads.length
    // What a picture was made with is what is loaded, whatever was asked for.
    const made = images[0]?.settings?.model
    const asked = running.models[0]
    const is = made === undefined ? undefined : this.#canonical(made)
    const drifted = is !== undefined && asked !== undefined && is !== asked
    this.dispatcher.end(placement, {
      loaded: kept === true ? placement.before : drifted ? [is] : undefined,
      loading: running.loadingMs,
      typical: kept !== true,
    })
    this.observers.changed()
  }

  /** A call whose model is unset would be another one on each server. */
  #pinned<R>(request: R, { current }: Capabilities): R {
    const model = current?.model
    if (this.#members.size < 2 || model === undefined) return request
    const generates = typeof request === 'object' && request !== null && 'sampler_name' in request
    return generates && (request as { model?: unknown }).model === undefined
      ? { ...request, model }
      : request
  }

  #able(wanted: Wanted, refusedBy: ReadonlySet<string>): ReadonlySet<string> {
    const asked = [...this.#members.values()].filter(
      ({ name }) => this.#admitted.has(name) && !refusedBy.has(name),
    )
    const able = asked.filter((member) => this.#isAble(member, wanted))
    const taken =
      able.length > 0 || !this.#options.lenient
        ? able
        : leastLacking(asked, wanted, this.#grid).map(({ server }) => server)
    return new Set(taken.map(({ name }) => name))
  }

  /** With what the server lacks and let pass; who warns is told where that may be one of several. */
  #told({ name, capabilities }: Member, wanted: Wanted, result: CallResult): CallResult {
    const lacks = this.#options.lenient && capabilities ? lacking(wanted, capabilities) : []
    const own = (result.warnings ?? []).filter(
      (warning) => !lacks.some(({ need }) => warning.includes(`no ${nameOf(need)}`)),
    )
    const warnings = [...lacks.map(({ message }) => message), ...own]
    if (this.#members.size < 2 || warnings.length === 0) return result
    return { ...result, warnings: warnings.map((warning) => `${name}: ${warning}`) }
  }

  #isAble(member: Member, wanted: Wanted): boolean {
    return (
      this.#admitted.has(member.name) && reasonAgainst(member, wanted, this.#grid) === undefined
    )
  }

  get #grid(): SizeGrid {
    return this.#merged?.grid ?? { multiple: 1, round: 'down' }
  }

  /** The one name that servers know a checkpoint by: what is loaded is compared by it. */
  #canonical(model: string): string {
    return this.#merged?.aliases?.['model']?.[model] ?? model
  }

  /** A name that is refused for what it would mean on different servers. */
  #ambiguous({ needs }: Wanted): PipelineError | undefined {
    for (const { kind, name, path } of needs) {
      const reason = this.#merged?.refused?.[kind]?.[name]
      if (reason !== undefined) return core.SW_PREFLIGHT_REFUSED_NAME({ path, name, kind, reason })
    }
    return undefined
  }

  #noServer(wanted: Wanted): PipelineError {
    return noServer([...this.#members.values()], wanted, this.#grid)
  }

  #place(
    spec: JobSpec,
    isAble: (member: Member) => boolean,
    signal: AbortSignal,
  ): Promise<Placement> {
    return new Promise((resolve, reject) => {
      let over = false
      const end = (): void => {
        over = true
        this.#waiting.delete(waiting)
        signal.removeEventListener('abort', onAbort)
        // Nobody waits any more: the program need not stay until the servers that are down have been asked again.
        if (this.#waiting.size === 0) this.#reconsider()
      }
      const waiting: Waiting = {
        able: spec.able,
        reject: (error) => {
          if (!ticket.cancel()) return
          end()
          reject(error)
        },
        offer: (member) => {
          if (waiting.able.has(member.name) || !isAble(member)) return
          waiting.able = new Set([...waiting.able, member.name])
          ticket.allow(waiting.able)
        },
      }
      const onAbort = (): void => {
        if (!ticket.cancel()) return
        end()
        reject(signal.reason as Error)
        this.observers.changed()
      }
      const ticket = this.dispatcher.submit(spec, (placement) => {
        end()
        resolve(placement)
      })
      if (over) return
      this.#waiting.add(waiting)
      signal.addEventListener('abort', onAbort, { once: true })
      if (this.#waiting.size === 1) this.#reconsider()
      this.observers.changed()
    })
  }

  #reconsider(): void {
    for (const member of this.#members.values()) member.reconsider()
  }

  async #ask(): Promise<void> {
    // One that is at work is left in peace; one that is down is asked when its pause is over, but for whoever has none.
    const none = this.#known().length === 0
    const asked = [...this.#members.values()].filter(
      ({ name, state }) => none || state === 'new' || (state === 'up' && !this.#running.has(name)),
    )
    await Promise.all(
      asked.map(async (member) => {
        const before = member.done
        await member.describe()
        const quiet = member.done === before && !this.#running.has(member.name)
        // Somebody else may have loaded another model.
        if (quiet && member.state === 'up') this.dispatcher.correct(member.name, member.current)
      }),
    )
    this.#describedAt = this.now()
  }

  /** @throws {PipelineError} SW_POOL_ALL_DOWN while none has ever answered */
  #merge(): Capabilities {
    const known = this.#known()
    const [first, ...others] = known
    if (first === undefined)
      throw poolErrors.SW_POOL_ALL_DOWN({
        reasons: [...this.#members.values()].map(
          ({ name, error }) => `${name}: ${shortReason(error)}`,
        ),
      })
    this.#admitted = new Set(known.map(({ name }) => name))
    for (const { name } of known) this.#open(this.#members.get(name) as Member)
    return mergeCapabilities([first, ...others])
  }

  #known() {
    return [...this.#members.values()].flatMap(({ name, capabilities }) =>
      capabilities === undefined ? [] : [{ name, capabilities }],
    )
  }

  #open(member: Member): void {
    if (member.state === 'up' && !this.dispatcher.isUp(member.name))
      this.dispatcher.up(member.name, member.current)
  }

  #onUp(member: Member): void {
    // Before the first description, and where it would change it, a newcomer waits for the next one.
    if (this.#merged !== undefined && !this.#admitted.has(member.name)) {
      const [first, ...others] = this.#known()
      if (first !== undefined && stillTold(this.#merged, mergeCapabilities([first, ...others])))
        this.#admitted = new Set([...this.#admitted, member.name])
    }
    if (this.#admitted.has(member.name)) this.#open(member)
    for (const waiting of this.#waiting) waiting.offer(member)
    this.observers.changed()
  }

  #onChange(member: Member): void {
    if (member.state === 'down') this.dispatcher.down(member.name)
    this.observers.changed()
    if (member.state !== 'down') return
    const now = this.now()
    const { giveUpAfter } = this.#options
    const gone = (name: string): boolean =>
      now - (this.#members.get(name)?.downSince ?? now) >= giveUpAfter
    for (const { able, reject } of this.#waiting)
      if ([...able].every(gone))
        reject(
          poolErrors.SW_POOL_GAVE_UP({
            servers: [...able],
            seconds: Math.round(giveUpAfter / 1000),
            stopsRun: true,
          }),
        )
  }

  #refuseClosed(): void {
    if (this.#closed) throw poolErrors.SW_POOL_CLOSED({})
  }
}

/** After so many jobs in a row that it failed, a server is taken for broken. */
const mostDoubts = 3

/** A call that is made again on the same server is another one there. */
function attemptId(id: string, attempt: number): string {
  return attempt === 1 ? id : `${id}.${attempt}`
}

function evidenceOf(server: string, error: unknown): Evidence {
  const code = isPipelineError(error) ? error.code : 'unknown'
  return { server, at: new Date().toISOString(), code, message: shortReason(error) }
}
