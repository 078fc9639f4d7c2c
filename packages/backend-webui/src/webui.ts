import {
  type Backend,
  type CallContext,
  type CallResult,
  Detail,
  type DetailRequest,
  Hires,
  Img2Img,
  type Img2ImgRequest,
  type Operation,
  Refiner,
  stageImage,
  Txt2Img,
  type Txt2ImgRequest,
  Upscale,
  type UpscaleRequest,
} from '@stagewright/core'

import type { Credentials } from './auth.js'
import type { ToPicture } from './calls/client-upscale.js'
import { detail } from './calls/detail.js'
import { img2img, txt2img } from './calls/generate.js'
import { Job, type JobHost } from './calls/job.js'
import type { HandlerContext, WebuiHandler, WebuiSlot } from './calls/plugins.js'
import { settleCall } from './calls/settle.js'
import { SharedRead } from './calls/shared-read.js'
import { SharedSignals } from './calls/shared-signal.js'
import { twoPasses } from './calls/two-passes.js'
import { upscale } from './calls/upscale.js'
import { detect, type Server } from './dialects/detect.js'
import type { DialectName } from './dialects/dialect.js'
import { remediesOf } from './dialects/support.js'
import { httpTransport } from './http/http-transport.js'
import type { Limits } from './http/limits.js'
import {
  capabilitiesOf,
  operationsOf,
  slotsOf,
  type WebuiCapabilities,
} from './inventory/capabilities.js'
import { readInventory } from './inventory/read.js'
import { unsupported } from './payload/encoding.js'
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
  const { handlers = [], slots = [], lenient = false, sizeMultiple } = options
  checkMultiple(sizeMultiple)
  const loaded = { model: '' }
  const signals = new SharedSignals()
  const server = new SharedRead(async (signal) =>
    withMultiple(await detect(transport, options.dialect ?? 'auto', signal), sizeMultiple),
  )
  const inventory = new SharedRead(async (signal) => {
    const { dialect } = await server.get(signal)
    return readInventory(transport, dialect, signal)
  })

  const known = async (signal: AbortSignal | undefined, fresh: boolean) => {
    const has = await inventory.get(signal, fresh)
    return { server: await server.get(signal), inventory: has }
  }

  const describe = async (signal: AbortSignal | undefined): Promise<WebuiCapabilities> => {
    const { server: found, inventory: has } = await known(signal, true)
    return capabilitiesOf(found, has, {
      operations: handlers.map(({ operation }) => operation.name),
      slots: slots.map(({ slot }) => slot.name),
      lenient,
      address: transport.baseUrl,
      readsAny: options.toPicture !== undefined,
    })
  }

  const settle = async (callId: string, signal?: AbortSignal) => {
    const { dialect } = await server.get(signal)
    return settleCall(transport, dialect, callId, {
      signal,
      interval: options.pollInterval ?? 500,
    })
  }

  const call = async <R>(operation: Operation<R>, request: R, ctx: CallContext) => {
    const host: JobHost = {
      ...(await known(ctx.signal, false)),
      transport,
      slots,
      lenient,
      halveBatch: options.onOom === 'halve_batch',
      toPicture: options.toPicture,
      loaded,
    }
    const handler = handlers.find((one) => one.operation.name === operation.name)
    refuseUnknown(host, operation.name, handler, ctx)
    const job = new Job(host, ctx, operation.name, request)
    if (handler !== undefined) return handler.handle(request, handlerContext(job))
    return run(job, operation.name, request)
  }

  return {
    kind: 'webui',
    describe: (signal) =>
      signal === undefined ? describe(undefined) : signals.during(signal, describe),
    settle,
    call: (operation, request, ctx) =>
      signals.during(ctx.signal, (signal) => call(operation, request, { ...ctx, signal })),
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

function withMultiple(server: Server, multiple: number | undefined): Server {
  const { dialect } = server
  if (multiple === undefined) return server
  return { ...server, dialect: { ...dialect, grid: { ...dialect.grid, multiple } } }
}

function run(job: Job, operation: string, request: unknown): Promise<CallResult> {
  switch (operation) {
    case Txt2Img.name: {
      const pass = job.secondPassApart()
      return pass === undefined
        ? txt2img(job, request as Txt2ImgRequest)
        : twoPasses(job, request as Txt2ImgRequest, pass)
    }
    case Img2Img.name:
      return img2img(job, request as Img2ImgRequest)
    case Upscale.name:
      return upscale(job, request as UpscaleRequest)
    default:
      return detail(job, request as DetailRequest)
  }
}

/** @throws {PipelineError} SW_BACKEND_UNSUPPORTED with the dialect's remedy */
function refuseUnknown(
  { server, inventory, slots }: JobHost,
  operation: string,
  handler: WebuiHandler | undefined,
  { contributions }: CallContext,
): void {
  const { dialect } = server
  const remedies = remediesOf(dialect.name)
  if (handler === undefined && !operationsOf(server, inventory).includes(operation))
    throw unsupported(
      dialect,
      `the operation "${operation}"`,
      operations.has(operation) ? remedies[operation] : undefined,
    )
  const carried = new Set([...slotsOf(server), ...slots.map(({ slot }) => slot.name)])
  const core: Readonly<Record<string, readonly string[]>> = {
    [Hires.name]: Hires.on,
    [Refiner.name]: Refiner.on,
  }
  for (const { slot, on } of contributions) {
    if (!carried.has(slot)) throw unsupported(dialect, `the slot "${slot}"`, remedies[slot])
    if (!(core[slot] ?? on).includes(operation))
      throw unsupported(dialect, `the slot "${slot}" on ${operation}`)
  }
}

const operations = new Set([Txt2Img.name, Img2Img.name, Upscale.name, Detail.name])

function handlerContext(job: Job): HandlerContext {
  const { ctx, host } = job
  return {
    ...ctx,
    dialect: host.server.dialect.name,
    get: async (path) =>
      (await host.transport.get(path, { optional: true, signal: ctx.signal }))?.body,
    generate: async (path, payload) => {
      const answer = await job.post(path, payload, 'other')
      return { images: answer.images.filter((bytes) => bytes !== null), body: answer.body }
    },
    picture: stageImage,
  }
}
