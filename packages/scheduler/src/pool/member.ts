import { type Backend, type Capabilities, isPipelineError, messageOf } from '@stagewright/core'

import type { Clock } from './clock.js'

/** A server of a pool. */
export interface PoolMember {
  /** What it is called in messages and in the status. */
  readonly name: string
  readonly backend: Backend
}

export interface BreakerOptions {
  /** Milliseconds before a server that failed is asked again; each further time twice as long. Default 1000. */
  readonly first: number
  /** The longest pause. Default 60,000. */
  readonly most: number
}

interface Hooks {
  readonly clock: Clock
  readonly breaker: BreakerOptions
  /** 0–1. */
  readonly random: () => number
  /** It answers, and may be given a job. */
  readonly onUp: (member: Member) => void
  /** Whether it is at a job: that one will tell whether it is there. */
  readonly busy: (member: Member) => boolean
  /** It did not answer once more, or changed otherwise. */
  readonly onChange: (member: Member) => void
  /** Whether the program should stay while it is down: somebody waits. */
  readonly waits: () => boolean
}

/** One server: what it can do, whether it answers, and when it is asked again when it does not (a circuit breaker).
 *  Closed: it is `up`. Open: it is `down` until the pause is over. Half open: it answered, and gets one job like any
 *  other; when that fails, the next pause is longer, and only a job that succeeds resets it. */
export class Member {
  readonly name: string
  readonly backend: Backend
  capabilities: Capabilities | undefined
  state: 'new' | 'up' | 'down' | 'probing' = 'new'
  /** Why it is down. */
  error: unknown
  /** When it is asked again, by the clock. */
  retryAt: number | undefined
  downSince: number | undefined
  /** Jobs done, checkpoints loaded, jobs that it failed as a server. */
  done = 0
  loads = 0
  failed = 0
  readonly #hooks: Hooks
  /** Whether it can make any planned call, and why it cannot make the first other one. */
  #fits = false
  #against: string | undefined
  /** Failures since a job was done. */
  #failures = 0
  /** Jobs in a row that it failed and others may not. */
  #doubts = 0
  /** Calls that may still run there. */
  readonly #lingering = new Set<string>()
  #cancelRetry: () => void = () => {}
  readonly #closed = new AbortController()

  constructor({ name, backend }: PoolMember, hooks: Hooks) {
    this.name = name
    this.backend = backend
    this.#hooks = hooks
  }

  /** What it has loaded, as it says itself. */
  get current(): readonly string[] {
    const model = this.capabilities?.current?.model
    return model === undefined ? [] : [model]
  }

  /** Why it can make none of the calls that were planned so far; undefined where it can make some, or none was planned. */
  get unfit(): string | undefined {
    return this.#fits ? undefined : this.#against
  }

  /** Tells that a call was planned, and what keeps it from here. */
  planned(against: string | undefined): void {
    if (against === undefined) this.#fits = true
    else this.#against ??= against
  }

  /** Asks what it can do. A server that does not answer is down from then on, unless a job has come to it meanwhile.
   *  Never throws. */
  async describe(): Promise<void> {
    try {
      const capabilities = await this.backend.describe(this.#closed.signal)
      const first = this.capabilities === undefined
      this.capabilities = capabilities
      if (first) this.#rise()
    } catch (error) {
      const standing = this.state === 'new' || this.state === 'up'
      if (standing && !this.#hooks.busy(this) && !this.#closed.signal.aborted) this.fall(error)
    }
  }

  /** Opens the breaker. `lingering` is a call that may still run there. */
  fall(error: unknown, lingering?: string): void {
    const { clock, breaker, random } = this.#hooks
    if (lingering !== undefined) this.#lingering.add(lingering)
    this.error = error
    this.state = 'down'
    this.downSince ??= clock.now()
    this.#failures += 1
    const longest = Math.min(breaker.most, breaker.first * 2 ** (this.#failures - 1))
    const pause = longest * (0.5 + random() / 2)
    this.retryAt = clock.now() + pause
    this.#wait(pause)
    this.#hooks.onChange(this)
  }

  /** A job was done: whatever was wrong is over. */
  succeed(): void {
    this.#failures = 0
    this.#doubts = 0
    this.done += 1
  }

  /** It failed a job that others may not. True when those were too many in a row: it is taken for broken. */
  doubt(): boolean {
    this.#doubts += 1
    return this.#doubts >= mostDoubts
  }

  /** Whether the program stays for the next probe is asked anew: a job has come, or gone. */
  reconsider(): void {
    if (this.state !== 'down' || this.retryAt === undefined) return
    this.#wait(Math.max(0, this.retryAt - this.#hooks.clock.now()))
  }

  close(): void {
    this.#cancelRetry()
    this.#closed.abort()
  }

  #wait(ms: number): void {
    this.#cancelRetry()
    this.#cancelRetry = this.#hooks.clock.after(ms, () => void this.#probe(), this.#hooks.waits())
  }

  async #probe(): Promise<void> {
    const { signal } = this.#closed
    this.state = 'probing'
    this.retryAt = undefined
    this.#hooks.onChange(this)
    try {
      const capabilities = await this.backend.describe(signal)
      // What it may still be at must be over before it gets another job; a server that began anew is at nothing.
      for (const id of this.#lingering) {
        await this.backend.settle?.(id, signal)
        this.#lingering.delete(id)
      }
      this.capabilities = capabilities
      this.#rise()
    } catch (error) {
      if (!signal.aborted) this.fall(error)
    }
  }

  #rise(): void {
    this.#cancelRetry()
    this.state = 'up'
    this.error = undefined
    this.retryAt = undefined
    this.downSince = undefined
    this.#hooks.onUp(this)
  }
}

const mostDoubts = 3

/** In one line, without what may be long. */
export function shortReason(error: unknown): string {
  return isPipelineError(error) ? error.message : messageOf(error)
}
