import {
  type CallContext,
  type CallResult,
  errors,
  type ExtrasRequest,
  type SdUpscaleRequest,
  stageImage,
  type UpscaleRequest,
} from '@stagewright/core'

import { rendering, onEight } from './passes.js'
import { decode, encode } from './png.js'
import type { Pool } from './pool.js'
import { fractions } from './progress.js'
import { stepsRun } from './redraw.js'
import type { Raster } from './rendering.js'
import { cut, resize } from './resize.js'

/** One picture larger: resampled and sharpened, or redrawn tile by tile. */
export async function upscale(
  request: UpscaleRequest,
  ctx: CallContext,
  pool: Pool,
): Promise<CallResult> {
  const { image } = request
  const input = await decode(image)
  const output =
    request.mode === 'extras'
      ? await extras(input, request, ctx, pool)
      : await tiles(input, request, ctx, pool)
  ctx.signal.throwIfAborted()
  const { seed, settings, lineage, name } = image
  const made = stageImage(await encode(output), { seed, settings, lineage, name })
  ctx.progress(1)
  return { images: [made] }
}

async function extras(
  input: Raster,
  request: ExtrasRequest,
  ctx: CallContext,
  pool: Pool,
): Promise<Raster> {
  const watch = fractions(ctx, 1, 1)(0, 0)
  const { width, height, crop } = extrasTarget(input, request)
  const fit = crop ? 'crop' : 'stretch'
  const enlarged = (upscaler: string): Promise<Raster> => {
    if (upscaler === 'None' && (width !== input.width || height !== input.height))
      throw errors.SW_BACKEND_UNSUPPORTED({
        backend: 'sketch',
        what: `upscaling to ${width}x${height} with the upscaler "None"`,
      })
    return resize(input, width, height, upscaler, fit, pool, watch)
  }
  let output = await enlarged(request.upscaler_1)
  const visible = request.extras_upscaler_2_visibility
  if (request.upscaler_2 !== undefined && request.upscaler_2 !== 'None' && visible > 0)
    output = await pool.run(
      'blend',
      { a: output, b: await enlarged(request.upscaler_2), share: visible },
      watch,
    )
  const restored = Math.max(
    request.gfpgan_visibility,
    request.codeformer_visibility * (1 - request.codeformer_weight * 0.3),
  )
  return restored > 0 ? restoreFaces(output, restored, pool, watch) : output
}

/** Faces as a face restorer leaves them: the ones that are found, redrawn at `visibility`. */
async function restoreFaces(
  input: Raster,
  visibility: number,
  pool: Pool,
  watch: { signal: AbortSignal },
): Promise<Raster> {
  const found = await pool.run('detect', { picture: input, sort: 'face' }, watch)
  if (found.length === 0) return input
  const mended = await pool.run(
    'mend',
    {
      input,
      found,
      settings: rendering(plain, input.width, input.height, 60, undefined),
      strength: 1,
    },
    watch,
  )
  const patch = await pool.run('blend', { a: input, b: mended, share: visibility }, watch)
  const at = { x0: 0, y0: 0, x1: input.width, y1: input.height }
  return pool.run(
    'paste',
    { picture: input, patch, at, boxes: found.map(({ box }) => box), blur: 4 },
    watch,
  )
}

const plain = {
  prompt: '',
  negative_prompt: '',
  sampler_name: 'Restorer',
  scheduler: 'Automatic',
  steps: 60,
  cfg_scale: 7,
  width: 512,
  height: 512,
  seed: 0,
  subseed: 0,
  subseed_strength: 0,
}

/** @source WebUI modules/postprocessing upscale: by factor, or to a size, covering it when cropped */
function extrasTarget(
  { width, height }: Raster,
  request: ExtrasRequest,
): { width: number; height: number; crop: boolean } {
  const {
    upscaling_resize: factor = 1,
    upscaling_resize_w: w = width,
    upscaling_resize_h: h = height,
  } = request
  if (request.resize_mode === 0)
    return { width: onEight(width * factor), height: onEight(height * factor), crop: false }
  if (request.upscaling_crop) return { width: w, height: h, crop: true }
  // Without cropping the picture keeps its aspect and reaches the size on its longer way.
  const scale = Math.max(w / width, h / height)
  return { width: onEight(width * scale), height: onEight(height * scale), crop: false }
}

async function tiles(
  input: Raster,
  request: SdUpscaleRequest,
  ctx: CallContext,
  pool: Pool,
): Promise<Raster> {
  const [width, height] = [
    onEight(input.width * request.upscaling_resize),
    onEight(input.height * request.upscaling_resize),
  ]
  const steps = stepsRun(request.steps, request.denoising_strength, false)
  const overlap = request.tile_overlap
  const columns = starts(width, request.tile_width, overlap)
  const rows = starts(height, request.tile_height, overlap)
  const watches = fractions(ctx, columns.length * rows.length, 1)
  let picture = await resize(input, width, height, request.upscaler_1, 'stretch', pool, {
    signal: ctx.signal,
  })
  for (const [r, y0] of rows.entries())
    for (const [c, x0] of columns.entries()) {
      const watch = watches(r * columns.length + c, 0)
      const at = {
        x0,
        y0,
        x1: Math.min(width, x0 + request.tile_width),
        y1: Math.min(height, y0 + request.tile_height),
      }
      const part = await cut(picture, at)
      const settings = rendering(request, part.width, part.height, steps, undefined)
      const patch = await pool.run(
        'redraw',
        { input: part, settings, strength: request.denoising_strength, steps },
        watch,
      )
      picture = await pool.run(
        'tile',
        { picture, patch, at, overlap: Math.floor(overlap / 2) },
        { signal: ctx.signal },
      )
    }
  return picture
}

/** Where tiles begin along one side: evenly, overlapping by at least `overlap`. */
function starts(length: number, tile: number, overlap: number): number[] {
  if (length <= tile) return [0]
  const count = Math.ceil((length - overlap) / Math.max(8, tile - overlap))
  return Array.from({ length: count }, (_, i) => Math.floor(((length - tile) * i) / (count - 1)))
}
