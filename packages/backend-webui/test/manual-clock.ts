import type { Clock } from '../src/http/clock.js'

interface Timer {
  readonly at: number
  readonly milliseconds: number
  readonly run: () => void
}

/** A pause before a poll or a retry; the limits are all longer. */
const longestPause = 5_000

/** A clock that stands until it is moved. */
export class ManualClock implements Clock {
  #now = 0
  readonly #timers = new Map<number, Timer>()
  #next = 1
  /** How many pauses have been begun. */
  pauses = 0

  now(): number {
    return this.#now
  }

  setTimeout(run: () => void, milliseconds: number): number {
    const id = this.#next++
    this.#timers.set(id, { at: this.#now + milliseconds, milliseconds, run })
    if (milliseconds <= longestPause) this.pauses += 1
    return id
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number)
  }

  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (;;) {
      const [next] = [...this.#timers]
        .filter(([, { at }]) => at <= end)
        .toSorted(([, a], [, b]) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next[0])
      this.#now = next[1].at
      next[1].run()
    }
    this.#now = end
  }

  /** Waits for the client to pause, ends the pause, and waits for the next one, or for the end of it all. */
  async nextPause(over: () => boolean = () => false): Promise<void> {
    await this.endPause(over)
    const { pauses } = this
    while (this.pauses === pauses && !over()) await turn()
  }

  /** Waits for the client to pause, and ends the pause. */
  async endPause(over: () => boolean = () => false): Promise<void> {
    for (; !over(); await turn()) {
      const pause = [...this.#timers.values()].find((one) => one.milliseconds <= longestPause)
      if (pause === undefined) continue
      this.advance(pause.at - this.#now)
      return
    }
  }

  /** Waits for the client to begin its n-th pause. */
  async begun(n: number): Promise<void> {
    while (this.pauses < n) await turn()
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Runs every timer as soon as the sockets have had a turn: retries wait for nothing. */
export class EagerClock implements Clock {
  #now = 0
  /** The pauses that were asked for, in order. */
  readonly pauses: number[] = []
  readonly #only: (milliseconds: number) => boolean

  /** Timers for which `only` is false never fire. */
  constructor(only: (milliseconds: number) => boolean = (ms) => ms <= 5_000) {
    this.#only = only
  }

  now(): number {
    return this.#now
  }

  setTimeout(run: () => void, milliseconds: number): unknown {
    this.pauses.push(milliseconds)
    if (!this.#only(milliseconds)) return undefined
    return setImmediate(() => {
      this.#now += milliseconds
      run()
    })
  }

  clearTimeout(timer: unknown): void {
    if (timer !== undefined) clearImmediate(timer as NodeJS.Immediate)
  }
}
