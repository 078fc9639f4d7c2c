import type { HiresPass } from '../contract/vocabulary.js'

/** The size of a high-res pass, in pixels. */
export interface HiresTarget {
  readonly width: number
  readonly height: number
  /** Whether the picture is scaled to cover it and cropped, because it has another aspect. */
  readonly crop: boolean
}

/** The size of a high-res pass on a picture, on the backend's grid: by factor; by one side and the aspect; or as both
 *  sides say.
 *  @param picture its size, on the grid
 *  @source WebUI modules/processing.py: calculate_target_resolution */
export function hiresTarget(
  pass: { readonly [K in 'hr_scale' | 'hr_resize_x' | 'hr_resize_y']?: HiresPass[K] | undefined },
  { width, height }: { readonly width: number; readonly height: number },
  onGrid: (pixels: number) => number,
): HiresTarget {
  const { hr_scale: scale = 2, hr_resize_x: x = 0, hr_resize_y: y = 0 } = pass
  const wide = Math.floor((y * width) / height)
  const high = Math.floor((x * height) / width)
  if (x > 0 && y > 0) return { width: onGrid(x), height: onGrid(y), crop: high !== y && wide !== x }
  const [w, h] =
    x > 0 ? [x, high] : y > 0 ? [wide, y] : [Math.trunc(width * scale), Math.trunc(height * scale)]
  return { width: onGrid(w), height: onGrid(h), crop: false }
}
