import {
  errors,
  type ExtrasRequest,
  onGrid,
  readImageHeader,
  type StageImage,
} from '@stagewright/core'

import { unsupported } from '../payload/encoding.js'
import { encodePng } from '../resample/encode.js'
import { type Resampler, resamplers } from '../resample/kernels.js'
import { blended, type Part, resample } from '../resample/resample.js'
import { answerErrors } from '../result/errors.js'
import { type Pixels, pngPixels } from '../result/png-pixels.js'
import type { Job } from './job.js'

/** Gives any picture as an 8-bit RGB PNG. */
export type ToPicture = (bytes: Uint8Array) => Promise<{ readonly bytes: Uint8Array }>

/** Enlarges a picture here, without the server, to the size that its extras would give it. A crop is exact to the
 *  pixel, where theirs can have black edges.
 *  @returns an 8-bit RGB PNG
 *  @throws {PipelineError} SW_PREFLIGHT_UNKNOWN_NAME, SW_BACKEND_UNSUPPORTED, SW_WEBUI_PICTURE_UNREADABLE */
export async function enlargedHere(job: Job, request: ExtrasRequest): Promise<Uint8Array> {
  const { ctx, encoding, host } = job
  if (request.gfpgan_visibility > 0 || request.codeformer_visibility > 0)
    throw unsupported(encoding.dialect, 'GFPGAN and CodeFormer with where: client')
  const first = resamplerOf(request.upscaler_1, 'upscaler_1')
  const { upscaler_2: name, extras_upscaler_2_visibility: share } = request
  const second = name === undefined || share === 0 ? undefined : resamplerOf(name, 'upscaler_2')
  const picture = await pixelsOf(request.image, host.toPicture)
  const { size, part } = targetOf(request, picture)
  const made = (resampler: Resampler) => resample(picture, size, resampler, ctx.signal, part)
  const one = await made(first)
  const bytes = await encodePng(
    second === undefined ? one : blended(one, await made(second), share),
  )
  ctx.signal.throwIfAborted()
  return bytes
}

function resamplerOf(name: string, path: string): Resampler {
  const known = resamplers.find((one) => one === name)
  if (known === undefined)
    throw errors.SW_PREFLIGHT_UNKNOWN_NAME({
      path,
      name,
      kind: 'client_upscaler',
      known: resamplers,
    })
  return known
}

/** Servers send plain PNG, which is read here; what else there is needs a decoder. */
async function pixelsOf(image: StageImage, toPicture: ToPicture | undefined): Promise<Pixels> {
  const bytes = await image.bytes()
  const plain = await pixelsIn(bytes)
  if (plain !== undefined) return plain
  const read = toPicture === undefined ? undefined : await pixelsIn((await toPicture(bytes)).bytes)
  if (read !== undefined) return read
  const kind = readImageHeader(bytes)?.mediaType ?? 'of no known type'
  throw answerErrors.SW_WEBUI_PICTURE_UNREADABLE({ name: image.name ?? 'a picture', kind })
}

const pixelsIn = (bytes: Uint8Array) => pngPixels(bytes, { alpha: 'on white', most: 268e6 })

/** @source WebUI scripts/postprocessing_upscale.py, modules/upscaler.py: sides are floored to a multiple of 8, and
 *  without a crop the picture reaches the size on its longer way */
function targetOf(request: ExtrasRequest, { width, height }: Pixels) {
  const {
    upscaling_resize: factor = 2,
    upscaling_resize_w: w = width,
    upscaling_resize_h: h = height,
  } = request
  const cover = request.resize_mode === 0 ? factor : Math.max(w / width, h / height)
  if (request.resize_mode === 1 && request.upscaling_crop) {
    const [wide, high] = [w / cover, h / cover]
    const part: Part = {
      x: (width - wide) / 2,
      y: (height - high) / 2,
      width: wide,
      height: high,
    }
    return { size: { width: w, height: h }, part }
  }
  const side = (pixels: number) =>
    onGrid(Math.floor(pixels * cover), { multiple: 8, round: 'down' })
  return { size: { width: side(width), height: side(height) } }
}
