import { errors as coreErrors, type PipelineError } from '@stagewright/core/errors'

import { errors } from '../errors.js'

/** Where a failure of the wire happened. */
export interface Wire {
  /** The address without credentials. */
  readonly server: string
  /** Method and path. */
  readonly route: string
  /** Whether it never answered, and is asked in plain HTTP: it may want https. */
  readonly mayBeTls: boolean
  redact(text: string): string
}

const refused = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
])
const unknownHost = new Set(['ENOTFOUND', 'EAI_NONAME', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA'])
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused, nothing listens there',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EHOSTDOWN: 'the host is down',
  ECONNRESET: 'connection reset by the server',
  EPIPE: 'the server closed the connection',
  UND_ERR_SOCKET: 'the server closed the connection',
  UND_ERR_CONNECT_TIMEOUT: 'no answer to the attempt to connect',
  ETIMEDOUT: 'no answer to the attempt to connect',
}

/** What the client's library threw, as our error. */
export function connectionError(error: unknown, wire: Wire): PipelineError {
  const code = codeOf(error)
  const reason = reasonOf(error, wire)
  const { server, route } = wire
  const cause = slimCause(error, wire)
  if (unknownHost.has(code))
    return errors.SW_WEBUI_HOST_UNKNOWN({ server, host: new URL(server).hostname }, { cause })
  if (isTls(code)) return errors.SW_WEBUI_TLS({ server, reason }, { cause })
  if (refused.has(code) || code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT')
    return errors.SW_WEBUI_UNREACHABLE({ server, reason }, { cause })
  return errors.SW_WEBUI_BROKEN({ server, route, reason, mayBeTls: wire.mayBeTls }, { cause })
}

/** The server was there, and is no more. */
export function serverLost(cause: PipelineError): PipelineError {
  return coreErrors.SW_BACKEND_LOST({ backend: 'webui', reason: cause.message }, { cause })
}

/** Whether the same attempt may well succeed a little later. */
export function isPassing(error: PipelineError): boolean {
  return (
    error.code === 'SW_WEBUI_UNREACHABLE' ||
    error.code === 'SW_WEBUI_BROKEN' ||
    (error.code === 'SW_WEBUI_HOST_UNKNOWN' && codeOf(error.cause) === 'EAI_AGAIN')
  )
}

export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return error instanceof AggregateError ? codeOf(error.errors[0]) : ''
}

function reasonOf(error: unknown, wire: Wire): string {
  const known = words[codeOf(error)]
  if (known !== undefined) return known
  return wire.redact(error instanceof Error && error.message !== '' ? error.message : codeOf(error))
}

/** The cause without what may hold a secret: its request, its headers. */
function slimCause(error: unknown, wire: Wire): Error {
  const text = error instanceof Error ? error.message : String(error)
  const slim = new Error(wire.redact(text))
  return Object.assign(slim, { code: codeOf(error) })
}

function isTls(code: string): boolean {
  return (
    code.startsWith('ERR_TLS_') ||
    code.startsWith('ERR_SSL_') ||
    code.startsWith('CERT_') ||
    code.startsWith('UNABLE_TO_') ||
    code.includes('SELF_SIGNED') ||
    code === 'EPROTO' ||
    code === 'HOSTNAME_MISMATCH'
  )
}
