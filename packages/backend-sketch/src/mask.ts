import { blurPlane } from './blur.js'

/** A rectangle in pixels; x1 and y1 are one past its last pixel. */
export interface Box {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

/** A mask ready for use: inverted when asked, with a soft edge of `blur` pixels outside and in.
 *  Nothing farther than 2.5 × `blur` from the mask is touched. */
export function softMask(
  mask: Uint8Array,
  width: number,
  height: number,
  blur: number,
  invert: boolean,
  round: boolean,
): { readonly mask: Uint8Array; readonly box: Box | undefined } {
  const grey = new Uint8Array(mask.length)
  for (let i = 0; i < mask.length; i++) {
    const v = invert ? 255 - mask[i]! : mask[i]!
    grey[i] = round ? (v >= 128 ? 255 : 0) : v
  }
  return { mask: blurred(grey, width, height, blur), box: boxOf(grey, width, height) }
}

/** Softens a mask's edge, in both directions. */
export function blurred(mask: Uint8Array, width: number, height: number, blur: number): Uint8Array {
  const radius = Math.round(blur)
  if (radius < 1) return mask
  const plane = Float32Array.from(mask)
  const scratch = new Float32Array(mask.length)
  blurPlane(plane, scratch, width, height, radius)
  blurPlane(plane, scratch, width, height, radius)
  const out = new Uint8Array(mask.length)
  for (let i = 0; i < out.length; i++)
    out[i] = Math.max(0, Math.min(255, Math.floor(plane[i]! + 0.5)))
  return out
}

/** The smallest rectangle that holds everything that is not black. */
export function boxOf(mask: Uint8Array, width: number, height: number): Box | undefined {
  let [x0, y0, x1, y1] = [width, height, 0, 0]
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (mask[y * width + x]! > 0) {
        if (x < x0) x0 = x
        if (x >= x1) x1 = x + 1
        if (y < y0) y0 = y
        y1 = y + 1
      }
  return x1 > x0 ? { x0, y0, x1, y1 } : undefined
}

/** A box with padding, grown to the aspect it is worked on at, and kept within the picture.
 *  @source WebUI modules/masking.py, expand_crop_region */
export function workingBox(
  box: Box,
  padding: number,
  width: number,
  height: number,
  aspect: number,
): Box {
  let [x0, y0, x1, y1] = [
    Math.max(0, box.x0 - padding),
    Math.max(0, box.y0 - padding),
    Math.min(width, box.x1 + padding),
    Math.min(height, box.y1 + padding),
  ]
  const grow = (low: number, high: number, wanted: number, limit: number): [number, number] => {
    const size = Math.min(limit, Math.round(wanted))
    const from = Math.max(0, Math.min(limit - size, Math.floor((low + high - size) / 2)))
    return [from, from + size]
  }
  if ((x1 - x0) / (y1 - y0) > aspect) [y0, y1] = grow(y0, y1, (x1 - x0) / aspect, height)
  else [x0, x1] = grow(x0, x1, (y1 - y0) * aspect, width)
  return { x0, y0, x1, y1 }
}
