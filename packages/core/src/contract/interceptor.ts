import type { StagePlan } from '../plan/stage-plan.js'
import type { CallContext, CallResult } from './backend.js'
import type { ImageBatch } from './stage-image.js'

/** May answer instead of a stage or a call: journal, cache, single flight. The first one given is outermost.
 *  An error that it throws fails the picture at hand; one whose details hold `stopsRun: true` ends the run, and what is
 *  done stays done. */
export interface Interceptor {
  stage?(plan: StagePlan, images: ImageBatch, next: () => Promise<ImageBatch>): Promise<ImageBatch>
  call?(
    operation: string,
    request: unknown,
    ctx: CallContext,
    next: () => Promise<CallResult>,
  ): Promise<CallResult>
}
