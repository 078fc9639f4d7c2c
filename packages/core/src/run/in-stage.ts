import { errors } from '../errors/catalogue.js'
import { isPipelineError, PipelineError } from '../errors/pipeline-error.js'
import { asPipelineError, messageOf } from '../errors/wrap.js'

/** An error with the stage it happened in, and the stages merged into its call; code, kind and cause stay. */
export function inStage(
  thrown: unknown,
  stage: string,
  merged: readonly string[],
  signal: AbortSignal,
): PipelineError {
  if (signal.aborted) return errors.SW_RUN_CANCELLED({ stage }, { cause: thrown })
  const reason = messageOf(thrown)
  const named = errors.SW_STAGE_FAILED({ stage, reason, merged }, { cause: thrown })
  const own = isPipelineError(thrown)
    ? thrown
    : asPipelineError(thrown, { stage, during: 'execute()' })
  if (own.code === 'SW_PLUGIN_THREW') return named
  return new PipelineError({
    code: own.code,
    kind: isPipelineError(thrown) ? own.kind : 'stage',
    message: named.message,
    hint: own.hint,
    details: { ...own.details, stage, merged },
    errors: own.errors,
    cause: thrown,
  })
}
