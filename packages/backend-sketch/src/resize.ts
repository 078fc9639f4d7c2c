import sharp, { type KernelEnum, type Sharp } from 'sharp'

import type { Box } from './mask.js'
import type { Pool, Watch } from './pool.js'
import type { Raster } from './rendering.js'

/** How a picture comes to another aspect: stretched, covering and cropped, or inside with its edge drawn out. */
export type Fit = 'stretch' | 'crop' | 'fill'

/** Resizes with the upscaler of that name where the picture grows, with Lanczos where it shrinks.
 *  `Nearest`, `Bilinear`, `Bicubic` and `Lanczos` are those kernels and nothing else; latent ones are soft; any other name
 *  is Lanczos with edges sharpened in its own manner. */
export async function resize(
  input: Raster,
  width: number,
  height: number,
  upscaler: string,
  fit: Fit,
  pool: Pool,
  watch: Watch,
): Promise<Raster> {
  if (input.width === width && input.height === height) return input
  const grows = width > input.width || height > input.height
  const name = upscaler.toLowerCase()
  const out = await resampled(input, width, height, grows ? kernelOf(name) : 'lanczos3', fit)
  watch.signal.throwIfAborted()
  const plain =
    !grows || ['', 'none', ...plainUpscalers].includes(name) || name.startsWith('latent')
  const scale = Math.max(width / input.width, height / input.height)
  return plain ? out : pool.run('enhance', { input: out, upscaler, scale }, watch)
}

const plainUpscalers = ['nearest', 'bilinear', 'bicubic', 'lanczos']

/** Resamples with one kernel. */
export async function resampled(
  input: Raster,
  width: number,
  height: number,
  kernel: keyof KernelEnum,
  fit: Fit = 'stretch',
): Promise<Raster> {
  const image = raw(input)
  if (fit === 'fill') {
    const scale = Math.min(width / input.width, height / input.height)
    const [w, h] = [
      Math.max(1, Math.min(width, Math.round(input.width * scale))),
      Math.max(1, Math.min(height, Math.round(input.height * scale))),
    ]
    const inner = await pixels(image.resize(w, h, { fit: 'fill', kernel }), w, h)
    const [left, top] = [Math.floor((width - w) / 2), Math.floor((height - h) / 2)]
    return pixels(
      raw(inner).extend({
        left,
        top,
        right: width - w - left,
        bottom: height - h - top,
        extendWith: 'copy',
      }),
      width,
      height,
    )
  }
  return pixels(
    image.resize(width, height, {
      fit: fit === 'crop' ? 'cover' : 'fill',
      position: 'centre',
      kernel,
    }),
    width,
    height,
  )
}

/** Cuts a box out. */
export async function cut(input: Raster, { x0, y0, x1, y1 }: Box): Promise<Raster> {
  return pixels(
    raw(input).extract({ left: x0, top: y0, width: x1 - x0, height: y1 - y0 }),
    x1 - x0,
    y1 - y0,
  )
}

/** Grey levels as a picture and back, so that masks go the same way as pictures. */
export async function resampledMask(
  mask: Uint8Array,
  from: { width: number; height: number },
  width: number,
  height: number,
  fit: Fit,
): Promise<Uint8Array> {
  if (from.width === width && from.height === height) return mask
  const data = new Uint8Array(mask.length * 3)
  for (let i = 0; i < mask.length; i++) data.fill(mask[i]!, i * 3, i * 3 + 3)
  const out = await resampled({ ...from, data }, width, height, 'linear', fit)
  return Uint8Array.from({ length: width * height }, (_, i) => out.data[i * 3]!)
}

function kernelOf(upscaler: string): keyof KernelEnum {
  if (upscaler === 'nearest') return 'nearest'
  if (upscaler.startsWith('latent (nearest')) return 'nearest'
  if (upscaler === 'bicubic' || upscaler.startsWith('latent (bicubic')) return 'cubic'
  return upscaler === 'bilinear' || upscaler.startsWith('latent') ? 'linear' : 'lanczos3'
}

function raw({ width, height, data }: Raster): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
}

async function pixels(image: Sharp, width: number, height: number): Promise<Raster> {
  const data = await image.raw().toBuffer()
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}
