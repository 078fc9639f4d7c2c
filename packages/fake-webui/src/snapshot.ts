import type { ModelLoad, World } from './world.js'

/** What the server remembers, as plain data; in the control plane's JSON its keys are in snake_case. */
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
  readonly jobCount: number
  readonly jobNo: number
  readonly samplingStep: number
  readonly samplingSteps: number
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
  const { interrupted, skipped, job } = progress
  return {
    listening,
    loaded: loaded?.file,
    loads: [...world.loads],
    options: { ...world.settings },
    interrupted,
    skipped,
    job,
    jobCount: progress.job_count,
    jobNo: progress.job_no,
    samplingStep: progress.sampling_step,
    samplingSteps: progress.sampling_steps,
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
