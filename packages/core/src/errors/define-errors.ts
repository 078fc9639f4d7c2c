import { type ErrorKind, PipelineError, StagePlanError } from './pipeline-error.js'

/** One entry of an error catalogue: the fact, then the remedy, both from typed details. */
export interface ErrorSpec<D> {
  readonly kind: ErrorKind
  readonly message: (details: D) => string
  readonly hint: string | ((details: NoInfer<D>) => string)
}

export type ErrorFactories<T> = {
  readonly [Code in keyof T]: (
    details: T[Code],
    options?: { readonly cause?: unknown },
  ) => PipelineError
}

/** Makes one error factory per code. Stage packages and plugins keep their own small catalogue with it.
 *  @throws {TypeError} when a code is not upper snake case */
export function defineErrors<T>(specs: {
  readonly [Code in keyof T]: ErrorSpec<T[Code]>
}): ErrorFactories<T> {
  const entries = Object.entries(specs).map(([code, spec]) => {
    if (!/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(code))
      throw new TypeError(`error code "${code}" is not in upper snake case`)
    return [code, factory(code, spec as ErrorSpec<unknown>)]
  })
  return Object.freeze(Object.fromEntries(entries)) as ErrorFactories<T>
}

function factory(code: string, spec: ErrorSpec<unknown>) {
  return (details: unknown, options: { cause?: unknown } = {}): PipelineError =>
    new (spec.kind === 'plan' ? StagePlanError : PipelineError)({
      code,
      kind: spec.kind,
      message: spec.message(details),
      hint: typeof spec.hint === 'function' ? spec.hint(details) : spec.hint,
      details: Object.freeze({ ...(details as object) }),
      ...(options.cause === undefined ? {} : { cause: options.cause }),
    })
}
