import { isPipelineError } from '@stagewright/core/errors'

import { errors } from '../errors.js'
import type { JsonAnswer, ReadOptions } from '../transport.js'
import { htmlError, isHtml, said, wireRefusal } from './answer-errors.js'
import { OverLimit } from './answer-scanner.js'
import { pause } from './clock.js'
import { isPassing } from './connection-errors.js'
import { exchange, type Head } from './exchange.js'
import { asWireError, headersFor, type Link, lostIfGone, refuseClosed, wireOf } from './link.js'
import { orAborted } from './lock.js'

export interface Read {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
}

const tries = 3
const firstPause = 200
const longestRetryAfter = 60_000
const passingStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504, 524])

/** A read: repeated with backoff and jitter where its failure may pass. */
export async function read(
  link: Link,
  { method, path, body }: Read,
  options: ReadOptions = {},
): Promise<JsonAnswer | undefined> {
  for (let attempt = 1; ; attempt++) {
    const answer = await once(link, { method, path, body }, options.signal).catch(
      (error: unknown) => {
        if (attempt < tries && isPipelineError(error) && isPassing(error)) return undefined
        throw isPipelineError(error) ? lostIfGone(error, link) : error
      },
    )
    if (answer !== undefined) {
      if (attempt === tries || !passingStatuses.has(answer.head.status))
        return judged(link, { method, path, body }, answer, options)
    }
    await pause(link.clock, pauseBefore(attempt, answer?.head, link), options.signal)
    options.signal?.throwIfAborted()
  }
}

export interface Raw {
  readonly head: Head
  readonly text: string
}

/** One attempt, whatever its status.
 *  @throws {PipelineError} when no whole answer came */
export async function once(
  link: Link,
  { method, path, body }: Read,
  signal?: AbortSignal,
  milliseconds: number = link.limits.read,
): Promise<Raw> {
  refuseClosed(link)
  signal?.throwIfAborted()
  const wire = wireOf(link, method, path)
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body), 'utf8')
  const gathered = new Gatherer(link.limits.jsonBytes)
  const sent = exchange(
    link.reads,
    link.origin,
    {
      method,
      path: link.prefix + path,
      headers: headersFor(link, bytes),
      ...(bytes === undefined ? {} : { body: bytes }),
    },
    () => gathered,
  )
  const { server, route } = wire
  const timer = link.clock.setTimeout(
    () => sent.abandon(errors.SW_WEBUI_NO_ANSWER({ server, route, seconds: milliseconds / 1000 })),
    milliseconds,
  )
  try {
    const head = await (signal === undefined ? sent.done : orAborted(sent.done, signal))
    link.contacted = true
    return { head, text: link.auth.redact(gathered.text()) }
  } catch (error) {
    if (signal?.aborted === true) {
      sent.done.catch(() => {})
      sent.abandon(new Error('aborted'))
      throw signal.reason
    }
    refuseClosed(link)
    throw asWireError(error, wire)
  } finally {
    link.clock.clearTimeout(timer)
  }
}

/** Gathers a small body. */
export class Gatherer {
  readonly #most: number
  readonly #cut: boolean
  readonly #chunks: Buffer[] = []
  #length = 0

  /** With `cut`, what goes beyond is dropped; else it is an error. */
  constructor(most: number, { cut = false } = {}) {
    this.#most = most
    this.#cut = cut
  }

  push(chunk: Buffer): void {
    const room = this.#most - this.#length
    if (chunk.length > room && !this.#cut) throw new OverLimit('bytes', this.#most)
    if (room <= 0) return
    this.#chunks.push(Buffer.from(chunk.subarray(0, room)))
    this.#length += Math.min(chunk.length, room)
  }

  text(): string {
    return Buffer.concat(this.#chunks, this.#length).toString('utf8')
  }
}

function judged(
  link: Link,
  { method, path }: Read,
  { head: { status, headers }, text }: Raw,
  { optional = false }: ReadOptions,
): JsonAnswer | undefined {
  const wire = wireOf(link, method, path)
  const { server, route } = wire
  if (status === 404 && optional) return undefined
  const refusal = wireRefusal({ status, headers, text }, wire, link)
  if (refusal !== undefined) throw refusal
  if (status >= 400) throw errors.SW_WEBUI_STATUS({ server, route, status, said: said(text) })
  if (status === 204) return { status, body: undefined }
  if (text.trim() === '') throw errors.SW_WEBUI_EMPTY_ANSWER({ server, route })
  return { status, body: json(text, { status, headers }, wire) }
}

function json(text: string, { status, headers }: Head, wire: ReturnType<typeof wireOf>): unknown {
  const { server, route } = wire
  try {
    return JSON.parse(text)
  } catch {
    if (isHtml(headers, text)) throw htmlError(status, text, wire)
    if (isCut(text))
      throw errors.SW_WEBUI_TRUNCATED({ server, route, bytes: Buffer.byteLength(text) })
    const problem = `it is not JSON (${JSON.stringify(text.slice(0, 60))})`
    throw errors.SW_WEBUI_BAD_ANSWER({ server, route, problem })
  }
}

/** Whether it ends inside of a text or a bracket. */
function isCut(text: string): boolean {
  const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
  const count = (signs: RegExp) => bare.match(signs)?.length ?? 0
  return bare.includes('"') || count(/[[{]/g) > count(/[\]}]/g)
}

/** Doubling, with jitter between half and the whole; `Retry-After` where the server gives it. */
export function pauseBefore(attempt: number, head: Head | undefined, link: Link): number {
  const asked = retryAfter(head?.headers['retry-after'])
  if (asked !== undefined) return Math.min(asked, longestRetryAfter)
  return firstPause * 2 ** (attempt - 1) * (0.5 + link.random() / 2)
}

function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}
