import { fileURLToPath } from 'node:url'

import {
  type CallContext,
  type CallResult,
  type Contribution,
  Detail,
  type DetailRequest,
  type ExtrasRequest,
  Img2Img,
  type Img2ImgRequest,
  type StageImage,
  stageImage,
  Txt2Img,
  type Txt2ImgRequest,
  Upscale,
} from '@stagewright/core'
import sharp from 'sharp'

import { sketch } from '../src/index.js'
import { decode, encode } from '../src/png.js'
import type { Raster } from '../src/rendering.js'

export const backend = sketch()

export const fisherman = 'portrait photo of a fisherman in a yellow raincoat on a windy pier'

export function context(
  contributions: readonly Contribution[] = [],
  more: Partial<CallContext> = {},
): CallContext {
  return {
    id: 'a call',
    stage: 'test',
    signal: new AbortController().signal,
    contributions,
    progress: () => {},
    ...more,
  }
}

const sampling = {
  prompt: fisherman,
  negative_prompt: '',
  sampler_name: 'DPM++ 2M',
  scheduler: 'Karras',
  steps: 20,
  cfg_scale: 7,
  width: 128,
  height: 192,
  seed: 42,
  subseed: 7,
  subseed_strength: 0,
}

export function txt2img(
  over: Partial<Txt2ImgRequest> = {},
  contributions: readonly Contribution[] = [],
): Promise<CallResult> {
  return backend.call(Txt2Img, { ...sampling, batch_size: 1, ...over }, context(contributions))
}

export async function drawn(
  over: Partial<Txt2ImgRequest> = {},
  contributions: readonly Contribution[] = [],
): Promise<StageImage> {
  return (await txt2img(over, contributions)).images[0]!
}

export function img2img(
  image: StageImage,
  over: Partial<Img2ImgRequest> = {},
  contributions: readonly Contribution[] = [],
): Promise<CallResult> {
  const request: Img2ImgRequest = {
    ...sampling,
    width: image.width,
    height: image.height,
    images: [image],
    batch_size: 1,
    denoising_strength: 0.5,
    resize_mode: 0,
    img2img_fix_steps: false,
    ...over,
  }
  return backend.call(Img2Img, request, context(contributions))
}

export async function redrawn(
  image: StageImage,
  over: Partial<Img2ImgRequest> = {},
  contributions: readonly Contribution[] = [],
): Promise<StageImage> {
  return (await img2img(image, over, contributions)).images[0]!
}

export async function upscaled(
  image: StageImage,
  over: Partial<ExtrasRequest> = {},
): Promise<StageImage> {
  const request: ExtrasRequest = {
    mode: 'extras',
    image,
    where: 'server',
    resize_mode: 0,
    upscaling_resize: 2,
    upscaling_crop: true,
    upscaler_1: 'R-ESRGAN 4x+',
    extras_upscaler_2_visibility: 0,
    gfpgan_visibility: 0,
    codeformer_visibility: 0,
    codeformer_weight: 0,
    ...over,
  }
  return (await backend.call(Upscale, request, context())).images[0]!
}

export function detailed(
  image: StageImage,
  over: Partial<DetailRequest> = {},
): Promise<CallResult> {
  const request: DetailRequest = {
    ...sampling,
    width: 512,
    height: 512,
    image,
    unit: 'face',
    ad_model: 'face_yolov8n.pt',
    ad_model_classes: '',
    ad_prompt: '',
    ad_negative_prompt: '',
    ad_confidence: 0.3,
    ad_mask_filter_method: 'Area',
    ad_mask_k: 0,
    ad_mask_min_ratio: 0,
    ad_mask_max_ratio: 1,
    ad_dilate_erode: 4,
    ad_x_offset: 0,
    ad_y_offset: 0,
    ad_mask_merge_invert: 'None',
    ad_mask_blur: 4,
    ad_denoising_strength: 0.4,
    ad_inpaint_only_masked: true,
    ad_inpaint_only_masked_padding: 32,
    ad_restore_face: false,
    ...over,
  }
  return backend.call(Detail, request, context())
}

export const pixels = (image: StageImage): Promise<Raster> => decode(image)

/** A picture made of `color(x, y)`. */
export async function painted(
  width: number,
  height: number,
  color: (x: number, y: number) => readonly [number, number, number],
): Promise<StageImage> {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set(color(x, y), (y * width + x) * 3)
  return stageImage(await encode({ width, height, data }), { seed: 5, name: 'painted' })
}

/** A photo that ships with the run files, at a width. */
export async function photograph(
  name: 'harbour.jpg' | 'desk.png',
  width: number,
): Promise<StageImage> {
  const file = fileURLToPath(new URL(`../../../examples/photos/${name}`, import.meta.url))
  return stageImage(await sharp(file).resize(width).png().toBuffer(), { name })
}

/** A grey mask, white within the box. */
export async function maskOf(
  width: number,
  height: number,
  box: readonly [number, number, number, number],
): Promise<StageImage> {
  const data = new Uint8Array(width * height)
  for (let y = box[1]; y < box[3]; y++) data.fill(255, y * width + box[0], y * width + box[2])
  return stageImage(
    await sharp(data, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer(),
  )
}

/** Mean difference of two pictures' bytes. */
export async function difference(a: StageImage, b: StageImage): Promise<number> {
  const [one, two] = await Promise.all([pixels(a), pixels(b)])
  if (one.data.length !== two.data.length) throw new Error('the pictures have different sizes')
  return one.data.reduce((sum, v, i) => sum + Math.abs(v - two.data[i]!), 0) / one.data.length
}

/** Pixels that differ and for which `inside` does not hold. */
export async function changedOutside(
  a: StageImage,
  b: StageImage,
  inside: (x: number, y: number) => boolean,
): Promise<number> {
  const [one, two] = await Promise.all([pixels(a), pixels(b)])
  let changed = 0
  for (let i = 0; i < one.data.length; i++) {
    const pixel = Math.floor(i / 3)
    if (one.data[i] !== two.data[i] && !inside(pixel % one.width, Math.floor(pixel / one.width)))
      changed++
  }
  return changed
}
