import {
  type Backend,
  type CallContext,
  type CallResult,
  type Capabilities,
  Detail,
  type DetailRequest,
  errors,
  Hires,
  Img2Img,
  type Img2ImgRequest,
  type Operation,
  Refiner,
  Txt2Img,
  type Txt2ImgRequest,
  Upscale,
  type UpscaleRequest,
} from '@stagewright/core'

import { detail } from './detail.js'
import { img2img, txt2img } from './generate.js'
import { type Pool, pool } from './pool.js'
import { upscale } from './upscale.js'

export interface SketchOptions {
  /** Threads that draw. Default: 2, or 1 on a machine with one core. */
  readonly workers?: number
}

/** The embedded backend: draws pictures where there is no server. It does not diffuse.
 *  Deterministic: the same request gives the same pixels. Any name of a model, sampler, upscaler or detector is known.
 *  @unit  sizes are floored to a multiple of 8 pixels
 *  @throws {PipelineError} SW_BACKEND_UNSUPPORTED from `call` for an operation or slot it does not have */
export function sketch(
  options: SketchOptions = {},
): Backend & { [Symbol.asyncDispose](): Promise<void> } {
  const threads = pool(options.workers)
  return {
    kind: 'sketch',
    describe: () => Promise.resolve(capabilities),
    call: async <R>(operation: Operation<R>, request: R, ctx: CallContext): Promise<CallResult> => {
      ctx.signal.throwIfAborted()
      const run = operations[operation.name]
      if (run === undefined)
        throw errors.SW_BACKEND_UNSUPPORTED({
          backend: 'sketch',
          what: `the operation "${operation.name}"`,
        })
      for (const { slot, on } of ctx.contributions)
        if (!capabilities.slots.includes(slot) || !on.includes(operation.name))
          throw errors.SW_BACKEND_UNSUPPORTED({
            backend: 'sketch',
            what: `the slot "${slot}" on ${operation.name}`,
          })
      return run(request, ctx, threads)
    },
    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  }
}

type Run = (request: unknown, ctx: CallContext, threads: Pool) => Promise<CallResult>

const operations: Readonly<Record<string, Run>> = {
  [Txt2Img.name]: (request, ctx, threads) => txt2img(request as Txt2ImgRequest, ctx, threads),
  [Img2Img.name]: (request, ctx, threads) => img2img(request as Img2ImgRequest, ctx, threads),
  [Upscale.name]: (request, ctx, threads) => upscale(request as UpscaleRequest, ctx, threads),
  [Detail.name]: (request, ctx, threads) => detail(request as DetailRequest, ctx, threads),
}

const kinds = [
  'model',
  'vae',
  'module',
  'lora',
  'embedding',
  'style',
  'sampler',
  'scheduler',
  'hires_upscaler',
  'upscaler',
  'face_restorer',
  'detector',
  'script',
  'option',
  'field',
  'controlnet_model',
  'controlnet_module',
] as const

const capabilities: Capabilities = Object.freeze({
  operations: Object.freeze(Object.keys(operations)),
  slots: Object.freeze([Hires.name, Refiner.name]),
  grid: Object.freeze({ multiple: 8, round: 'down' as const }),
  resources: Object.freeze({
    ...Object.fromEntries(kinds.map((kind) => [kind, 'any' as const])),
    client_upscaler: Object.freeze(['Lanczos', 'Bicubic', 'Bilinear', 'Nearest']),
  }),
  exact: Object.freeze(['client_upscaler']),
  current: Object.freeze({ model: 'sketch' }),
})
