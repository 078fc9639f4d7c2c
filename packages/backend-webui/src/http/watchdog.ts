import type { GenerateOptions } from '../transport.js'
import type { Link } from './link.js'
import { poll, type Polled, type ProgressSource, type Reading } from './progress.js'

export type Watched = Pick<
  GenerateOptions,
  'taskId' | 'progress' | 'expectsLoad' | 'loadsBetween' | 'onProgress' | 'onPreview'
>

const slowestPoll = 5_000

/** Watches a generation through the server's progress routes: tells how far it is, never backwards, and calls
 *  `onStall` when nothing has moved for too long. One poll at a time, slower while nothing changes or the server does
 *  not answer. */
export class Watchdog {
  readonly #link: Link
  readonly #watched: Watched
  readonly #interval: number
  readonly #onStall: (milliseconds: number) => void
  readonly #onPoll: (polled: Polled) => void
  #source: ProgressSource
  #pollTimer: unknown
  #stallTimer: unknown
  #stopped = false
  #pause: number
  #sign: string | undefined
  #stepping = false
  #fraction = 0
  #seen: Reading | undefined
  #ran = false
  #queued = false
  /** Whether a poll had no answer after it was last seen in the queue. */
  #blind = false
  #polling: Promise<void> = Promise.resolve()
  /** By the clock: when the queue was over, when the task last stood without a step, and when it first had one. */
  #free: number
  #standing: number | undefined
  #stepped: number | undefined
  /** The live preview that was seen last; undefined where none is asked for. */
  #shown: number | undefined

  constructor(
    link: Link,
    watched: Watched,
    options: {
      readonly interval: number
      readonly onStall: (milliseconds: number) => void
      readonly onPoll: (polled: Polled) => void
    },
  ) {
    this.#link = link
    this.#watched = watched
    this.#interval = this.#pause = options.interval
    this.#free = link.clock.now()
    this.#onStall = options.onStall
    this.#onPoll = options.onPoll
    this.#source =
      watched.progress === 'task' && watched.taskId === undefined ? 'global' : watched.progress
    if (watched.onPreview !== undefined) this.#shown = -1
    if (this.#source === 'none') return
    this.#restartStall()
    this.#schedule()
  }

  /** The route that answers, which may be another than was asked for. */
  get source(): ProgressSource {
    return this.#source
  }

  /** What was last known of it. */
  get seen(): Reading | undefined {
    return this.#seen
  }

  /** Whether it was ever seen to run: after its end, before its answer, the last look tells of none. */
  get ran(): boolean {
    return this.#ran
  }

  /** Whether it was seen in the queue: what came after the last such look was not. */
  get queued(): boolean {
    return this.#queued
  }

  /** Milliseconds from the end of the queue to the first step, asked for when the answer is there: steps that no poll saw
   *  came before it. Undefined where no poll saw the task run, what is seen may be another's job, or polls without an
   *  answer leave it in doubt when the queue was over or the first step came. */
  get untilStep(): number | undefined {
    if (this.#source !== 'task' || (this.#standing ?? this.#stepped) === undefined) return undefined
    if (this.#blind) return undefined
    const [from, to] = [this.#standing ?? this.#free, this.#stepped ?? this.#link.clock.now()]
    const until = Math.max(0, (from + to) / 2 - this.#free)
    const doubt = (to - from) / 2
    return doubt > Math.max(until / 10, this.#interval * 2) ? undefined : until
  }

  /** Asks at once, beside the regular polls. */
  async look(): Promise<Polled> {
    await this.#polling
    if (this.#source === 'none') return 'unavailable'
    const polled = await poll(this.#link, this.#source, this.#watched.taskId ?? '')
    if (typeof polled === 'object') this.#seen = polled
    return polled
  }

  /** The answer is here. */
  finish(): void {
    this.stop()
    this.#tell(1, false)
  }

  stop(): void {
    this.#stopped = true
    this.#link.clock.clearTimeout(this.#pollTimer)
    this.#link.clock.clearTimeout(this.#stallTimer)
  }

  #schedule(): void {
    this.#pollTimer = this.#link.clock.setTimeout(() => {
      this.#polling = this.#once()
    }, this.#pause)
  }

  async #once(): Promise<void> {
    const source = this.#source
    if (source === 'none') return
    const polled = await poll(this.#link, source, this.#watched.taskId ?? '', this.#shown)
    if (this.#stopped) return
    // It may be the preview that the server cannot make, or that takes too long: progress matters more.
    if (polled === 'unreadable' || polled === 'silent') this.#shown = undefined
    if (polled === 'unavailable') this.#source = source === 'task' ? 'global' : 'none'
    else if (typeof polled === 'string') {
      this.#pause = Math.min(this.#pause * 2, slowestPoll)
      this.#blind ||= this.#seen?.state === 'queued'
    } else this.#note(polled)
    // A server that answers, but not about progress, cannot be said to have stalled.
    if (polled === 'unavailable' || polled === 'unreadable') this.#restartStall()
    this.#onPoll(polled)
    if (!this.#stopped && this.source !== 'none') this.#schedule()
  }

  #note(reading: Reading): void {
    this.#seen = reading
    this.#ran ||= reading.state === 'running'
    this.#show(reading)
    const first = this.#sign === undefined
    const moved = this.#sign !== reading.sign
    this.#sign = reading.sign
    this.#stepping ||= reading.stepping && reading.state === 'running'
    const now = this.#link.clock.now()
    if (reading.state === 'queued') [this.#free, this.#queued, this.#blind] = [now, true, false]
    else if (this.#stepping) this.#stepped ??= now
    else if (reading.state === 'running') this.#standing = now
    this.#pause = moved ? this.#interval : Math.min(this.#pause * 1.5, this.#interval * 4)
    if (moved || first || reading.state === 'queued') this.#restartStall()
    const loading = this.#watched.expectsLoad && !this.#stepping && reading.state !== 'finished'
    if (reading.state !== 'gone' || loading) this.#tell(reading.fraction, loading)
  }

  /** No limit while a foreseen load has not led to a step, nor in the queue, where others' jobs take their time. */
  #restartStall(): void {
    const { clock, limits } = this.#link
    clock.clearTimeout(this.#stallTimer)
    if (this.#stopped || this.#source === 'none') return
    if (this.#watched.expectsLoad && !this.#stepping) return
    if (this.#seen?.state === 'queued') return
    const most = this.#watched.loadsBetween === true ? limits.load : limits.stall
    this.#stallTimer = clock.setTimeout(() => this.#onStall(most), most)
  }

  #show({ preview }: Reading): void {
    if (preview === undefined || this.#shown === undefined) return
    const known = preview.id === this.#shown
    this.#shown = preview.id
    if (known || preview.picture === undefined) return
    try {
      this.#watched.onPreview?.(preview.picture)
    } catch {
      // As with progress.
    }
  }

  #tell(fraction: number, loading: boolean): void {
    this.#fraction = Math.max(this.#fraction, fraction)
    try {
      this.#watched.onProgress(this.#fraction, loading ? { loading } : {})
    } catch {
      // Whoever watches can break nothing.
    }
  }
}
