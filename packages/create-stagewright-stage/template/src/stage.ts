import {
  defineStage,
  Img2Img,
  type Img2ImgRequest,
  Phase,
  type Stage,
  type StageImage,
} from '@stagewright/core'
import { samplingNeeds, samplingOf, set } from '@stagewright/core/sampling'
import type { z } from 'zod'

import { type MyStageConfig, myStageConfig } from './config.js'

/** Redraws each finished picture lightly, with a few more words in its prompt.
 *  @shape n pictures → n pictures of the same size, seed and order */
export const myStage: Stage<'my_stage', z.input<typeof myStageConfig>> = defineStage({
  name: 'my_stage',
  // Part of what a finished call is known by: raise it when the same section gives other pictures.
  version: '1',
  phase: Phase.Refine,
  after: ['refiner?'],
  consumes: 'images',
  config: myStageConfig,
  plan: (config, view) => ({
    call: { operation: Img2Img, times: view.input.length },
    needs: samplingNeeds(set({ sampler_name: config.sampler_name })),
  }),
  execute: (ctx, images) =>
    ctx.each(images, async (image) => {
      const made = await ctx.call(Img2Img, requestFor(ctx.config, image))
      // Later stages begin with the settings that the picture was generated with.
      return made.map((one) => ({ ...one, settings: image.settings }))
    }),
})

/** The request for one picture: its own settings, with what the section sets in their place. */
function requestFor(config: MyStageConfig, image: StageImage): Img2ImgRequest {
  const { settings } = image
  if (settings === undefined)
    throw new TypeError('the picture carries no settings: begin with a stage that makes pictures')
  const { strength, add_to_prompt: words, sampler_name } = config
  return {
    ...samplingOf({ ...settings, ...set({ sampler_name }), seed: image.seed }),
    prompt: words === '' ? settings.prompt : `${settings.prompt}, ${words}`,
    width: image.width,
    height: image.height,
    images: [image],
    batch_size: 1,
    denoising_strength: strength,
    resize_mode: 0,
    img2img_fix_steps: false,
  }
}
