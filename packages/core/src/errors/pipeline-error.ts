/** What went wrong, for hosts that map errors: the CLI exits 2 for `config`, `plan` and `plugin`. */
export type ErrorKind = 'config' | 'plan' | 'plugin' | 'stage' | 'backend' | 'io' | 'aborted'

export interface PipelineErrorInit {
  readonly code: string
  readonly kind: ErrorKind
  readonly message: string
  readonly hint: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly errors?: readonly PipelineError[]
  readonly cause?: unknown
}

const brand = Symbol.for('stagewright.PipelineError')

/** The one error class of the framework.
 *  `code` is stable (`SW_<AREA>_<FACT>`; a plugin's own code is kept), `hint` says what to do, and `errors` holds the
 *  single errors where several came at once. Recognise it with `isPipelineError`, which also works across two copies
 *  of this package. */
export class PipelineError extends Error {
  override readonly name: string = 'PipelineError'
  readonly code: string
  readonly kind: ErrorKind
  readonly hint: string
  readonly details: Readonly<Record<string, unknown>>
  readonly errors: readonly PipelineError[]

  constructor(init: PipelineErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = init.code
    this.kind = init.kind
    this.hint = init.hint
    this.details = init.details ?? {}
    this.errors = init.errors ?? []
    Object.defineProperty(this, brand, { value: true })
  }
}

/** A plan that breaks a law: order, terminal, fusion, or no stage that generates. */
export class StagePlanError extends PipelineError {
  override readonly name: string = 'StagePlanError'
}

export function isPipelineError(value: unknown): value is PipelineError {
  return typeof value === 'object' && value !== null && brand in value
}
