import type { Sharp } from 'sharp'

import type { Background } from './limits.js'

export interface Normalised {
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
}

export interface NormalisedMask extends Normalised {
  /** The share that it covers, grey counted as part: the mean of its values over 255. */
  readonly coverage: number
}

const white: Background = { r: 255, g: 255, b: 255 }

/** A picture as every backend understands it: 8-bit sRGB RGB as PNG, its EXIF orientation applied, transparency laid
 *  on `background`, metadata gone. */
export async function toPicture(
  bytes: Uint8Array,
  options: { readonly background?: Background; readonly maxPixels?: number } = {},
): Promise<Normalised> {
  const picture = await open(bytes, options.maxPixels)
  // `pipelineColourspace` stays sRGB: 16-bit and grey sources are brought to 8-bit RGB here, once.
  const { data, info } = await picture
    .rotate()
    .flatten({ background: options.background ?? white })
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const rgb = info.channels === 3 ? data : greyToRgb(data, info.channels)
  return encode(rgb, info.width, info.height, 3)
}

/** A mask: 8-bit grey as PNG, of the oriented picture's size. Its values are the alpha where there is real
 *  transparency, else the luminance. White is what the mask covers. */
export async function toMask(
  bytes: Uint8Array,
  options: { readonly maxPixels?: number } = {},
): Promise<NormalisedMask> {
  const picture = await open(bytes, options.maxPixels)
  const { data, info } = await picture
    .rotate()
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const grey = greyOf(data, info.channels)
  const coverage = grey.reduce((sum, value) => sum + value, 0) / (255 * grey.length)
  return { ...(await encode(grey, info.width, info.height, 1)), coverage }
}

async function open(bytes: Uint8Array, maxPixels: number | undefined): Promise<Sharp> {
  const { default: sharp } = await import('sharp')
  return sharp(bytes, { limitInputPixels: maxPixels ?? true, failOn: 'error' })
}

async function encode(
  data: Buffer,
  width: number,
  height: number,
  channels: 1 | 3,
): Promise<Normalised> {
  const { default: sharp } = await import('sharp')
  const picture = sharp(data, { raw: { width, height, channels }, limitInputPixels: false })
  // A one-channel PNG is written only where the colour space says so.
  const space = channels === 1 ? picture.toColourspace('b-w') : picture
  return { bytes: await space.png({ compressionLevel: 6 }).toBuffer(), width, height }
}

function greyToRgb(data: Buffer, channels: number): Buffer {
  const count = data.length / channels
  const rgb = Buffer.alloc(count * 3)
  for (let i = 0; i < count; i++) rgb.fill(data[i * channels] as number, i * 3, i * 3 + 3)
  return rgb
}

/** Rec. 709 luma, in integers: exact for grey, so a mask that is read again stays as it is. */
function greyOf(data: Buffer, channels: number): Buffer {
  const count = data.length / channels
  const grey = Buffer.alloc(count)
  const alpha = channels - 1
  let transparent = false
  for (let i = alpha; i < data.length && !transparent; i += channels) transparent = data[i] !== 255
  for (let i = 0; i < count; i++) {
    const at = i * channels
    const [r, g, b] = [data[at] as number, data[at + 1] as number, data[at + 2] as number]
    grey[i] = transparent
      ? (data[at + alpha] as number)
      : channels < 3
        ? r
        : (r * 13933 + g * 46871 + b * 4732 + 32768) >> 16
  }
  return grey
}
