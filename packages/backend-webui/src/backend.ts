import {
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

import { detail } from './calls/detail.js'
import { img2img, txt2img } from './calls/generate.js'
import { Job, type JobHost, type Loaded } from './calls/job.js'
import type { HandlerContext, WebuiHandler } from './calls/plugins.js'
import { settleCall } from './calls/settle.js'
import { SharedRead } from './calls/shared-read.js'
import { SharedSignals } from './calls/shared-signal.js'
import { twoPasses } from './calls/two-passes.js'
import { upscale } from './calls/upscale.js'
import { detect, type Server } from './dialects/detect.js'
import { remediesOf } from './dialects/support.js'
import { defaultLimits } from './http/limits.js'
import {
  capabilitiesOf,
  operationsOf,
  slotsOf,
  type WebuiCapabilities,
} from './inventory/capabilities.js'
import { readInventory } from './inventory/read.js'
import { unsupported } from './payload/encoding.js'
import type { Transport } from './transport.js'
import type { Calls, WebuiOptions } from './webui.js'

/** Turns the calls of a pipeline into requests over a transport, in the words of the server's dialect. */
export function backendOver(transport: Transport, options: Omit<WebuiOptions, 'url'>): Calls {
  const { handlers = [], slots = [], lenient = false, sizeMultiple } = options
  const loaded: Loaded = { model: '', others: [] }
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
      still: options.timeouts?.load ?? defaultLimits.load,
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
    const result = await (handler === undefined
      ? run(job, operation.name, request)
      : handler.handle(request, handlerContext(job)))
    const { known: told, measured } = job.loads
    return told ? { ...result, loads: measured } : result
  }

  return {
    describe: (signal) =>
      signal === undefined ? describe(undefined) : signals.during(signal, describe),
    settle: (callId, signal) =>
      signal === undefined
        ? settle(callId)
        : signals.during(signal, (shared) => settle(callId, shared)),
    call: (operation, request, ctx) =>
      signals.during(ctx.signal, (signal) => call(operation, request, { ...ctx, signal })),
  }
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
