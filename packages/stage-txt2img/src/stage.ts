import { defineStage, Phase, type Stage, Txt2Img } from '@stagewright/core'
import {
  generatingNeeds,
  generatingNotes,
  passthroughOf,
  samplingOf,
  seedAt,
  settleSampler,
  sharedFields,
} from '@stagewright/core/sampling'
import type { z } from 'zod'

import { type Txt2ImgConfig, txt2imgConfig } from './config.js'

/** Makes pictures from words: `n_iter` calls of `batch_size` pictures.
 *  @shape nothing → `n_iter`·`batch_size` pictures of `width`×`height`, on the backend's grid
 *  @unit seeds count up from `seed`: the pictures are those that the WebUI would make in one job
 *  @source WebUI modules/processing.py; API `POST /sdapi/v1/txt2img` */
export const txt2img: Stage<
  'txt2img',
  z.input<typeof txt2imgConfig>,
  (typeof sharedFields)[number]
> = defineStage({
  name: 'txt2img',
  phase: Phase.Generate,
  consumes: 'nothing',
  generates: true,
  config: txt2imgConfig,
  inherits: sharedFields,
  flat: { enabled: ['txt2img_enabled'], keys: {} },
  plan: (given, view) => {
    const { config, notes } = settleSampler(given)
    const width = view.onGrid(config.width)
    const height = view.onGrid(config.height)
    const { batch_size: batch, n_iter: rounds } = config
    return {
      config,
      call: { operation: Txt2Img, times: rounds },
      models: config.model === undefined ? [] : [config.model],
      output: Array.from({ length: rounds * batch }, (_, i) => ({
        width,
        height,
        settings: { ...samplingOf(config), ...seedAt(config, i) },
        marks: config.restore_faces === true ? ['restore_faces'] : [],
      })),
      needs: generatingNeeds(config),
      notes: [
        ...notes,
        ...generatingNotes(config, { width, height, batch, multiple: view.onGrid(1) }),
      ],
    }
  },
  execute: ({ config, call, rounds }) =>
    rounds(config.n_iter, (round) => call(Txt2Img, requestOf(config, round))),
})

/** The request of one round: what the WebUI would make as its `round`th iteration. */
function requestOf(config: Txt2ImgConfig, round: number) {
  return {
    ...samplingOf(config),
    ...passthroughOf(config),
    ...seedAt(config, round * config.batch_size),
    batch_size: config.batch_size,
  }
}
