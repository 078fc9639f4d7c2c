import {
  type CallContext,
  type CallResult,
  type DetailRequest,
  stageImage,
} from '@stagewright/core'

import { type Found, sortOf } from './detect.js'
import { type Box, workingBox } from './mask.js'
import { onEight, rendering } from './passes.js'
import { decode, encode } from './png.js'
import type { Pool, Watch } from './pool.js'
import { fractions } from './progress.js'
import type { Raster } from './rendering.js'
import { cut, resampled } from './resize.js'

/** One unit on one picture: looks for faces, hands or persons in the pixels, redraws what it found and nothing else. */
export async function detail(
  request: DetailRequest,
  ctx: CallContext,
  pool: Pool,
): Promise<CallResult> {
  const { image } = request
  const sort = sortOf(request.ad_model)
  const watch = fractions(ctx, 1, 1)(0, 0)
  const unchanged = (): CallResult => {
    ctx.progress(1)
    return { images: [image], unchanged: true }
  }
  if (sort === undefined) return unchanged()
  const input = await decode(image)
  const all = await pool.run('detect', { picture: input, sort }, watch)
  const chosen = choose(all, request, input)
  if (chosen.length === 0) return unchanged()
  // A person's face and hands are redrawn with it.
  const parts =
    sort === 'person'
      ? await Promise.all(
          (['face', 'hand'] as const).map((one) =>
            pool.run('detect', { picture: input, sort: one }, watch),
          ),
        )
      : [all]
  let output = input
  for (const group of grouped(chosen, request))
    output = await mendGroup(output, group, parts.flat(), request, pool, watch)
  ctx.signal.throwIfAborted()
  if (same(output.data, input.data)) return unchanged()
  const { seed, settings, lineage, name } = image
  const made = stageImage(await encode(output), { seed, settings, lineage, name })
  ctx.progress(1)
  return { images: [made], unchanged: false }
}

/** What is sure enough, of a fitting size, and among the first k; each box moved and grown as asked.
 *  @source ADetailer adetailer/mask.py: filter_by_ratio, filter_k_largest, offset, dilate_erode */
function choose(all: readonly Found[], request: DetailRequest, { width, height }: Raster): Box[] {
  const ratio = ({ box }: Found) => ((box.x1 - box.x0) * (box.y1 - box.y0)) / (width * height)
  const fitting = all.filter(
    (one) =>
      one.confidence >= request.ad_confidence &&
      ratio(one) >= request.ad_mask_min_ratio &&
      ratio(one) <= request.ad_mask_max_ratio,
  )
  const order =
    request.ad_mask_filter_method === 'Confidence' ? (one: Found) => one.confidence : ratio
  const kept =
    request.ad_mask_k > 0
      ? new Set(fitting.toSorted((a, b) => order(b) - order(a)).slice(0, request.ad_mask_k))
      : new Set(fitting)
  const grow = Math.trunc(request.ad_dilate_erode / 2)
  return fitting
    .filter((one) => kept.has(one))
    .map(({ box }) => ({
      x0: Math.max(0, box.x0 - grow + request.ad_x_offset),
      y0: Math.max(0, box.y0 - grow - request.ad_y_offset),
      x1: Math.min(width, box.x1 + grow + request.ad_x_offset),
      y1: Math.min(height, box.y1 + grow - request.ad_y_offset),
    }))
    .filter((box) => box.x1 > box.x0 && box.y1 > box.y0)
}

interface Group {
  readonly boxes: readonly Box[]
  readonly invert: boolean
}

function grouped(boxes: readonly Box[], request: DetailRequest): Group[] {
  if (request.ad_mask_merge_invert === 'None')
    return boxes.map((box) => ({ boxes: [box], invert: false }))
  return [{ boxes, invert: request.ad_mask_merge_invert === 'Merge and Invert' }]
}

async function mendGroup(
  picture: Raster,
  { boxes, invert }: Group,
  all: readonly Found[],
  request: DetailRequest,
  pool: Pool,
  watch: Watch,
): Promise<Raster> {
  const whole: Box = { x0: 0, y0: 0, x1: picture.width, y1: picture.height }
  const [width, height] = [onEight(request.width), onEight(request.height)]
  const union = boxes.reduce((a, b) => ({
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  }))
  const at =
    request.ad_inpaint_only_masked && !invert
      ? workingBox(
          union,
          request.ad_inpaint_only_masked_padding,
          picture.width,
          picture.height,
          width / height,
        )
      : whole
  const [kx, ky] = [width / (at.x1 - at.x0), height / (at.y1 - at.y0)]
  const input = await resampled(await cut(picture, at), width, height, 'lanczos3')
  // Thumbs point to the middle of what was found, or of the picture.
  const middle =
    all.length > 1 ? all.reduce((sum, { fit }) => sum + fit.x, 0) / all.length : picture.width / 2
  const found: Found[] = all
    .filter(({ fit }) => fit.x > at.x0 && fit.x < at.x1 && fit.y > at.y0 && fit.y < at.y1)
    .map((one) => ({
      ...one,
      flip: one.fit.x < middle ? -1 : 1,
      fit: { x: (one.fit.x - at.x0) * kx, y: (one.fit.y - at.y0) * ky, size: one.fit.size * kx },
    }))
  const prompt = request.ad_prompt || request.prompt
  const settings = rendering(
    {
      ...request,
      prompt,
      negative_prompt: request.ad_negative_prompt || request.negative_prompt,
      restore_faces: request.ad_restore_face,
    },
    width,
    height,
    request.steps,
    undefined,
  )
  const mended = await pool.run(
    'mend',
    { input, found, settings, strength: request.ad_denoising_strength },
    watch,
  )
  const patch = await resampled(mended, at.x1 - at.x0, at.y1 - at.y0, 'lanczos3')
  return pool.run('paste', { picture, patch, at, boxes, invert, blur: request.ad_mask_blur }, watch)
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
