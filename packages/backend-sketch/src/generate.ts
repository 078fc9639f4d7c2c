import {
  type CallContext,
  type CallResult,
  Hires,
  type Img2ImgRequest,
  Refiner,
  type RefinerSwitch,
  type StageImage,
  stageImage,
  type Sampling,
  type Txt2ImgRequest,
} from '@stagewright/core'
import { samplingOf } from '@stagewright/core/sampling'

import { workingBox } from './mask.js'
import { hiresPass, ofBatch, onEight, passOver, rendering, resizing } from './passes.js'
import { decode, decodeMask, encode } from './png.js'
import type { Pool } from './pool.js'
import { fractions } from './progress.js'
import { stepsRun } from './redraw.js'
import type { Raster } from './rendering.js'
import { cut, resampled, resampledMask, resize } from './resize.js'

/** A batch from nothing, with a second pass where the call carries `hires`. */
export async function txt2img(
  request: Txt2ImgRequest,
  ctx: CallContext,
  pool: Pool,
): Promise<CallResult> {
  const hires = Hires.from(ctx.contributions)
  const refiner = Refiner.from(ctx.contributions)
  const first =
    refiner !== undefined && (hires === undefined || refiner.refiner_pass !== 'second')
      ? refiner
      : undefined
  const second = refiner !== undefined && refiner.refiner_pass !== 'first' ? refiner : undefined
  const watches = fractions(ctx, request.batch_size, hires === undefined ? 1 : 2)
  const made = await Promise.all(
    Array.from({ length: request.batch_size }, async (_, i) => {
      const one = ofBatch(request, i)
      const settings = samplingOf(one)
      const [width, height] = [onEight(one.width), onEight(one.height)]
      const raster = await pool.run(
        'draw',
        rendering(one, width, height, one.steps, first),
        watches(i, 0),
      )
      if (hires === undefined) return { image: await picture(raster, settings) }
      const [before, over] = await Promise.all([
        picture(raster, settings),
        passOver(raster, hiresPass(one, hires), second, pool, watches(i, 1)),
      ])
      return { image: await picture(over, settings), before }
    }),
  )
  ctx.signal.throwIfAborted()
  ctx.progress(1)
  const images = made.map(({ image }) => image)
  return hires === undefined
    ? { images }
    : { images, before: { hires: made.flatMap(({ before }) => before ?? []) } }
}

/** Pictures redrawn, whole or behind a mask. */
export async function img2img(
  request: Img2ImgRequest,
  ctx: CallContext,
  pool: Pool,
): Promise<CallResult> {
  const refiner = Refiner.from(ctx.contributions)
  const count = Math.max(request.images.length, request.batch_size)
  const watches = fractions(ctx, count, 1)
  const images = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const source = request.images[i % request.images.length]!
      const one = ofBatch(request, i)
      const input = await decode(source)
      const raster =
        one.mask === undefined
          ? await passOver(input, one, refiner, pool, watches(i, 0))
          : await inpaint(input, one, one.mask, refiner, pool, watches(i, 0))
      return picture(raster, samplingOf(one), source)
    }),
  )
  ctx.signal.throwIfAborted()
  ctx.progress(1)
  return { images }
}

async function inpaint(
  input: Raster,
  request: Img2ImgRequest,
  given: StageImage,
  refiner: RefinerSwitch | undefined,
  pool: Pool,
  watch: ReturnType<ReturnType<typeof fractions>>,
): Promise<Raster> {
  const { fit, upscaler } = resizing(request)
  const steps = stepsRun(request.steps, request.denoising_strength, request.img2img_fix_steps)
  const [width, height] = [onEight(request.width), onEight(request.height)]
  const blur = request.mask_blur ?? 4
  const settings = rendering(request, width, height, steps, refiner)
  const shared = {
    settings,
    strength: request.denoising_strength,
    steps,
    fill: request.inpainting_fill ?? 1,
  }
  const invert = request.inpainting_mask_invert === 1
  const round = request.mask_round ?? true
  const full = await decodeMask(given)
  const whole = await resampledMask(full.data, full, input.width, input.height, 'stretch')
  if (request.inpaint_full_res !== true) {
    const started = await resize(input, width, height, upscaler, fit, pool, watch)
    const mask = await resampledMask(whole, input, width, height, fit)
    const soft = await pool.run('softMask', { mask, width, height, blur, invert, round }, watch)
    return pool.run('redraw', { ...shared, input: started, mask: soft.mask }, watch)
  }
  const soft = await pool.run(
    'softMask',
    { mask: whole, width: input.width, height: input.height, blur, invert, round },
    watch,
  )
  if (soft.box === undefined) return input
  const at = workingBox(
    soft.box,
    request.inpaint_full_res_padding ?? 32,
    input.width,
    input.height,
    width / height,
  )
  const [wide, high] = [at.x1 - at.x0, at.y1 - at.y0]
  const crop = await resize(await cut(input, at), width, height, upscaler, 'stretch', pool, watch)
  const part = await cutMask(soft.mask, input, at)
  const mask = await resampledMask(part, { width: wide, height: high }, width, height, 'stretch')
  const redrawn = await pool.run('redraw', { ...shared, input: crop, mask }, watch)
  const patch = await resampled(redrawn, wide, high, 'lanczos3')
  return pool.run('paste', { picture: input, patch, at, mask: soft.mask }, watch)
}

async function cutMask(
  mask: Uint8Array,
  { width }: Raster,
  at: { x0: number; y0: number; x1: number; y1: number },
): Promise<Uint8Array> {
  const wide = at.x1 - at.x0
  const out = new Uint8Array(wide * (at.y1 - at.y0))
  for (let y = at.y0; y < at.y1; y++)
    out.set(mask.subarray(y * width + at.x0, y * width + at.x1), (y - at.y0) * wide)
  return Promise.resolve(out)
}

async function picture(raster: Raster, settings: Sampling, from?: StageImage): Promise<StageImage> {
  return stageImage(await encode(raster), {
    seed: settings.seed,
    settings,
    ...(from === undefined ? {} : { lineage: from.lineage, name: from.name }),
  })
}
