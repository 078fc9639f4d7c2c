import type { RefinerConfig } from './config.js'

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Target extends Size {
  /** Whether the picture is scaled to cover and cropped, because the target has another aspect. */
  readonly crop: boolean
}

/** The size of the second pass, on the backend's grid: by factor; by one side and the aspect; or as both sides say.
 *  @source WebUI modules/processing.py: calculate_target_resolution */
export function hiresTarget(
  config: RefinerConfig,
  picture: Size,
  onGrid: (pixels: number) => number,
): Target {
  const { hr_scale: scale = 2, hr_resize_x: x = 0, hr_resize_y: y = 0 } = config
  const { width, height } = picture
  if (x > 0 && y > 0) {
    const crop = Math.floor((x * height) / width) !== y && Math.floor((y * width) / height) !== x
    return { width: onGrid(x), height: onGrid(y), crop }
  }
  if (x > 0)
    return { width: onGrid(x), height: onGrid(Math.floor((x * height) / width)), crop: false }
  if (y > 0)
    return { width: onGrid(Math.floor((y * width) / height)), height: onGrid(y), crop: false }
  return {
    width: onGrid(Math.trunc(width * scale)),
    height: onGrid(Math.trunc(height * scale)),
    crop: false,
  }
}

/** Latent modes resize before decoding. @source WebUI modules/shared_items.py: latent_upscale_modes */
export function isLatent(upscaler: string): boolean {
  return upscaler === 'Latent' || upscaler.startsWith('Latent (')
}
