import type {
  CallContext,
  CallNeeds,
  CallResult,
  Capabilities,
  Operation,
  PipelineError,
} from '@stagewright/core'

import { attemptIds, Attempts } from './attempts.js'
import type { Clock } from './clock.js'
import { Dispatcher } from './dispatcher.js'
import { poolErrors } from './errors.js'
import type { Guesses } from './estimates.js'
import type { Placement } from './job.js'
import { type BreakerOptions, Member, type PoolMember, shortReason } from './member.js'
import { Observers } from './observers.js'
import { type Lacked, lacking } from './reasons.js'
import { Roster } from './roster.js'
import { RunningCall } from './running-call.js'
import type { PoolStatus, ServerStatus } from './status.js'
import { toldBy } from './told-by.js'
import { mayStillRun } from './verdict.js'
import { WaitingCalls } from './waiting-calls.js'
import { modelsOf, type Wanted, wantedBy } from './wanted.js'

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

/** A queue of runs that have not begun. */
export interface QueueOfRuns {
  readonly waiting: number
  /** The pool is closed: ends it with the error. */
  fail(error: unknown): void
}

interface Succeeded {
  readonly member: Member
  readonly placement: Placement
  readonly running: RunningCall
  readonly lacks: readonly Lacked[]
}

/** The servers of a pool, and the calls on their way through it. */
export class Servers {
  readonly kind: string
  readonly dispatcher: Dispatcher
  readonly observers = new Observers(() => this.status())
  readonly queues = new Set<QueueOfRuns>()
  readonly #options: ServersOptions
  readonly #roster: Roster
  readonly #running = new Map<string, RunningCall>()
  readonly #waiting: WaitingCalls
  #closed = false
  #moved = 0
  #quarantined = 0

  constructor(members: readonly PoolMember[], options: ServersOptions) {
    this.#options = options
    const { clock, breaker, random, guesses, describeEvery, lenient } = options
    const dispatcher = new Dispatcher(clock, guesses)
    this.dispatcher = dispatcher
    const kinds = new Set(members.map(({ backend }) => backend.kind))
    // One kind, or the keys of calls would differ from those of each server alone.
    this.kind = kinds.size === 1 ? [...kinds].join('') : 'pool'
    const isBusy = (name: string): boolean => this.#running.has(name)
    const hooks = {
      clock,
      breaker,
      random,
      onUp: (member: Member) => this.#onUp(member),
      onChange: (member: Member) => this.#onChange(member),
      busy: ({ name }: Member) => isBusy(name),
      waits: () => this.#waiting.size > 0,
    }
    const all = new Map(members.map((one) => [one.name, new Member(one, hooks)]))
    this.#roster = new Roster(all, { dispatcher, describeEvery, lenient, clock, isBusy })
    this.#waiting = new WaitingCalls({
      dispatcher,
      // The program stays for servers that are down as long as somebody waits.
      onSomebody: () => all.forEach((member) => member.reconsider()),
      onChange: () => this.observers.changed(),
    })
  }

  now(): number {
    return this.#options.clock.now()
  }

  async describe(signal?: AbortSignal): Promise<Capabilities> {
    this.#refuseClosed()
    try {
      return await this.#roster.describe(signal)
    } finally {
      this.#refuseClosed()
    }
  }

  having(models: readonly string[]): ReadonlySet<string> {
    return this.#roster.having(models)
  }

  refuses(call: CallNeeds): PipelineError | undefined {
    return this.#roster.refuses({ seed: 0, sides: [], ...call })
  }

  async settle(callId: string, signal?: AbortSignal): Promise<'over' | 'unknown'> {
    const ids = attemptIds(callId, this.#options.quarantineAfter)
    const asked = this.#roster.all.flatMap(({ backend }) =>
      ids.map(async (id) => {
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
    const roster = this.#roster
    if (roster.described === undefined) await this.describe(signal)
    const request = roster.pinned(given)
    const wanted = wantedBy(operation.name, request, ctx)
    const impossible = roster.impossible(wanted, this.kind)
    if (impossible !== undefined) throw impossible
    const came = this.now()
    const models = modelsOf(request, ctx).map((name) => roster.canonical(name))
    const call = { owner, kind: operation.name, models }
    const attempts = new Attempts(ctx.id, this.#options.quarantineAfter)
    const { refusedBy } = attempts
    let last: unknown
    for (let moved = false; ; moved = true) {
      const able = roster.able(wanted, refusedBy)
      if (able.size === 0)
        throw last === undefined ? roster.noServer(wanted) : attempts.refused(last)
      const placement = await this.#waiting.place(
        { ...call, able, since: since ?? (moved ? came : undefined) },
        (member) => !refusedBy.has(member.name) && roster.isAble(member, wanted),
        signal,
      )
      const member = roster.members.get(placement.server) as Member
      const id = attempts.idOn(member.name)
      const running = new RunningCall({ ...call, ctx, id, clock: this.#options.clock })
      this.#running.set(member.name, running)
      this.observers.changed()
      let begun = false
      try {
        signal.throwIfAborted()
        begun = true
        const result = await member.backend.call(operation, request, running.context)
        const lacks = this.#letPass(member, wanted)
        this.#succeed({ member, placement, running, lacks }, result)
        return this.#roster.members.size < 2 ? result : toldBy(member.name, lacks, result)
      } catch (error) {
        this.#running.delete(member.name)
        const stopped = signal.aborted || this.#closed
        const verdict = stopped ? 'job' : attempts.verdict(member.name, error)
        attempts.failed(member.name, error)
        if (verdict === 'server' || (verdict === 'either' && member.doubt())) {
          this.dispatcher.down(member.name)
          member.failed += 1
          member.fall(error, mayStillRun(error) ? id : undefined)
          attempts.blame(member.name, error)
        } else if (verdict !== 'job') refusedBy.set(member.name, error)
        const untouched = !begun || verdict === 'elsewhere'
        this.dispatcher.end(placement, {
          loaded: untouched ? placement.before : undefined,
          typical: false,
        })
        this.observers.changed()
        if (this.#closed && !signal.aborted) throw poolErrors.SW_POOL_CLOSED({}, { cause: error })
        if (verdict === 'job') throw error
        const quarantined = attempts.quarantined(ctx, call, error)
        if (quarantined !== undefined) {
          this.#quarantined += 1
          throw quarantined
        }
        last = error
        this.#moved += 1
      }
    }
  }

  status(): PoolStatus {
    const groups = this.dispatcher.groups()
    const now = this.now()
    const servers = this.#roster.all.map((member): ServerStatus => {
      const { name, state, done, failed, loads, unfit, error, retryAt } = member
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
        ...(unfit === undefined ? {} : { unfit }),
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
    this.#waiting.rejectAll(poolErrors.SW_POOL_CLOSED({}))
    const { all } = this.#roster
    for (const member of all) member.close()
    this.observers.close()
    await Promise.all(all.map(async ({ backend }) => backend[Symbol.asyncDispose]?.()))
  }

  #succeed(
    { member, placement, running, lacks }: Succeeded,
    { images, kept, loads }: Pick<CallResult, 'images' | 'kept' | 'loads'>,
  ): void {
    this.#running.delete(member.name)
    member.succeed()
    // One that lacks the model goes on with what it has.
    const untouched = kept === true || lacks.some(({ need }) => need.kind === 'model')
    // A load that was measured counts, also where the server had said that it has the model; that a call stood still may
    // have other reasons.
    if (!untouched) member.loads += Math.max(placement.loads.length, loads?.length ?? 0)
    const measured = loads?.reduce((sum, { ms }) => sum + ms, 0)
    const stood = placement.loads.length > 0 ? running.loadingMs : undefined
    // What a picture was made with is what is loaded, whatever was asked for.
    const made = images[0]?.settings?.model
    const asked = running.models[0]
    const is = made === undefined ? undefined : this.#roster.canonical(made)
    const drifted = is !== undefined && asked !== undefined && is !== asked
    this.dispatcher.end(placement, {
      loaded: untouched ? placement.before : drifted ? [is] : undefined,
      loading: loads === undefined || loads.length === 0 ? stood : measured,
      typical: kept !== true,
    })
    this.observers.changed()
  }

  #letPass({ capabilities }: Member, wanted: Wanted): readonly Lacked[] {
    return this.#options.lenient && capabilities ? lacking(wanted, capabilities) : []
  }

  #onUp(member: Member): void {
    this.#roster.rose(member)
    this.#waiting.offer(member)
    this.observers.changed()
  }

  #onChange(member: Member): void {
    if (member.state === 'down') this.dispatcher.down(member.name)
    this.observers.changed()
    if (member.state !== 'down') return
    const { giveUpAfter } = this.#options
    const since = this.now() - giveUpAfter
    const { members } = this.#roster
    this.#waiting.giveUp((name) => (members.get(name)?.downSince ?? Infinity) <= since, giveUpAfter)
  }

  #refuseClosed(): void {
    if (this.#closed) throw poolErrors.SW_POOL_CLOSED({})
  }
}
