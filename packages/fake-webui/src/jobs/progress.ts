import type { Clock } from './clock.js'

/** What `/sdapi/v1/progress` tells: one for the whole server, whoever's job runs. */
export class Progress {
  skipped = false
  /** Stays true after an interrupted job until the next one begins: the only sign of an interruption. */
  interrupted = false
  stopping_generation = false
  job = ''
  job_count = 0
  job_timestamp = '0'
  job_no = 0
  sampling_step = 0
  sampling_steps = 0
  textinfo: string | null = null
  #started = 0

  constructor(
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  begin(job: string): void {
    Object.assign(this, {
      skipped: false,
      interrupted: false,
      stopping_generation: false,
      job,
      // −1 until the job has been told how many parts it has.
      job_count: -1,
      job_timestamp: timestamp(this.clock.now()),
      job_no: 0,
      sampling_step: 0,
      sampling_steps: 0,
      textinfo: null,
    })
    this.#started = this.clock.now()
    this.changed()
  }

  /** The next part of the job. */
  next(): void {
    this.job_no++
    this.sampling_step = 0
    this.changed()
  }

  step(step: number, of: number): void {
    this.sampling_step = step
    this.sampling_steps = of
    this.changed()
  }

  interrupt(): void {
    this.interrupted = true
    this.changed()
  }

  skip(): void {
    this.skipped = true
    this.changed()
  }

  /** Its step stays: that of a job that failed. Source: A1111 modules/shared_state.py: State.end */
  end(): void {
    this.job = ''
    this.job_count = 0
    this.changed()
  }

  /** Nothing stays. Source: SD.Next modules/shared_state.py: State.clear */
  clear(): void {
    this.job_no = 0
    this.sampling_step = 0
    this.end()
  }

  get idle(): boolean {
    return this.job_count === 0
  }

  /** 0–1, as `/internal/progress` tells of a task: 0 until the first step. It may go back: a detailer adds parts as it
   *  finds faces. */
  get done(): number {
    if (this.job_count <= 0) return 0
    const within = this.sampling_steps > 0 ? this.sampling_step / this.sampling_steps : 0
    return Math.min(1, (this.job_no + within) / this.job_count)
  }

  /** 0.01–1 while a job runs, as `/sdapi/v1/progress` tells. */
  get fraction(): number {
    return this.idle ? 0 : Math.min(1, 0.01 + this.done)
  }

  get eta(): number {
    if (this.idle) return 0
    const elapsed = (this.clock.now() - this.#started) / 1000
    return elapsed / this.fraction - elapsed
  }

  /** The `state` object of the answer. */
  get state(): Record<string, unknown> {
    const { skipped, interrupted, stopping_generation, job, job_count, job_timestamp } = this
    const { job_no, sampling_step, sampling_steps } = this
    return {
      skipped,
      interrupted,
      stopping_generation,
      job,
      job_count,
      job_timestamp,
      job_no,
      sampling_step,
      sampling_steps,
    }
  }
}

/** yyyymmddhhmmss */
export function timestamp(now: number): string {
  return new Date(now).toISOString().replaceAll(/\D/gu, '').slice(0, 14)
}
