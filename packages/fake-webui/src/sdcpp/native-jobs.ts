/** The queue of the native API: jobs wait, run one after the other, and are kept for a while.
 *  Source: leejet/stable-diffusion.cpp examples/server/async_jobs.cpp, async_jobs.h */

import type { Clock } from '../jobs/clock.js'

type Status = 'queued' | 'generating' | 'completed' | 'failed' | 'cancelled'

interface Job {
  readonly id: string
  readonly created: number
  readonly work: () => Promise<NativeResult>
  readonly ended: () => void
  status: Status
  started?: number
  completed?: number
  result?: NativeResult
  error?: { readonly code: string; readonly message: string }
}

export interface NativeResult {
  readonly output_format: string
  readonly images: readonly { readonly index: number; readonly b64_json: string }[]
}

const mostPending = 64
/** Seconds that an ended job can be asked for, and that its id is remembered afterwards. */
const kept = 600

export class NativeJobs {
  readonly #jobs = new Map<string, Job>()
  readonly #queue: Job[] = []
  /** By id: when it is forgotten altogether. */
  readonly #expired = new Map<string, number>()
  #made = 0
  #working = false

  constructor(
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  get full(): boolean {
    this.#purge()
    const pending = [...this.#jobs.values()].filter(
      ({ status }) => status === 'queued' || status === 'generating',
    )
    return pending.length >= mostPending
  }

  /** Puts a job into the queue; `ended` is told when it will work no more. */
  submit(work: Job['work'], ended: Job['ended']): Record<string, unknown> {
    const created = this.#now()
    const number = (this.#made++).toString(16).padStart(8, '0')
    const id = `job_${created.toString(16)}_${number}`
    const job: Job = { id, created, work, ended, status: 'queued' }
    this.#jobs.set(id, job)
    this.#queue.push(job)
    const answer = {
      id,
      kind: 'img_gen',
      status: job.status,
      created,
      poll_url: `/sdcpp/v1/jobs/${id}`,
    }
    // In a turn of its own: the answer is on its way before the work begins.
    setImmediate(() => void this.#work())
    return answer
  }

  /** What is known of a job; "gone" for a while after it was dropped. */
  find(id: string): Job | 'unknown' | 'gone' {
    this.#purge()
    return this.#jobs.get(id) ?? (this.#expired.has(id) ? 'gone' : 'unknown')
  }

  /** Takes a job out of the queue; one that has begun goes on. */
  cancel(job: Job): void {
    this.#queue.splice(this.#queue.indexOf(job), 1)
    job.error = { code: 'cancelled', message: 'job cancelled by client' }
    this.#end(job, 'cancelled')
  }

  /** The process is dead: what waits is never done. */
  stop(): void {
    for (const job of this.#queue.splice(0)) job.ended()
  }

  told(job: Job): Record<string, unknown> {
    const { id, status, created, started = null, completed = null } = job
    return {
      id,
      kind: 'img_gen',
      status,
      created,
      started,
      completed,
      queue_position: status === 'queued' ? this.#queue.indexOf(job) + 1 : 0,
      result: job.result ?? null,
      error: job.error ?? null,
    }
  }

  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      // Told as generating as soon as it leaves the queue, though it may wait for the other API's call.
      job.status = 'generating'
      job.started = this.#now()
      this.changed()
      try {
        job.result = await job.work()
        this.#end(job, 'completed')
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        job.error = { code: 'generation_failed', message }
        this.#end(job, 'failed')
      }
    }
    this.#working = false
  }

  #end(job: Job, status: Status): void {
    job.status = status
    job.completed = this.#now()
    job.ended()
    this.changed()
  }

  #purge(): void {
    const now = this.#now()
    for (const [id, until] of this.#expired) if (until <= now) this.#expired.delete(id)
    for (const [id, { completed }] of this.#jobs) {
      if (completed === undefined || now - completed < kept) continue
      this.#jobs.delete(id)
      this.#expired.set(id, now + kept)
    }
  }

  #now(): number {
    return Math.floor(this.clock.now() / 1000)
  }
}
