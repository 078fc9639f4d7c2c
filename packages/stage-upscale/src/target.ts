import { onGrid } from '@stagewright/core'

import type { UpscaleConfig } from './config.js'

interface Size {
  readonly width: number
  readonly height: number
}

/** The size of an enlarged picture, on the backend's grid; floored to a multiple of 8 where it is made here.
 *  @source WebUI scripts/postprocessing_upscale.py, scripts/sd_upscale.py */
export function upscaleTarget(
  config: UpscaleConfig,
  picture: Size,
  onBackendGrid: (pixels: number) => number,
): Size {
  const round = config.where === 'client' ? onEight : onBackendGrid
  const size = givenSize(config, picture)
  if (size === undefined) {
    const { upscaling_resize: factor = 2 } = config
    return {
      width: round(Math.floor(picture.width * factor)),
      height: round(Math.floor(picture.height * factor)),
    }
  }
  if (config.upscaling_crop !== false) return size
  const cover = Math.max(size.width / picture.width, size.height / picture.height)
  return {
    width: round(Math.floor(picture.width * cover)),
    height: round(Math.floor(picture.height * cover)),
  }
}

const onEight = (pixels: number): number => onGrid(pixels, { multiple: 8, round: 'down' })

/** The size that was asked for; a side that was not follows the aspect. Undefined for a factor. */
export function givenSize(config: UpscaleConfig, picture: Size): Size | undefined {
  const { upscaling_resize_w: width, upscaling_resize_h: height } = config
  if (width === undefined && height === undefined) return undefined
  const aspect = picture.width / picture.height
  return {
    width: width ?? Math.round((height as number) * aspect),
    height: height ?? Math.round((width as number) / aspect),
  }
}
