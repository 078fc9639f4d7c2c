import {
  Img2Img,
  type PictureInPlan,
  type Slot,
  slot,
  type StageImage,
  Txt2Img,
} from '@stagewright/core'

import type { ControlnetUnit } from './config.js'

/** Units with their pictures: references in a plan, pictures in a call. */
export interface ControlUnits {
  readonly units: readonly (Omit<ControlnetUnit, 'image'> & {
    readonly image: PictureInPlan | StageImage
  })[]
}

/** Carried by both generating operations; units of several stages are added up. */
export const ControlNet: Slot<ControlUnits> = slot<ControlUnits>(
  'acme_controlnet',
  [Txt2Img, Img2Img],
  (first, second) => ({ units: [...first.units, ...second.units] }),
)
