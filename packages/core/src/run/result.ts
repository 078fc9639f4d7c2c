import type { ImageBatch, StageImage } from '../contract/stage-image.js'
import type { PipelineError } from '../errors/pipeline-error.js'
import type { PipelinePlan } from '../plan/stage-plan.js'

export type Outcome = 'done' | 'unchanged' | 'partial' | 'failed' | 'cancelled'

/** A picture that did not reach the end: its newest good version, and what stopped it. */
export interface UnfinishedImage {
  /** Absent when the call that would have made it failed. */
  readonly image?: StageImage | undefined
  readonly stage: string
  readonly error: PipelineError
}

/** One backend call as it happened. */
export interface CallRecord {
  readonly operation: string
  readonly label?: string | undefined
  readonly ms: number
  readonly unchanged: boolean | 'unknown'
  /** Whether an earlier call had made it, so that none was needed. */
  readonly kept: boolean
  /** Which of several servers made it. */
  readonly server?: string | undefined
  /** As the backend says, where it cannot tell what an unchanged picture means. */
  readonly unchangedMeans?: string | undefined
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

export interface StageResult {
  readonly name: string
  readonly outcome: Outcome
  /** What the stage handed on. A merged stage has its host's pictures; the host, where the backend has them, the
   *  pictures from before the merged pass. */
  readonly images: ImageBatch
  /** Stages whose calls this one was merged into. */
  readonly mergedInto: readonly string[]
  readonly ms: number
  readonly calls: readonly CallRecord[]
  /** What happened, in words: "face: changed in 4". */
  readonly summary: readonly string[]
}

export interface RunResult {
  readonly runId: string
  readonly status: 'done' | 'partial' | 'failed' | 'cancelled'
  /** The final pictures, in order; empty when none reached the end. */
  readonly images: ImageBatch
  readonly stages: readonly StageResult[]
  readonly unfinished: readonly UnfinishedImage[]
  readonly warnings: readonly string[]
  readonly plan: PipelinePlan
  /** The run config with every seed and the model resolved: running it again repeats the run. */
  readonly config: Readonly<Record<string, unknown>>
}

declare module '../errors/pipeline-error.js' {
  interface PipelineError {
    /** What was finished before a run failed or was cancelled; set by `run()` and `reprocess()`. */
    result?: RunResult
  }
}
