import type { Backend } from '@stagewright/core'

import type { Credentials } from './auth.js'
import type { ToPicture } from './calls/client-upscale.js'
import type { WebuiHandler, WebuiSlot } from './calls/plugins.js'
import type { DialectName } from './dialects/dialect.js'
import { httpTransport } from './http/http-transport.js'
import type { Limits } from './http/limits.js'
import type { WebuiCapabilities } from './inventory/capabilities.js'
import type { Transport } from './transport.js'

export interface WebuiOptions {
  /** Address of the server: `http://127.0.0.1:7860`. A path is kept as a prefix. */
  readonly url: string
  /** Which kind of server it is. Default `auto`: told from its API. */
  readonly dialect?: 'auto' | DialectName
  /** Take it from the environment; it is shown nowhere. */
  readonly auth?: Credentials | undefined
  /** For operations of plugins. */
  readonly handlers?: readonly WebuiHandler[]
  /** For slots of plugins. */
  readonly slots?: readonly WebuiSlot[]
  /** Sends what the server does not know all the same, and warns. */
  readonly lenient?: boolean
  /** How long to wait, in milliseconds. */
  readonly timeouts?: Partial<Pick<Limits, Timeout>>
  /** How much to take of an answer. */
  readonly limits?: Partial<Omit<Limits, Timeout>>
  /** Milliseconds between two looks at a call's progress. Default 500. */
  readonly pollInterval?: number
  /** Makes a batch in halves when the server runs out of memory, with the same seeds. Default: it fails. */
  readonly onOom?: 'halve_batch'
  /** Reads JPEG, WebP and unusual PNG for `where: client` in `upscale`: `toPicture` of `@stagewright/image-files`.
   *  Default: plain 8-bit PNG alone is read. */
  readonly toPicture?: ToPicture
  /** What the model rounds sizes to, where it is not what the kind of server usually does (8 pixels; on sd-server 64,
   *  which models other than UNets lower to 8, 16 or 32): no server tells it. 8–256, a multiple of 8. */
  readonly sizeMultiple?: number | undefined
}

type Timeout = 'connect' | 'read' | 'stall' | 'load' | 'total' | 'cancel'

/** A backend on a WebUI server, which also tells what kind of server it is. */
export interface WebuiBackend extends Backend, AsyncDisposable {
  readonly kind: 'webui'
  describe(signal?: AbortSignal): Promise<WebuiCapabilities>
  [Symbol.asyncDispose](): Promise<void>
}

/** What stands between the calls of a pipeline and the requests to a server. */
export type Calls = Required<Pick<WebuiBackend, 'describe' | 'settle' | 'call'>>

/** The backend for Stable Diffusion servers over `/sdapi/v1`: AUTOMATIC1111, Forge, reForge, SD.Next and
 *  stable-diffusion.cpp's sd-server.
 *  @throws {PipelineError} SW_WEBUI_BASE_URL, SW_WEBUI_CREDENTIALS at once; SW_WEBUI_… from `describe` and `call` */
export function webui(options: WebuiOptions): WebuiBackend {
  const { url, auth, pollInterval } = options
  const transport = httpTransport({
    baseUrl: url,
    auth,
    limits: { ...options.timeouts, ...options.limits },
    pollInterval,
  })
  return overTransport(transport, options)
}

/** The same over a transport that is there already. */
export function overTransport(
  transport: Transport & Partial<AsyncDisposable>,
  options: Omit<WebuiOptions, 'url'>,
): WebuiBackend {
  checkMultiple(options.sizeMultiple)
  let loading: Promise<Calls> | undefined
  // With the first call, and not with this module: whoever needs the transport alone does without most of core.
  const backend = () => {
    loading ??= import('./backend.js').then(({ backendOver }) => backendOver(transport, options))
    return loading
  }
  return {
    kind: 'webui',
    describe: async (signal) => (await backend()).describe(signal),
    settle: async (callId, signal) => (await backend()).settle(callId, signal),
    call: async (operation, request, ctx) => (await backend()).call(operation, request, ctx),
    [Symbol.asyncDispose]: async () => {
      await transport[Symbol.asyncDispose]?.()
    },
  }
}

function checkMultiple(multiple: number | undefined): void {
  if (multiple === undefined) return
  if (!Number.isInteger(multiple / 8) || multiple < 8 || multiple > 256)
    throw new TypeError(`sizeMultiple is ${multiple}, and must be a multiple of 8 from 8 to 256`)
}
