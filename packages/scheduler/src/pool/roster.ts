import {
  canonicalName,
  type Capabilities,
  errors as core,
  mismatch,
  type PipelineError,
  refusalOf,
  type SizeGrid,
} from '@stagewright/core'

import type { Clock } from './clock.js'
import type { Dispatcher } from './dispatcher.js'
import { poolErrors } from './errors.js'
import { type Member, shortReason } from './member.js'
import { mergeCapabilities, stillTold } from './merge.js'
import { orAborted } from './or-aborted.js'
import { leastLacking, noServer, reasonAgainst, unsupported } from './reasons.js'
import type { Wanted } from './wanted.js'

interface RosterOptions {
  readonly dispatcher: Dispatcher
  readonly describeEvery: number
  readonly lenient: boolean
  readonly clock: Clock
  readonly isBusy: (name: string) => boolean
}

/** Milliseconds for which servers that are known are waited for when they are asked anew. */
const patience = 2000

/** Who belongs to a pool, what they can do together, and which of them can make a call. */
export class Roster {
  readonly members: ReadonlyMap<string, Member>
  readonly #options: RosterOptions
  /** Members that the description holds: others get no call, whose key would not tell of them. */
  #admitted: ReadonlySet<string> = new Set()
  #merged: Capabilities | undefined
  #describing: Promise<void> | undefined
  #describedAt = -Infinity

  constructor(members: ReadonlyMap<string, Member>, options: RosterOptions) {
    this.members = members
    this.#options = options
  }

  get all(): readonly Member[] {
    return [...this.members.values()]
  }

  /** What was told last. */
  get described(): Capabilities | undefined {
    return this.#merged
  }

  /** @throws {PipelineError} SW_POOL_ALL_DOWN while none has ever answered */
  async describe(signal?: AbortSignal): Promise<Capabilities> {
    const { describeEvery, clock } = this.#options
    const known = this.#merged !== undefined
    if (clock.now() - this.#describedAt >= describeEvery || !known) {
      this.#describing ??= this.#ask().finally(() => (this.#describing = undefined))
      await orAborted(known ? this.#patiently(this.#describing) : this.#describing, signal)
    }
    return this.#merge()
  }

  /** A member has come up. Before the first description, and where it would change it, it waits for the next one. */
  rose(member: Member): void {
    if (this.#merged !== undefined && !this.#admitted.has(member.name)) {
      const [first, ...others] = this.#known()
      const merged = first && mergeCapabilities([first, ...others])
      if (merged !== undefined && stillTold(this.#merged, merged)) {
        this.#admitted = new Set([...this.#admitted, member.name])
        // What it calls things is known from now on; what is left unset stays what was told.
        const { aliases = {} } = merged
        this.#merged = { ...this.#merged, aliases }
      }
    }
    if (this.#admitted.has(member.name)) this.#open(member)
  }

  isAble(member: Member, wanted: Wanted): boolean {
    return (
      this.#admitted.has(member.name) && reasonAgainst(member, wanted, this.#grid) === undefined
    )
  }

  /** Names of those that can make a call; lenient, where there is none, of those that lack the fewest names. */
  able(wanted: Wanted, refusedBy: Pick<ReadonlySet<string>, 'has'>): ReadonlySet<string> {
    const asked = this.all.filter(({ name }) => this.#admitted.has(name) && !refusedBy.has(name))
    const able = asked.filter((member) => this.isAble(member, wanted))
    const taken =
      able.length > 0 || !this.#options.lenient
        ? able
        : leastLacking(asked, wanted, this.#grid).map(({ server }) => server)
    return new Set(taken.map(({ name }) => name))
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

  /** Why no server can make a call that is planned. */
  refuses(wanted: Wanted): PipelineError | undefined {
    const ambiguous = this.#ambiguous(wanted)
    if (ambiguous !== undefined) return ambiguous
    const able = this.able(wanted, new Set())
    for (const member of this.#known().map((one) => one.member))
      member.planned(
        able.has(member.name) ? undefined : reasonAgainst(member, wanted, this.#grid)?.text,
      )
    return this.all.some((member) => this.isAble(member, wanted))
      ? undefined
      : this.noServer(wanted)
  }

  /** Why a call means nothing here, whoever is asked. */
  impossible(wanted: Wanted, kind: string): PipelineError | undefined {
    return unsupported(this.all, wanted, kind) ?? this.#ambiguous(wanted)
  }

  noServer(wanted: Wanted): PipelineError {
    return noServer(this.all, wanted, this.#grid)
  }

  /** The one name that servers know a checkpoint by: what is loaded is compared by it. */
  canonical(model: string): string {
    return this.#merged === undefined ? model : canonicalName(this.#merged, 'model', model)
  }

  /** A call whose model is unset would be another one on each server. */
  pinned<R>(request: R): R {
    const model = this.#merged?.current?.model
    if (this.members.size < 2 || model === undefined) return request
    const generates = typeof request === 'object' && request !== null && 'sampler_name' in request
    return generates && (request as { model?: unknown }).model === undefined
      ? { ...request, model }
      : request
  }

  get #grid(): SizeGrid {
    return this.#merged?.grid ?? { multiple: 1, round: 'down' }
  }

  /** A name that is refused for what it would mean on different servers. */
  #ambiguous({ needs }: Wanted): PipelineError | undefined {
    for (const { kind, name, path } of needs) {
      const reason = refusalOf(this.#merged ?? {}, kind, name)
      if (reason !== undefined) return core.SW_PREFLIGHT_REFUSED_NAME({ path, name, kind, reason })
    }
    return undefined
  }

  /** A server that hangs holds nobody up: what it said before holds until it answers, or is down. */
  #patiently(asking: Promise<void>): Promise<void> {
    const { clock } = this.#options
    return new Promise((resolve) => {
      const act = (): void => {
        this.#describedAt = clock.now()
        resolve()
      }
      const cancel = clock.after(patience, act, false)
      void asking.finally(() => {
        cancel()
        resolve()
      })
    })
  }

  async #ask(): Promise<void> {
    const { dispatcher, isBusy, clock } = this.#options
    // One that is at work is left in peace; one that is down is asked when its pause is over, but for whoever has none.
    const none = this.#known().length === 0
    const asked = this.all.filter(
      ({ name, state }) => none || state === 'new' || (state === 'up' && !isBusy(name)),
    )
    await Promise.all(
      asked.map(async (member) => {
        const { done, current } = member
        await member.describe()
        const quiet = member.done === done && !isBusy(member.name)
        // Somebody else may have loaded another model. What it says as before tells nothing: calls load models of their
        // own, and leave its setting as it was.
        const changed = member.current[0] !== current[0]
        if (quiet && changed && member.state === 'up')
          dispatcher.correct(member.name, this.#loadedOn(member))
      }),
    )
    this.#describedAt = clock.now()
  }

  #merge(): Capabilities {
    const known = this.#known()
    const [first, ...others] = known
    if (first === undefined)
      throw poolErrors.SW_POOL_ALL_DOWN({
        reasons: this.all.map(({ name, error }) => `${name}: ${shortReason(error)}`),
      })
    this.#admitted = new Set(known.map(({ name }) => name))
    const merged = mergeCapabilities([first, ...others])
    this.#merged = merged
    for (const { member } of known) this.#open(member)
    return merged
  }

  #known() {
    return this.all.flatMap((member) => {
      const { name, capabilities } = member
      return capabilities === undefined ? [] : [{ name, capabilities, member }]
    })
  }

  #open(member: Member): void {
    const { dispatcher } = this.#options
    if (member.state === 'up' && !dispatcher.isUp(member.name))
      dispatcher.up(member.name, this.#loadedOn(member))
  }

  #loadedOn({ current }: Member): string[] {
    return current.map((model) => this.canonical(model))
  }
}
