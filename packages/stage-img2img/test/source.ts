import { defineStage, Phase, type Sampling, Txt2Img } from '@stagewright/core'
import { seedAt } from '@stagewright/core/sampling'
import { z } from 'zod'

const number = z.number()

/** Stands in for the stage before img2img: makes pictures whose sizes and seeds a test chooses, one a call. */
export const source = defineStage({
  name: 'test_source',
  phase: Phase.Generate,
  consumes: 'nothing',
  generates: true,
  config: z.object({
    sizes: z.array(z.tuple([number, number])).default([[512, 512]]),
    seeds: z.array(number).default([100]),
    subseed_strength: number.default(0),
  }),
  plan: (config) => ({
    call: { operation: Txt2Img, times: config.sizes.length },
    output: config.sizes.map(([width, height], i) => ({
      width,
      height,
      settings: settingsOf(config, i),
    })),
  }),
  execute: ({ config, rounds, call }) =>
    rounds(config.sizes.length, (i) => call(Txt2Img, { ...settingsOf(config, i), batch_size: 1 })),
})

function settingsOf(
  config: {
    readonly sizes: readonly [number, number][]
    readonly seeds: readonly number[]
    readonly subseed_strength: number
  },
  i: number,
): Sampling {
  const { sizes, seeds, subseed_strength } = config
  const [width = 512, height = 512] = sizes[i] ?? []
  const first = { seed: seeds[0] ?? 0, subseed: 50, subseed_strength }
  return {
    prompt: 'of the source',
    negative_prompt: '',
    sampler_name: 'Euler',
    scheduler: 'Automatic',
    steps: 8,
    cfg_scale: 7,
    width,
    height,
    subseed_strength,
    ...seedAt(first, i),
    ...(seeds[i] === undefined ? {} : { seed: seeds[i] }),
  }
}
