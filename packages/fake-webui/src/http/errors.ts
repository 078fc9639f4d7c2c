import type { Dialect } from '../data/dialects.js'

/** Says no with a status, as FastAPI's HTTPException does. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail)
    this.name = 'HttpError'
  }
}

/** An exception that nothing on the server catches; `kind` is the name of its Python class. */
export class Crash extends Error {
  constructor(
    readonly kind: string,
    message: string,
  ) {
    super(message)
    this.name = 'Crash'
  }
}

/** The request does not fit its schema. */
export class Invalid extends Error {
  constructor(readonly detail: readonly unknown[]) {
    super('the request does not fit its schema')
    this.name = 'Invalid'
  }
}

/** A reply that is an error already, body and all. */
export class Answer extends Error {
  constructor(
    readonly status: number,
    readonly json?: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`answers ${String(status)}`)
    this.name = 'Answer'
  }
}

export interface ErrorReply {
  readonly status: number
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** The error as that server words it. */
export function errorReply(error: unknown, dialect: Dialect): ErrorReply {
  if (error instanceof Answer)
    return error.json === undefined
      ? { status: error.status, headers: error.headers }
      : { status: error.status, json: error.json, headers: error.headers }
  if (error instanceof Invalid) return { status: 422, json: { detail: error.detail } }
  if (error instanceof HttpError) {
    const { status, detail, headers } = error
    return { status, json: httpBody(dialect, status, detail), headers }
  }
  const crash =
    error instanceof Crash
      ? error
      : new Crash('RuntimeError', error instanceof Error ? error.message : String(error))
  return { status: 500, json: crashBody(dialect, crash) }
}

function httpBody(dialect: Dialect, status: number, detail: string): unknown {
  switch (dialect.name) {
    case 'forge':
      return { detail }
    case 'sdnext':
      return {
        error: 'HTTPException',
        code: status,
        detail,
        body: '',
        errors: `${String(status)}: ${detail}`,
      }
    case 'sdcpp':
      return { error: detail }
    default:
      return { error: 'HTTPException', detail, body: '', errors: '' }
  }
}

function crashBody(dialect: Dialect, { kind, message }: Crash): unknown {
  switch (dialect.name) {
    case 'forge':
      return { error: kind, detail: '', body: '', message }
    case 'sdnext':
      return { error: kind, code: 500, detail: '', body: '', errors: message }
    case 'sdcpp':
      return { error: 'server_error', message }
    default:
      return { error: kind, detail: '', body: '', errors: message }
  }
}
