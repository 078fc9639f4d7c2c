/* oxlint-disable typescript/no-explicit-any -- variance: a handler of any request must be a WebuiHandler */
import type {
  CallContext,
  CallResult,
  Operation,
  Slot,
  StageImageInit,
  StageImage,
} from '@stagewright/core'

import type { DialectName, Payload } from '../dialects/dialect.js'

/** What a plugin's handler works with: the server's lock, watchdog and errors are around its calls. */
export interface HandlerContext extends CallContext {
  readonly dialect: DialectName
  /** What the server answers to a read; undefined where it has no such route. */
  get(path: string): Promise<unknown>
  /** A generating post: one at a time, watched, cancellable. Pictures come as bytes; `body` is the rest. */
  generate(
    path: string,
    payload: Payload,
  ): Promise<{
    readonly images: readonly Uint8Array[]
    readonly body: Readonly<Record<string, unknown>>
  }>
  /** Makes a picture of encoded bytes. */
  picture(bytes: Uint8Array, init?: StageImageInit): StageImage
}

/** Does a plugin's own operation on a WebUI server. */
export interface WebuiHandler<R = any> {
  readonly operation: Operation<R>
  handle(request: R, ctx: HandlerContext): Promise<CallResult>
}

/** Says how a plugin's slot goes into a payload: what is given back is laid over it, `alwayson_scripts` and
 *  `override_settings` key by key; bytes are sent as base64. */
export interface WebuiSlot<V = any> {
  readonly slot: Slot<V>
  encode(
    value: V,
    call: {
      readonly operation: string
      readonly dialect: DialectName
      readonly payload: Payload
      readonly request: unknown
    },
  ): Payload | Promise<Payload>
}

/** Types a handler by its operation. */
export function webuiHandler<R>(
  operation: Operation<R>,
  handle: WebuiHandler<R>['handle'],
): WebuiHandler<R> {
  return Object.freeze({ operation, handle })
}

/** Types an encoder by its slot. */
export function webuiSlot<V>(slot: Slot<V>, encode: WebuiSlot<V>['encode']): WebuiSlot<V> {
  return Object.freeze({ slot, encode })
}
