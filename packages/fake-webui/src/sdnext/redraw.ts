import type { Txt2ImgRequest } from '@stagewright/core'

import type { Exchange } from '../http/exchange.js'
import { drawing, redrawing } from '../jobs/draw.js'
import type { Job } from '../jobs/job.js'
import { ceilTo, floorTo, type Size } from '../jobs/size.js'
import type { Values } from '../jobs/values.js'
import type { RedrawRequest } from '../pictures/painter.js'

/** Fields that stand in the schema and are read by nothing, or by an option of another name.
 *  Source: SD.Next modules/processing_class.py, processing_args.py, processing_helpers.py */
const inert: Readonly<Record<string, string>> = {
  eta: 'the option scheduler_eta decides',
  subseed_strength: 'noise comes of the seed alone',
  seed_resize_from_w: 'noise has the size of the picture',
  seed_resize_from_h: 'noise has the size of the picture',
  initial_noise_multiplier: 'noise is never scaled',
  inpainting_fill: 'what is under the mask is always kept',
}

/** What each means anyway, so that it is not missed. */
const meantAnyway: Readonly<Record<string, readonly unknown[]>> = {
  subseed_strength: [0],
  seed_resize_from_w: [-1, 0],
  seed_resize_from_h: [-1, 0],
  initial_noise_multiplier: [1],
  inpainting_fill: [1],
}

/** Notes the fields of a request that change nothing here. */
export function noteInert(exchange: Exchange, values: Values): void {
  const { body } = exchange
  if (typeof body !== 'object' || body === null) return
  for (const [name, why] of Object.entries(inert))
    if (
      Object.hasOwn(body, name) &&
      values[name] !== null &&
      meantAnyway[name]?.includes(values[name]) !== true
    )
      exchange.ignore(name, why)
  if (values.init_images === undefined || values.resize_mode !== 0) return
  const onlyMasked = values.mask !== null && values.inpaint_full_res
  if (!onlyMasked)
    for (const name of ['width', 'height'])
      if (Object.hasOwn(body, name)) exchange.ignore(name, 'acts only with a resize_mode above 0')
}

/** As the fields say, without what is inert; noise of a seed 0 is random. */
export function drawingOf(job: Job, from: number, count: number, steps: number): Txt2ImgRequest {
  return { ...drawing(job, from, count, steps), ...noiseOf(job, from) }
}

function noiseOf({ seeds }: Job, from: number): Pick<Txt2ImgRequest, 'seed' | 'subseed_strength'> {
  return {
    seed: seeds[from] || 1 + Math.floor(Math.random() * 4294967293),
    subseed_strength: 0,
  }
}

/** Whether a seed 0 among several, which is taken for none, leaves the batch without one for each picture.
 *  Source: SD.Next modules/processing_helpers.py: get_generator */
export function losesSeed({ exchange, seeds }: Job, from: number, count: number): boolean {
  if (!seeds.slice(from, from + count).includes(0)) return false
  exchange.ignore('seed', '0 is taken for none')
  return count > 1
}

/** As `drawingOf`, for a redrawing: `resize_mode` counts from "none", which keeps the picture's own size, and the
 *  upscaler is a field. Source: SD.Next modules/image/resize.py */
export function redrawingOf(job: Job, from: number, count: number, steps: number): RedrawRequest {
  const { values } = job
  const { upscaler_for_img2img: _option, ...request } = redrawing(job, from, count, steps)
  const upscaler = values['resize_name']
  const resizes = values.resize_mode > 0
  return {
    ...request,
    ...sizeOf(job),
    ...noiseOf(job, from),
    inpainting_fill: 1,
    // "Outpaint" and "context aware" are drawn as "fill".
    resize_mode: Math.min(2, Math.max(0, values.resize_mode - 1)),
    ...(resizes && typeof upscaler === 'string' && upscaler !== 'None'
      ? { upscaler_for_img2img: upscaler.startsWith('Latent') ? 'Latent' : upscaler }
      : {}),
  }
}

/** The size of an img2img pass: the picture's own, rounded up, where nothing resizes it. */
export function sizeOf({ values, inputs, mask, width, height }: Job): Size {
  const [first] = inputs
  const crops = mask !== undefined && values.inpaint_full_res
  if (first === undefined || crops || values.resize_mode > 0)
    return { width: floorTo(width, 8), height: floorTo(height, 8) }
  return { width: ceilTo(first.width, 8), height: ceilTo(first.height, 8) }
}

/** Steps are made more by the denoising strength, so that as many as asked for are executed.
 *  Source: SD.Next modules/processing_helpers.py: calculate_base_steps; diffusers: get_timesteps */
export function img2imgSteps({ steps, values }: Job): number {
  const strength = Math.min(1, values.denoising_strength)
  if (strength <= 0) return 0
  const total = Math.max(1, Math.floor(steps / strength) + 1)
  return Math.min(total, Math.trunc(total * strength))
}
