import { type StageImage, stageImage } from '@stagewright/core'
import sharp from 'sharp'

/** A picture inside the fake server: an RGB PNG without metadata. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly png: Uint8Array
}

export interface Pixels {
  readonly width: number
  readonly height: number
  /** 8-bit RGB. */
  readonly data: Uint8Array
}

/** Any picture file as RGB PNG; undefined when the bytes are not one. Transparency is laid on `background`. */
export async function decoded(
  bytes: Uint8Array,
  background = '#ffffff',
): Promise<Picture | undefined> {
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: false, failOn: 'error' })
      .flatten({ background })
      .toColourspace('srgb')
      .png({ compressionLevel: 1, palette: false })
      .toBuffer({ resolveWithObject: true })
    return { width: info.width, height: info.height, png: data }
  } catch {
    return undefined
  }
}

export async function pixels(picture: Picture): Promise<Pixels> {
  const { data, info } = await sharp(picture.png, { limitInputPixels: false })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  if (info.channels === 3) return { width: info.width, height: info.height, data }
  const rgb = new Uint8Array(info.width * info.height * 3)
  for (let i = 0; i < rgb.length; i++) rgb[i] = data[Math.floor(i / 3) * info.channels]!
  return { width: info.width, height: info.height, data: rgb }
}

export async function fromPixels({ width, height, data }: Pixels): Promise<Picture> {
  const png = await sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .png({ compressionLevel: 1, palette: false })
    .toBuffer()
  return { width, height, png }
}

export type Kernel = 'nearest' | 'lanczos3'
export type FitWord = 'fill' | 'cover' | 'contain'

export async function resized(
  picture: Picture,
  width: number,
  height: number,
  kernel: Kernel = 'lanczos3',
  fit: FitWord = 'fill',
): Promise<Picture> {
  if (picture.width === width && picture.height === height) return picture
  const png = await sharp(picture.png, { limitInputPixels: false })
    .resize(width, height, { kernel, fit, background: '#808080' })
    .png({ compressionLevel: 1, palette: false })
    .toBuffer()
  return { width, height, png }
}

export async function plain(width: number, height: number, colour: string): Promise<Picture> {
  const png = await sharp({ create: { width, height, channels: 3, background: colour } })
    .png({ compressionLevel: 1, palette: false })
    .toBuffer()
  return { width, height, png }
}

/** `over` where the mask is white, `under` where it is black. The three have one size. */
export async function masked(under: Picture, over: Picture, mask: Picture): Promise<Picture> {
  const [a, b, m] = await Promise.all([pixels(under), pixels(over), pixels(mask)])
  const data = new Uint8Array(a.data.length)
  for (let i = 0; i < data.length; i++) {
    const share = m.data[i]!
    data[i] = Math.round((a.data[i]! * (255 - share) + b.data[i]! * share) / 255)
  }
  return fromPixels({ width: a.width, height: a.height, data })
}

/** The picture where the mask is white, and nothing where it is black: an RGBA PNG. The two have one size. */
export async function cutOut(picture: Picture, mask: Picture): Promise<Picture> {
  const alpha = await sharp(mask.png).extractChannel(0).raw().toBuffer()
  const { width, height } = picture
  const raw = { width, height, channels: 1 as const }
  const png = await sharp(picture.png).joinChannel(alpha, { raw }).png().toBuffer()
  return { width, height, png }
}

/** What the servers make of a mask: its alpha channel when it has one, else its luminance; white is repainted. */
export async function maskOf(
  bytes: Uint8Array,
  opaqueAlphaCounts: boolean,
  invert: boolean,
): Promise<Picture | undefined> {
  try {
    const source = sharp(bytes, { limitInputPixels: false })
    const { hasAlpha } = await source.metadata()
    const opaque = hasAlpha ? (await source.stats()).isOpaque : true
    const byAlpha = hasAlpha && (opaqueAlphaCounts || !opaque)
    let grey = byAlpha
      ? sharp(bytes, { limitInputPixels: false }).extractChannel('alpha')
      : sharp(bytes, { limitInputPixels: false }).removeAlpha().greyscale()
    if (invert) grey = grey.negate({ alpha: false })
    const { data, info } = await grey
      .toColourspace('srgb')
      .png({ compressionLevel: 1, palette: false })
      .toBuffer({ resolveWithObject: true })
    return { width: info.width, height: info.height, png: data }
  } catch {
    return undefined
  }
}

export async function isBlack(picture: Picture): Promise<boolean> {
  const { data } = await pixels(picture)
  return data.every((value) => value === 0)
}

export async function samePixels(a: Picture, b: Picture): Promise<boolean> {
  if (a.width !== b.width || a.height !== b.height) return false
  const [one, other] = await Promise.all([pixels(a), pixels(b)])
  return Buffer.compare(one.data, other.data) === 0
}

export const asStageImage = (picture: Picture): StageImage => stageImage(picture.png)

export async function fromStageImage(image: StageImage): Promise<Picture> {
  return { width: image.width, height: image.height, png: await image.bytes() }
}
