import { defineStage, Img2Img, Phase, type Sampling, Txt2Img } from '@stagewright/core'
import { z } from 'zod'

/** Stands in for the generating stage before the refiner. */
export const source = defineStage({
  name: 'test_source',
  phase: Phase.Generate,
  consumes: 'nothing',
  generates: true,
  config: z.object({
    width: z.number().default(512),
    height: z.number().default(768),
    steps: z.number().default(20),
    model: z.string().optional(),
    count: z.number().default(1),
    operation: z.enum(['txt2img', 'img2img']).default('txt2img'),
    marks: z.array(z.string()).optional(),
  }),
  plan: (config, view) => ({
    call: { operation: config.operation === 'txt2img' ? Txt2Img : Img2Img, times: 1 },
    models: config.model === undefined ? [] : [config.model],
    output: Array.from({ length: config.count }, (_, i) => ({
      width: view.onGrid(config.width),
      height: view.onGrid(config.height),
      settings: { ...settingsOf(config), seed: 100 + i },
      marks: config.marks,
    })),
  }),
  execute: ({ config, call }) => call(Txt2Img, { ...settingsOf(config), batch_size: config.count }),
})

export function settingsOf(config: Partial<Sampling> = {}): Sampling {
  return {
    prompt: 'of the source',
    negative_prompt: 'blurry',
    sampler_name: 'Euler',
    scheduler: 'Karras',
    steps: config.steps ?? 20,
    cfg_scale: 6,
    width: config.width ?? 512,
    height: config.height ?? 768,
    seed: 100,
    subseed: 50,
    subseed_strength: 0.1,
    ...(config.model === undefined ? {} : { model: config.model }),
  }
}
