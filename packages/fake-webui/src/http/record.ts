import type { IncomingHttpHeaders } from 'node:http'

import type { Ignored } from './exchange.js'

/** A request as it was recorded. */
export interface RecordedRequest {
  readonly id: number
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Without `authorization` and `cookie`, whose values are `<redacted>`. */
  readonly headers: IncomingHttpHeaders
  /** Parsed JSON, or the text when it was none. */
  readonly body: unknown
  /** Status of the reply; undefined while there is none, or where the connection was dropped. */
  readonly status: number | undefined
  /** Kinds of the faults that hit it. */
  readonly faults: readonly string[]
}

export interface IgnoredRequest {
  readonly id: number
  readonly path: string
  readonly fields: readonly Ignored[]
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export function redacted(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const copy = { ...headers }
  for (const name of ['authorization', 'cookie'] as const)
    if (copy[name] !== undefined) copy[name] = '<redacted>'
  return copy
}
