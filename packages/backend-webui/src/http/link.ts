import { isPipelineError, type PipelineError } from '@stagewright/core/errors'
import type { Dispatcher } from 'undici'

import type { Auth } from '../auth.js'
import { errors } from '../errors.js'
import { OverLimit } from './answer-scanner.js'
import type { Clock } from './clock.js'
import { codeOf, connectionError, serverLost, type Wire } from './connection-errors.js'
import { CutCompression, UnknownEncoding } from './exchange.js'
import type { Limits } from './limits.js'

/** What every request to one server shares. */
export interface Link {
  readonly server: string
  readonly origin: string
  readonly prefix: string
  readonly auth: Auth
  readonly limits: Limits
  readonly clock: Clock
  /** 0 ≤ x < 1, for the jitter of retries. */
  readonly random: () => number
  /** A few kept connections, for reads. */
  readonly reads: Dispatcher
  /** One connection a generation. */
  readonly generations: Dispatcher
  /** Set once the server has answered anything: from then on its absence is a loss. */
  contacted: boolean
  closed: boolean
}

export function wireOf(link: Link, method: string, path: string): Wire {
  return {
    server: link.server,
    route: `${method} ${path.replace(/\?.*$/, '')}`,
    mayBeTls: !link.contacted && link.origin.startsWith('http:'),
    redact: (text) => link.auth.redact(text),
  }
}

/** `identity` always: the servers' gzip costs six to ten times the time on a local network. */
export function headersFor(link: Link, body?: { readonly length: number }): Record<string, string> {
  const authorization = link.auth.header()
  return {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'stagewright',
    ...(authorization === undefined ? {} : { authorization }),
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(body.length) }),
  }
}

/** Anything thrown on the way of an answer, as our error. */
export function asWireError(error: unknown, wire: Wire): PipelineError {
  if (isPipelineError(error)) return error
  const { server, route } = wire
  if (error instanceof OverLimit)
    return errors.SW_WEBUI_LIMIT({ server, route, what: error.what, most: error.most })
  if (error instanceof UnknownEncoding)
    return errors.SW_WEBUI_BAD_ANSWER({
      server,
      route,
      problem: `it is encoded as "${error.message}", though identity was asked for`,
    })
  if (error instanceof CutCompression)
    return errors.SW_WEBUI_TRUNCATED({ server, route, bytes: error.bytes })
  if (codeOf(error).startsWith('Z_') || codeOf(error).startsWith('ERR__ERROR_'))
    return errors.SW_WEBUI_BAD_ANSWER({ server, route, problem: 'its compression is broken' })
  return connectionError(error, wire)
}

/** A server that had answered and cannot be reached any more is lost for the run. */
export function lostIfGone(error: PipelineError, link: Link): PipelineError {
  return error.code === 'SW_WEBUI_UNREACHABLE' && link.contacted ? serverLost(error) : error
}

export function refuseClosed(link: Link): void {
  if (link.closed) throw errors.SW_WEBUI_CLOSED({ server: link.server })
}
