import type { Forecast, PlanNote, PlanView } from '@stagewright/core'
import { heavyCallNotes, promptNotes } from '@stagewright/core/sampling'

import type { RefinerConfig } from './config.js'
import { refinerNotes } from './errors.js'
import { isLatent } from './latent.js'

/** What is worth saying of a high-res pass. */
export function hiresNotes(config: RefinerConfig, view: PlanView, output: Forecast): PlanNote[] {
  const { hr_upscaler: upscaler, denoising_strength: strength } = config
  const latent = isLatent(upscaler)
  const [from] = view.input
  const [to] = output
  const size = (one: { width: number; height: number }): string => `${one.width}x${one.height}`
  return [
    ...(!latent && strength > 0.5
      ? [refinerNotes.SW_NOTE_HIRES_PIXEL_STRONG({ upscaler, strength })]
      : []),
    ...(latent && strength < 0.5
      ? [refinerNotes.SW_NOTE_HIRES_LATENT_WEAK({ upscaler, strength })]
      : []),
    ...(from !== undefined && to !== undefined && to.width * to.height <= from.width * from.height
      ? [refinerNotes.SW_NOTE_HIRES_NOT_LARGER({ from: size(from), to: size(to) })]
      : []),
    ...(view.input.some(({ marks }) => marks?.includes('masked'))
      ? [refinerNotes.SW_NOTE_HIRES_OUTSIDE_MASK({ stage: view.stage })]
      : []),
    ...(to === undefined ? [] : heavyCallNotes(to.width * to.height)),
    ...promptNotes(config.hr_prompt, 'hr_prompt'),
    ...promptNotes(config.hr_negative_prompt, 'hr_negative_prompt'),
  ]
}

/** A note when the refiner renders less than a quarter of the pass. */
export function shareNotes(steps: number, of: number): PlanNote[] {
  return of > 0 && steps < of * 0.25 ? [refinerNotes.SW_NOTE_REFINER_SHARE({ steps, of })] : []
}
