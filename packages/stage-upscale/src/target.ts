import type { UpscaleConfig } from './config.js'

interface Size {
  readonly width: number
  readonly height: number
}

/** The size of an enlarged picture, on the backend's grid.
 *  @source WebUI scripts/postprocessing_upscale.py, scripts/sd_upscale.py */
export function upscaleTarget(
  config: UpscaleConfig,
  picture: Size,
  onGrid: (pixels: number) => number,
): Size {
  const size = givenSize(config, picture)
  if (size === undefined) {
    const { upscaling_resize: factor = 2 } = config
    return {
      width: onGrid(Math.floor(picture.width * factor)),
      height: onGrid(Math.floor(picture.height * factor)),
    }
  }
  if (config.upscaling_crop !== false) return size
  const cover = Math.max(size.width / picture.width, size.height / picture.height)
  return {
    width: onGrid(Math.floor(picture.width * cover)),
    height: onGrid(Math.floor(picture.height * cover)),
  }
}

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
