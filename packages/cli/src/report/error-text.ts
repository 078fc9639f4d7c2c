import { isPipelineError, type PipelineError } from '@stagewright/core'

export interface ErrorTextOptions {
  /** Shows the stack and the causes. */
  readonly debug: boolean
  /** `file:line:column` of a path of the run file. */
  readonly place?: ((path: string) => string | undefined) | undefined
}

/** An error as the user reads it: code, what, where, and what to do; every error of a file at once. */
export function errorText(error: unknown, options: ErrorTextOptions): string {
  if (!isPipelineError(error)) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const report = 'this is a fault of stagewright; --debug shows where'
    return `unexpected error: ${text}\n${options.debug ? stackOf(error) : `  hint: ${report}`}`
  }
  const each = error.errors.length > 0 ? error.errors : [error]
  const texts = each.map((one) => oneText(one, options))
  const count = each.length > 1 ? [`${each.length} errors`] : []
  return [...count, ...texts, ...(options.debug ? [stackOf(error)] : [])].join('\n')
}

function oneText(error: PipelineError, { place }: ErrorTextOptions): string {
  const { path } = error.details
  const where = typeof path === 'string' ? place?.(path) : undefined
  return [
    `${error.code}: ${error.message}`,
    ...(where === undefined ? [] : [`  at ${where}`]),
    `  hint: ${error.hint}`,
  ].join('\n')
}

function stackOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const cause = error instanceof Error && error.cause !== undefined ? stackOf(error.cause) : ''
  return cause === '' ? stack : `${stack}\ncaused by ${cause}`
}

export interface ErrorJson {
  readonly code: string
  readonly kind: string
  readonly message: string
  readonly hint: string
  readonly errors?: readonly ErrorJson[]
}

export function errorJson(error: unknown): ErrorJson {
  if (!isPipelineError(error)) {
    const message = error instanceof Error ? error.message : String(error)
    return { code: 'SW_CLI_UNEXPECTED', kind: 'internal', message, hint: 'report it' }
  }
  const { code, kind, message, hint } = error
  return {
    code,
    kind,
    message,
    hint,
    ...(error.errors.length > 0 ? { errors: error.errors.map((one) => errorJson(one)) } : {}),
  }
}
