import {
  type Contribution,
  type ExtrasRequest,
  Hires,
  type Img2ImgRequest,
  onGrid,
  type SdUpscaleRequest,
  type SizeGrid,
  type StageImage,
  type Txt2ImgRequest,
  type UpscaleRequest,
} from '@stagewright/core'

export interface Size {
  readonly width: number
  readonly height: number
}

/** The size of a generating pass, and the final one when a hires pass follows in the same call: counted from the first,
 *  so from the grid.
 *  @source WebUI modules/processing.py, StableDiffusionProcessingTxt2Img.calculate_target_resolution */
export function txt2imgSizes(
  request: Txt2ImgRequest,
  contributions: readonly Contribution[],
  grid: SizeGrid,
): { readonly first: Size; readonly final: Size } {
  const first = rounded(request, grid)
  const pass = Hires.from(contributions)
  if (pass === undefined) return { first, final: first }
  const { hr_resize_x: x, hr_resize_y: y, hr_scale: scale } = pass
  const { width, height } = first
  const final =
    x === 0 && y === 0
      ? { width: Math.trunc(width * scale), height: Math.trunc(height * scale) }
      : {
          width: x === 0 ? Math.trunc((y * width) / height) : x,
          height: y === 0 ? Math.trunc((x * height) / width) : y,
        }
  return { first, final: rounded(final, grid) }
}

/** @returns the size asked for; the picture's own where only the masked region is redrawn */
export function img2imgSize(request: Img2ImgRequest, image: StageImage, grid: SizeGrid): Size {
  return request.mask !== undefined && request.inpaint_full_res === true
    ? { width: image.width, height: image.height }
    : rounded(request, grid)
}

/** @source WebUI scripts/postprocessing_upscale.py and modules/upscaler.py: sides are floored to a multiple of 8;
 *  a crop is exact */
export function upscaleSize(request: UpscaleRequest): Size {
  const { image } = request
  return request.mode === 'extras' ? extrasSize(request, image) : scaled(image, factorOf(request))
}

function extrasSize(request: ExtrasRequest, image: StageImage): Size {
  const { upscaling_resize_w: width = 0, upscaling_resize_h: height = 0 } = request
  if (request.resize_mode === 0 || width * height === 0) return scaled(image, factorOf(request))
  if (request.upscaling_crop) return { width, height }
  return scaled(image, Math.max(width / image.width, height / image.height))
}

function factorOf({ upscaling_resize = 1 }: ExtrasRequest | SdUpscaleRequest): number {
  return upscaling_resize
}

function scaled({ width, height }: Size, factor: number): Size {
  const eights = { multiple: 8, round: 'down' } as const
  return { width: onGrid(width * factor, eights), height: onGrid(height * factor, eights) }
}

function rounded({ width, height }: Size, grid: SizeGrid): Size {
  return { width: onGrid(width, grid), height: onGrid(height, grid) }
}
