import { errors, type GivenForecast, type PlanNote } from '@stagewright/core'

import type { Img2ImgConfig } from './config.js'
import { img2imgErrors, img2imgNotes } from './errors.js'
import { inWords, type Size } from './target.js'

/** The references that `mask` names. */
export function maskReferences(config: Img2ImgConfig): readonly string[] {
  if (config.mask === undefined) return []
  return typeof config.mask === 'string' ? [config.mask] : config.mask
}

const black = { coverage: 0, colour: 'black' } as const
const white = { coverage: 1, colour: 'white' } as const

/** Checks masks against the pictures.
 *  @throws {StagePlanError} SW_IMG2IMG_MASK_COUNT, SW_IMG2IMG_MASK_SIZE, SW_IMG2IMG_MASK_EMPTY */
export function checkMasks(
  config: Img2ImgConfig,
  masks: readonly GivenForecast[],
  pictures: readonly Size[],
  stage: string,
): PlanNote[] {
  if (config.mask === undefined) return []
  if (masks.length === 0)
    throw errors.SW_IMAGE_NONE_FOUND({ path: `${stage}.mask`, reference: String(config.mask) })
  if (masks.length !== 1 && masks.length !== pictures.length)
    throw img2imgErrors.SW_IMG2IMG_MASK_COUNT({
      stage,
      masks: masks.length,
      pictures: pictures.length,
    })
  for (const [at, picture] of pictures.entries()) {
    const mask = masks.length === 1 ? masks[0] : masks[at]
    if (mask === undefined) continue
    if (mask.width !== picture.width || mask.height !== picture.height)
      throw img2imgErrors.SW_IMG2IMG_MASK_SIZE({
        stage,
        mask: inWords(mask),
        picture: inWords(picture),
      })
  }
  const [none, all] =
    config.inpainting_mask_invert === 1 ? ([white, black] as const) : ([black, white] as const)
  if (masks.some(({ coverage }) => coverage === none.coverage))
    throw img2imgErrors.SW_IMG2IMG_MASK_EMPTY({ stage, colour: none.colour })
  return masks.some(({ coverage }) => coverage === all.coverage)
    ? [img2imgNotes.SW_NOTE_MASK_FULL({ stage, colour: all.colour })]
    : []
}
