import { errors, type StageImage } from '@stagewright/core'
import sharp from 'sharp'

import type { Raster } from './rendering.js'

/** What every picture of this backend says of itself. */
export const software = 'Stagewright sketch: a drawing, not a diffusion model'

/** An 8-bit RGB PNG whose `Software` text says what made it. The same pixels give the same bytes. */
export async function encode({ width, height, data }: Raster): Promise<Uint8Array> {
  const png = await sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .png({ compressionLevel: 3, adaptiveFiltering: false, palette: false })
    .toBuffer()
  const afterHeader = 33 // signature 8, IHDR 25
  return Buffer.concat([
    png.subarray(0, afterHeader),
    text('Software', software),
    png.subarray(afterHeader),
  ])
}

/** The pixels of a picture: upright, 8-bit sRGB, transparency laid on white.
 *  @throws {PipelineError} SW_IMAGE_NOT_READABLE */
export async function decode(image: Pick<StageImage, 'bytes' | 'name'>): Promise<Raster> {
  const bytes = await image.bytes()
  try {
    const { data, info } = await sharp(bytes)
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return { width: info.width, height: info.height, data: asRgb(data, info.channels) }
  } catch (cause) {
    const name = image.name ?? 'the picture'
    throw errors.SW_IMAGE_NOT_READABLE({ name, bytes: bytes.byteLength }, { cause })
  }
}

/** A mask's grey levels, resized like its picture. */
export async function decodeMask(
  image: Pick<StageImage, 'bytes' | 'name'>,
): Promise<{ width: number; height: number; data: Uint8Array }> {
  const { width, height, data } = await decode(image)
  const grey = new Uint8Array(width * height)
  for (let i = 0; i < grey.length; i++) grey[i] = data[i * 3 + 1]!
  return { width, height, data: grey }
}

function asRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const count = data.length / channels
  const out = new Uint8Array(count * 3)
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) out[i * 3 + c] = data[i * channels + (channels < 3 ? 0 : c)]!
  return out
}

function text(key: string, value: string): Uint8Array {
  const body = Buffer.from(`tEXt${key}\0${value}`, 'latin1')
  const chunk = Buffer.alloc(body.length + 8)
  chunk.writeUInt32BE(body.length - 4, 0)
  body.copy(chunk, 4)
  chunk.writeUInt32BE(crc(body), body.length + 4)
  return chunk
}

/** CRC-32 of a PNG chunk; node:zlib has one only from Node 22 on. */
function crc(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (const byte of bytes) {
    c ^= byte
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  }
  return (c ^ 0xffffffff) >>> 0
}
