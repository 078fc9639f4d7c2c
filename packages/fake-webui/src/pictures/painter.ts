import { sketch } from '@stagewright/backend-sketch'
import {
  type CallContext,
  type Contribution,
  Detail,
  type DetailRequest,
  Hires,
  type HiresPass,
  Img2Img,
  type Img2ImgRequest,
  Refiner,
  type RefinerSwitch,
  Txt2Img,
  type Txt2ImgRequest,
  Upscale,
  type UpscaleRequest,
} from '@stagewright/core'

import {
  asStageImage,
  fromStageImage,
  isBlack,
  type Kernel,
  masked,
  type Picture,
  plain,
  resized,
} from './picture.js'

export interface Slots {
  readonly hires?: HiresPass | undefined
  readonly refiner?: RefinerSwitch | undefined
}

type WithoutPictures<T> = Omit<T, 'image' | 'images' | 'mask'>
export type RedrawRequest = WithoutPictures<Img2ImgRequest>
export type MendRequest = WithoutPictures<DetailRequest>
type Distributed<T> = T extends unknown ? Omit<T, 'image'> : never
export type EnlargeRequest = Distributed<UpscaleRequest>

export interface Mended {
  readonly picture: Picture
  /** Regions redrawn; 0 means the picture is as it was. */
  readonly regions: number
}

/** Draws what a model would have made. */
export interface Painter {
  fromNothing(request: Txt2ImgRequest, slots: Slots): Promise<Picture[]>
  redrawn(
    request: RedrawRequest,
    pictures: readonly Picture[],
    mask: Picture | undefined,
    slots: Slots,
  ): Promise<Picture[]>
  enlarged(request: EnlargeRequest, picture: Picture): Promise<Picture>
  mended(request: MendRequest, picture: Picture): Promise<Mended>
  dispose(): Promise<void>
}

/** With the sketch renderer at full size, or, for speed, at 64 pixels and then enlarged. */
export function painter(tiny: boolean): Painter {
  const backend = sketch()
  const full: Painter = {
    fromNothing: async (request, slots) => {
      const { images } = await backend.call(Txt2Img, request, context(slots))
      return Promise.all(images.map((one) => fromStageImage(one)))
    },
    redrawn: async (request, pictures, mask, slots) => {
      const { images } = await backend.call(
        Img2Img,
        {
          ...request,
          images: pictures.map((one) => asStageImage(one)),
          ...(mask === undefined ? {} : { mask: asStageImage(mask) }),
        },
        context(slots),
      )
      return Promise.all(images.map((one) => fromStageImage(one)))
    },
    enlarged: async (request, picture) => {
      const { images } = await backend.call(
        Upscale,
        { ...request, image: asStageImage(picture) },
        context({}),
      )
      return fromStageImage(images[0]!)
    },
    mended: async (request, picture) => {
      const { images, unchanged } = await backend.call(
        Detail,
        { ...request, image: asStageImage(picture) },
        context({}),
      )
      return { picture: await fromStageImage(images[0]!), regions: unchanged === true ? 0 : 1 }
    },
    dispose: () => backend[Symbol.asyncDispose](),
  }
  return tiny ? small(full) : full
}

const cap = 64

function small(full: Painter): Painter {
  return {
    ...full,
    fromNothing: async (request, slots) => {
      const [width, height] = shrunk(request.width, request.height)
      const { hires } = slots
      const [x, y] =
        hires === undefined ? [width, height] : shrunk(hires.hr_resize_x, hires.hr_resize_y)
      const drawn = await full.fromNothing(
        { ...request, width, height },
        hires === undefined
          ? slots
          : { ...slots, hires: { ...hires, hr_resize_x: x, hr_resize_y: y } },
      )
      const wide = onEight(hires?.hr_resize_x ?? request.width)
      const high = onEight(hires?.hr_resize_y ?? request.height)
      return Promise.all(drawn.map((one) => resized(one, wide, high, 'nearest')))
    },
    redrawn: async (request, pictures, mask, slots) => {
      const [width, height] = shrunk(request.width, request.height)
      const fit = ({ 1: 'cover', 2: 'contain' } as const)[request.resize_mode as 1 | 2] ?? 'fill'
      const onlyMasked = mask !== undefined && request.inpaint_full_res === true
      const inputs = await Promise.all(
        pictures.map((one) => resized(one, width, height, 'lanczos3', fit)),
      )
      const drawn = await full.redrawn(
        { ...request, width, height, resize_mode: 0 },
        inputs,
        undefined,
        slots,
      )
      return Promise.all(
        drawn.map(async (one, i) => {
          const [wide, high] = [onEight(request.width), onEight(request.height)]
          if (mask === undefined) return resized(one, wide, high, 'nearest')
          const source = pictures[i % pictures.length]!
          const under = onlyMasked ? source : await resized(source, wide, high, 'lanczos3', fit)
          return masked(
            under,
            await resized(one, under.width, under.height, 'nearest'),
            await resized(mask, under.width, under.height, 'nearest'),
          )
        }),
      )
    },
    enlarged: async (request, picture) => {
      if (request.mode === 'sd_upscale') {
        const factor = request.upscaler_1 === 'None' ? 1 : request.upscaling_resize
        const [wide, high] = [onEight(picture.width * factor), onEight(picture.height * factor)]
        const [width, height] = shrunk(wide, high)
        const { mode: _mode, ...sampling } = request
        const [drawn] = await full.redrawn(
          { ...sampling, width, height, batch_size: 1, resize_mode: 0, img2img_fix_steps: false },
          [await resized(picture, width, height)],
          undefined,
          {},
        )
        return resized(drawn!, wide, high, 'nearest')
      }
      const kernel: Kernel = request.upscaler_1 === 'Nearest' ? 'nearest' : 'lanczos3'
      const w = request.upscaling_resize_w ?? picture.width
      const h = request.upscaling_resize_h ?? picture.height
      return resized(picture, w, h, kernel, request.upscaling_crop ? 'cover' : 'fill')
    },
    mended: async (request, picture) => {
      // At 64 pixels there is no face to be found: a detector known by name finds the middle.
      if (!/face|hand|person|eye/iu.test(request.ad_model)) return { picture, regions: 0 }
      const [width, height] = shrunk(picture.width, picture.height)
      const [drawn] = await full.redrawn(
        {
          ...request,
          prompt: request.ad_prompt || request.prompt,
          negative_prompt: request.ad_negative_prompt || request.negative_prompt,
          width,
          height,
          batch_size: 1,
          denoising_strength: request.ad_denoising_strength,
          resize_mode: 0,
          img2img_fix_steps: false,
        },
        [await resized(picture, width, height)],
        undefined,
        {},
      )
      const over = await resized(drawn!, picture.width, picture.height, 'nearest')
      const made = await masked(picture, over, await middle(picture.width, picture.height))
      return { picture: made, regions: (await isBlack(picture)) ? 0 : 1 }
    },
  }
}

/** White in the middle quarter. */
async function middle(width: number, height: number): Promise<Picture> {
  const black = await plain(width, height, '#000000')
  const [wide, high] = [Math.max(1, width >> 1), Math.max(1, height >> 1)]
  const white = await plain(wide, high, '#ffffff')
  const { default: sharp } = await import('sharp')
  const png = await sharp(black.png)
    .composite([{ input: Buffer.from(white.png), left: width >> 2, top: height >> 2 }])
    .png({ compressionLevel: 1 })
    .toBuffer()
  return { width, height, png }
}

function shrunk(width: number, height: number): [number, number] {
  const factor = Math.min(1, cap / Math.max(width, height, 1))
  return [onEight(width * factor), onEight(height * factor)]
}

export function onEight(pixels: number): number {
  return Math.max(8, Math.floor(pixels / 8) * 8)
}

function context({ hires, refiner }: Slots): CallContext {
  const contributions: Contribution[] = []
  if (hires !== undefined) contributions.push(Hires.with(hires))
  if (refiner !== undefined) contributions.push(Refiner.with(refiner))
  return {
    id: globalThis.crypto.randomUUID(),
    stage: 'fake_webui',
    signal: new AbortController().signal,
    contributions,
    progress: () => {},
  }
}
