import type { PipelineError } from '@stagewright/core/errors'

import type { Auth } from '../auth.js'
import { errors } from '../errors.js'
import type { Wire } from './connection-errors.js'

/** What came back, as far as it matters for refusing it. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Redacted, at most the beginning of a long text. */
  readonly text: string
}

export const gatewayStatuses: ReadonlySet<number> = new Set([502, 503, 504, 524])

/** The errors that are the wire's, whatever the dialect: credentials, routes, proxies, limits. `undefined` for those
 *  in which the server speaks of the request itself. */
export function wireRefusal(
  { status, headers, text }: Refusal,
  wire: Wire,
  { auth, sentBytes = 0 }: { readonly auth: Auth; readonly sentBytes?: number },
): PipelineError | undefined {
  const { server, route } = wire
  if (status >= 300 && status < 400) {
    const location = wire.redact(headers['location'] ?? 'nowhere').replace(/\/\/[^/@]*@/, '//')
    return errors.SW_WEBUI_REDIRECTED({ server, route, status, location })
  }
  if (status === 401) return errors.SW_WEBUI_UNAUTHORIZED({ server, route, given: auth.kind })
  if (status === 403) return errors.SW_WEBUI_FORBIDDEN({ server, route })
  if (status === 404 && isBareNotFound(text)) return errors.SW_WEBUI_NOT_FOUND({ server, route })
  if (status === 405) return errors.SW_WEBUI_METHOD({ server, route })
  if (status === 413) return errors.SW_WEBUI_UPLOAD_TOO_LARGE({ server, route, bytes: sentBytes })
  if (status === 429) return errors.SW_WEBUI_RATE_LIMITED({ server, route })
  if (gatewayStatuses.has(status))
    return errors.SW_WEBUI_GATEWAY({ server, route, status, outcome: '' })
  if (isHtml(headers, text)) return htmlError(status, text, wire)
  return undefined
}

export function htmlError(status: number, text: string, { server, route }: Wire): PipelineError {
  const title = /<title[^>]*>([^<]{0,120})/i.exec(text)?.[1]?.trim() ?? ''
  return errors.SW_WEBUI_HTML({ server, route, status, title })
}

export function isHtml(headers: Readonly<Record<string, string>>, text: string): boolean {
  return /^text\/html\b/i.test(headers['content-type'] ?? '') || /^\s*</.test(text)
}

/** What a server says of its error, in any of the dialects' shapes, in short (webui-api §9). */
export function said(text: string): string {
  const body = parsed(text)
  if (typeof body !== 'object' || body === null) return text.trim().slice(0, 300)
  const { errors: long, message, detail, error } = body as Record<string, unknown>
  const first = [long, message, detail, error].find((one) => one !== undefined && one !== '')
  return (typeof first === 'string' ? first : (JSON.stringify(first) ?? '')).slice(0, 300)
}

/** Whether an error's words tell of memory that ran out (CUDA, MPS, DirectML, ROCm). */
export function tellsOutOfMemory(text: string): boolean {
  return /out of ?memory|OutOfMemoryError|not enough (gpu |video )?memory|could not allocate tensor|std::bad_alloc/i.test(
    text,
  )
}

/** Whether an error's words tell of NaNs in the model or the VAE. */
export function tellsNaN(text: string): boolean {
  return /NansException|tensor with (all )?NaNs/i.test(text)
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** FastAPI's answer for a route it has not, and sd-server's; a 404 with other words is about the request. */
function isBareNotFound(text: string): boolean {
  if (text.trim() === '' || /^\s*</.test(text)) return true
  const body = parsed(text)
  if (body === undefined) return true
  return typeof body === 'object' && body !== null && 'detail' in body
    ? body.detail === 'Not Found'
    : !('error' in Object(body))
}
