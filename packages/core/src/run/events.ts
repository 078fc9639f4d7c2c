import type { RunConfig } from '../config/run-config.js'
import type { Capabilities, Preview } from '../contract/backend.js'
import type { ImageBatch } from '../contract/stage-image.js'
import type { PlanNote } from '../errors/define-notes.js'
import type { PipelineError } from '../errors/pipeline-error.js'
import type { PipelinePlan } from '../plan/stage-plan.js'
import type { CallRecord, RunResult, StageResult } from './result.js'

/** What observers are told, in the order in which it happens. */
export type RunEvent =
  | {
      readonly type: 'run-started'
      readonly runId: string
      readonly plan: PipelinePlan
      readonly notes: readonly PlanNote[]
      /** With seeds and the model resolved: running it again repeats the run. */
      readonly config: RunConfig
      /** The kind of the backend, and what it said of itself. */
      readonly backend: string
      readonly capabilities: Capabilities
    }
  | {
      readonly type: 'stage-started'
      readonly stage: string
      readonly images: ImageBatch
      readonly mergedWith: readonly string[]
    }
  /** 0–1, never falling within a stage; `loading` while the backend loads a model, as far as it tells. */
  | {
      readonly type: 'stage-progress'
      readonly stage: string
      readonly fraction: number
      readonly loading?: true
    }
  /** Only in runs with `previews`, and only where the backend has any. */
  | ({ readonly type: 'preview'; readonly stage: string } & Preview)
  | { readonly type: 'call-finished'; readonly stage: string; readonly call: CallRecord }
  | { readonly type: 'image-failed'; readonly stage: string; readonly error: PipelineError }
  | { readonly type: 'stage-finished'; readonly stage: string; readonly result: StageResult }
  | { readonly type: 'warning'; readonly stage?: string | undefined; readonly message: string }
  | {
      readonly type: 'run-finished'
      readonly status: RunResult['status']
      readonly result: RunResult
      readonly error?: PipelineError | undefined
    }

/** Is told everything and can break nothing: an error of its own becomes a warning. */
export type Observer = (event: RunEvent) => void
