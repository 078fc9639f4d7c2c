/** Output sizes, by each server's rounding. */

export const floorTo = (pixels: number, multiple: number): number =>
  Math.max(multiple, Math.floor(pixels / multiple) * multiple)

export const ceilTo = (pixels: number, multiple: number): number =>
  Math.max(multiple, Math.ceil(pixels / multiple) * multiple)

export interface Size {
  readonly width: number
  readonly height: number
}

/** The size of the high-res pass in A1111 and its forks: by scale, by one side, or both (cover, then crop).
 *  Source: the reference, sizes. */
export function hiresSize(
  { width, height }: Size,
  {
    hr_scale,
    hr_resize_x: x,
    hr_resize_y: y,
  }: {
    readonly hr_scale: number
    readonly hr_resize_x: number
    readonly hr_resize_y: number
  },
): Size {
  const [wide, high] =
    x === 0 && y === 0
      ? [Math.trunc(width * hr_scale), Math.trunc(height * hr_scale)]
      : y === 0
        ? [x, Math.trunc((x * height) / width)]
        : x === 0
          ? [Math.trunc((y * width) / height), y]
          : [x, y]
  return { width: floorTo(wide, 8), height: floorTo(high, 8) }
}
