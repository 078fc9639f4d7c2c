import type { Preview } from '@stagewright/core'

/** What the dialects need of the wire: small JSON reads, and generating posts whose pictures come back as bytes. The
 *  HTTP client behind it owns retries, limits, auth, progress, cancel and the watchdog; dialects never see undici. */
export interface Transport {
  readonly baseUrl: string
  /** A read: retried with backoff and jitter. 404 gives `undefined` where `optional` is set.
   *  @throws {PipelineError} SW_WEBUI_… */
  get(path: string, options?: ReadOptions): Promise<JsonAnswer | undefined>
  /** A small post that generates nothing (`/png-info`, `/internal/progress`). */
  post(path: string, body: unknown, options?: ReadOptions): Promise<JsonAnswer | undefined>
  /** A post under the server's lock: one at a time, watched, cancellable, never blindly repeated. */
  generate(path: string, body: BodyPart, options: GenerateOptions): Promise<GenerateAnswer>
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
  readonly optional?: boolean
}

export interface JsonAnswer {
  readonly status: number
  readonly body: unknown
}

/** A JSON value in which a `Uint8Array` stands for its base64 text: uploads are written from bytes, in pieces. */
export type BodyPart =
  | string
  | number
  | boolean
  | Uint8Array
  /** `null` only among positional arguments. */
  | readonly (BodyPart | null)[]
  | { readonly [key: string]: BodyPart }

export interface GenerateOptions {
  readonly signal: AbortSignal
  /** Sent as `force_task_id`, where the dialect has it. */
  readonly taskId?: string | undefined
  /** How progress is read: by task id, from the global route, or not at all. `none` also where a route's progress
   *  does not move (extras read 1.0 all the time): the stall limit then does not apply. */
  readonly progress: 'task' | 'global' | 'none'
  /** Whether `POST /sdapi/v1/interrupt` cancels a running job. */
  readonly interrupt: boolean
  readonly onProgress: (fraction: number, detail: { readonly loading?: boolean }) => void
  /** Asks for pictures of how it looks by now, where progress is read by task id: only there are they surely ours. Each
   *  is told once. */
  readonly onPreview?: ((picture: Preview) => void) | undefined
  /** A model load is foreseen before the first step: the stall limit waits for that step. */
  readonly expectsLoad: boolean
  /** A model is also loaded between steps (refiner, hires checkpoint): the limit for loads stands in for the stall
   *  limit. */
  readonly loadsBetween?: boolean
  /** Turns an error answer into a typed error. The wire's own refusals (401, 403, a bare 404, 405, 413, 429, 5xx of
   *  proxies, web pages, redirects) do not come here. `body` is the parsed JSON, or undefined. */
  readonly onError: (status: number, body: unknown, text: string) => Error
}

/** The answer's small rest as JSON, and its pictures decoded in order. `null` stands for an entry that was null. */
export interface GenerateAnswer {
  readonly status: number
  readonly images: readonly (Uint8Array | null)[]
  /** Without `images`/`image`, and without what `parameters` echoes. */
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds from the end of the queue to the first step, to within half a poll; absent where nobody saw it, or it
   *  may have been in a queue that no poll saw. */
  readonly untilStep?: number | undefined
  /** What the transport had to do that is worth telling. */
  readonly warnings: readonly string[]
}
