import type { ModelLoad, World } from './world.js'

/** What the server remembers, as plain data. */
export interface Snapshot {
  readonly listening: boolean
  /** File of the checkpoint in memory. */
  readonly loaded: string | undefined
  /** Every load since the start. */
  readonly loads: readonly ModelLoad[]
  readonly options: Readonly<Record<string, unknown>>
  readonly interrupted: boolean
  readonly skipped: boolean
  readonly job: string
  readonly job_count: number
  readonly job_no: number
  readonly sampling_step: number
  readonly sampling_steps: number
  /** 0–1, as `/progress` tells it. */
  readonly progress: number
  /** Generations that run or wait. */
  readonly queue: number
  /** Generations carried out, whether or not a reply arrived. */
  readonly finished: number
  readonly tasks: {
    readonly pending: readonly string[]
    readonly current: string | undefined
    readonly finished: readonly string[]
  }
}

export function snapshot(world: World, listening: boolean): Snapshot {
  const { progress, tasks, loaded } = world
  const { interrupted, skipped, job, job_count, job_no, sampling_step, sampling_steps } = progress
  return {
    listening,
    loaded: loaded?.file,
    loads: [...world.loads],
    options: { ...world.settings },
    interrupted,
    skipped,
    job,
    job_count,
    job_no,
    sampling_step,
    sampling_steps,
    progress: progress.fraction,
    queue: world.lock.size,
    finished: world.finished,
    tasks: {
      pending: [...tasks.pending],
      current: tasks.current,
      finished: [...tasks.finished],
    },
  }
}
