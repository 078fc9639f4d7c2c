import type { StageImage } from '@stagewright/core'
import sharp from 'sharp'

import type { Box } from './canvas.js'

/** A part of a picture, in shares of its width and height. */
export interface Region {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Side of the small squares that pictures are compared at. */
const side = 96

/** RGB pixels of a picture, or of a region of it, brought to a size. */
export async function pixelsOf(
  image: StageImage,
  size: Pick<Box, 'width' | 'height'>,
  region?: Region,
): Promise<Uint8Array> {
  const picture = sharp(await image.bytes(), { limitInputPixels: false })
  const part = region === undefined ? picture : picture.extract(boxOf(region, image))
  return part
    .resize({ ...size, fit: 'fill', kernel: region === undefined ? 'lanczos3' : 'cubic' })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer()
}

/** A picture as a small square, for comparing. */
export function smallSquare(image: StageImage): Promise<Uint8Array> {
  return pixelsOf(image, { width: side, height: side })
}

/** Where two small squares differ: the smallest region that holds every difference a person could see. */
export function changedRegion(before: Uint8Array, after: Uint8Array): Region | undefined {
  let [left, top, right, bottom] = [side, side, 0, 0]
  for (let i = 0; i < side * side; i++) {
    if (difference(before, i, after, i) < 18) continue
    const [x, y] = [i % side, Math.floor(i / side)]
    left = Math.min(left, x)
    top = Math.min(top, y)
    right = Math.max(right, x + 1)
    bottom = Math.max(bottom, y + 1)
  }
  return right === 0
    ? undefined
    : { left: left / side, top: top / side, right: right / side, bottom: bottom / side }
}

/** The block, of twelve by twelve, in which two small squares differ most, and where there is something to see: an
 *  empty sky that changed its hue tells less than a window that got its bars. */
export function mostChanged(before: Uint8Array, after: Uint8Array): Region {
  const blocks = 12
  const width = side / blocks
  let best = { column: 5, row: 4, score: 0 }
  // The rim is left out: a look at the edge tells little.
  for (let row = 1; row < blocks - 1; row++)
    for (let column = 1; column < blocks - 1; column++) {
      let [changed, detail] = [0, 0]
      for (let y = row * width; y < (row + 1) * width; y++)
        for (let x = column * width; x < (column + 1) * width; x++) {
          const at = y * side + x
          changed += difference(before, at, after, at)
          detail += difference(after, at, after, at + 1)
        }
      const score = changed * detail
      if (score > best.score) best = { column, row, score }
    }
  return {
    left: best.column / blocks,
    top: best.row / blocks,
    right: (best.column + 1) / blocks,
    bottom: (best.row + 1) / blocks,
  }
}

/** How far two pixels are apart, summed over red, green and blue. */
function difference(a: Uint8Array, pixel: number, b: Uint8Array, other: number): number {
  const [i, j] = [pixel * 3, other * 3]
  return (
    Math.abs((a[i] as number) - (b[j] as number)) +
    Math.abs((a[i + 1] as number) - (b[j + 1] as number)) +
    Math.abs((a[i + 2] as number) - (b[j + 2] as number))
  )
}

function boxOf({ left, top, right, bottom }: Region, { width, height }: StageImage) {
  const x = Math.min(width - 1, Math.max(0, Math.round(left * width)))
  const y = Math.min(height - 1, Math.max(0, Math.round(top * height)))
  return {
    left: x,
    top: y,
    width: Math.max(1, Math.min(width - x, Math.round((right - left) * width))),
    height: Math.max(1, Math.min(height - y, Math.round((bottom - top) * height))),
  }
}
