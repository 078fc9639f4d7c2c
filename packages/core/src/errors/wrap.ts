import { errors } from './catalogue.js'
import { isPipelineError, PipelineError } from './pipeline-error.js'

/** What a stage or a service threw, as our error: its stage's name added, a code of its own kept, the cause attached. */
export function asPipelineError(
  error: unknown,
  where: { readonly stage: string; readonly during: string },
): PipelineError {
  if (isPipelineError(error)) return error
  const { stage, during } = where
  const reason = messageOf(error)
  const wrapped = errors.SW_PLUGIN_THREW({ stage, during, reason }, { cause: error })
  const code = codeOf(error)
  return code === undefined
    ? wrapped
    : new PipelineError({ ...partsOf(wrapped), code, cause: error })
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function partsOf(error: PipelineError) {
  const { code, kind, message, hint, details, errors: inner } = error
  return { code, kind, message, hint, details, errors: inner }
}

/** A code in our form that a plugin's own error carries. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(error.code)
    ? error.code
    : undefined
}
