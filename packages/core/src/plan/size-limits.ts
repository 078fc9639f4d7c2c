import { errors } from '../errors/catalogue.js'
import type { PlanNote } from '../errors/define-notes.js'
import { notes } from '../errors/notes.js'
import type { SizeForecast } from './stage-plan.js'

const longestSide = 16_384
const mostPixels = 120e6
const manyPixels = 40e6

/** Notes for large pictures.
 *  @throws {StagePlanError} SW_PREFLIGHT_TOO_LARGE over 120 MP or 16,384 px a side, unless allowed */
export function sizeNotes(
  stage: string,
  sizes: readonly SizeForecast[],
  allowLarge: boolean,
): PlanNote[] {
  return sizes.flatMap(({ width, height }) => {
    const pixels = width * height
    const megapixels = inMegapixels(pixels)
    if (!allowLarge && (pixels > mostPixels || Math.max(width, height) > longestSide))
      throw errors.SW_PREFLIGHT_TOO_LARGE({ stage, width, height, megapixels })
    return pixels > manyPixels ? [notes.SW_NOTE_LARGE_PICTURE({ width, height, megapixels })] : []
  })
}

export function inMegapixels(pixels: number): string {
  return (pixels / 1e6).toFixed(1)
}
