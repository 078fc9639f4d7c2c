import {
  defineStage,
  Phase,
  phaseBetween,
  provide,
  type Stage,
  stageImage,
} from '@stagewright/core'
import type { z } from 'zod'

import { sharpenConfig } from './config.js'
import { Sharpener, sharpSharpener } from './sharpener.js'

/** Sharpens each picture once its size is final, before regions are repaired.
 *  @shape n pictures w×h → n pictures w×h, PNG, with their seeds and settings */
export const sharpen: Stage<'acme_sharpen', z.input<typeof sharpenConfig>, never> = defineStage({
  name: 'acme_sharpen',
  phase: phaseBetween(Phase.Upscale, Phase.Detail, 'acme_sharpen'),
  consumes: 'images',
  deterministic: true,
  config: sharpenConfig,
  inject: { sharpener: Sharpener },
  provides: [provide(Sharpener, () => sharpSharpener)],
  plan: ({ sigma, amount }) => ({ why: `edges of ${sigma} px by ${amount}, on this machine` }),
  execute: ({ config, each, services }, images) =>
    each(images, async (image) => [
      stageImage(await services.sharpener.sharpen(await image.bytes(), config), image),
    ]),
})
