import type { Img2ImgConfig } from './config.js'
import { img2imgErrors } from './errors.js'

export interface Size {
  readonly width: number
  readonly height: number
}

const mostPixels = 2e6

/** The size at which a picture is redrawn. Only what was asked for counts: with neither width nor height it is the
 *  picture's own, floored to the backend's grid; with one, the other follows the aspect.
 *  @throws {StagePlanError} SW_IMG2IMG_TOO_LARGE, SW_IMG2IMG_STRETCH */
export function targetOf(
  config: Img2ImgConfig,
  picture: Size,
  stage: string,
  onGrid: (pixels: number) => number,
): Size {
  const { width, height, resize_by: factor } = config
  if (factor !== undefined)
    return {
      width: onGrid(Math.floor(picture.width * factor)),
      height: onGrid(Math.floor(picture.height * factor)),
    }
  if (width === undefined && height === undefined) return ownSize(picture, stage, onGrid)
  const aspect = picture.width / picture.height
  const target = {
    width: onGrid(width ?? Math.round((height as number) * aspect)),
    height: onGrid(height ?? Math.round((width as number) / aspect)),
  }
  const bothGiven = width !== undefined && height !== undefined
  // On a coarse grid even the nearest size may be a little off; what would be offered instead is never refused.
  const fitting = { width: target.width, height: onGrid(Math.round(target.width / aspect)) }
  const off = target.height !== fitting.height && differs(target, picture)
  if (bothGiven && stretches(config) && off)
    throw img2imgErrors.SW_IMG2IMG_STRETCH({
      stage,
      from: inWords(picture),
      to: inWords(target),
      fitting: inWords(fitting),
    })
  return target
}

/** The size of what comes out: with "only masked" the picture keeps its own. */
export function outputSize(config: Img2ImgConfig, picture: Size, target: Size): Size {
  return onlyMasked(config) ? { width: picture.width, height: picture.height } : target
}

export function inWords({ width, height }: Size): string {
  return `${width}x${height}`
}

function ownSize(picture: Size, stage: string, onGrid: (pixels: number) => number): Size {
  const own = { width: onGrid(picture.width), height: onGrid(picture.height) }
  if (own.width * own.height <= mostPixels) return own
  const scale = Math.sqrt((1024 * 1024) / (picture.width * picture.height))
  throw img2imgErrors.SW_IMG2IMG_TOO_LARGE({
    stage,
    ...own,
    suggestion: inWords({
      width: onGrid(Math.round(picture.width * scale)),
      height: onGrid(Math.round(picture.height * scale)),
    }),
  })
}

function onlyMasked(config: Img2ImgConfig): boolean {
  return config.mask !== undefined && config.inpaint_full_res
}

/** Modes 0 and 3 stretch; "only masked" crops its region to the aspect itself. */
function stretches(config: Img2ImgConfig): boolean {
  return (config.resize_mode === 0 || config.resize_mode === 3) && !onlyMasked(config)
}

/** More than 2 % off in aspect. */
function differs(target: Size, picture: Size): boolean {
  const ratio = (target.width / target.height) * (picture.height / picture.width)
  return Math.max(ratio, 1 / ratio) > 1.02
}
