import { defineStage, Phase, provide, type Stage } from '@stagewright/core'
import { provideClass } from '@stagewright/core/di'
import type { z } from 'zod'

import { backgroundConfig } from './config.js'
import { AlphaCoverage, Coverage, PixelReader, readAlpha } from './coverage.js'
import { RemoveBackground } from './operation.js'

/** Removes the background of each finished picture. Terminal: whatever came after would flatten the transparency.
 *  @shape n pictures w×h → n pictures w×h with alpha, with their seeds and settings
 *  @source stable-diffusion-webui-rembg, `POST /rembg` */
export const removeBackground: Stage<
  'acme_background',
  z.input<typeof backgroundConfig>,
  never
> = defineStage({
  name: 'acme_background',
  phase: Phase.Detail,
  consumes: 'images',
  terminal: true,
  config: backgroundConfig,
  inject: { coverage: Coverage },
  provides: [provideClass(Coverage, AlphaCoverage), provide(PixelReader, () => readAlpha)],
  plan: (_, { input }) => ({ call: { operation: RemoveBackground, times: input.length } }),
  execute: ({ config, each, call, services, warn }, images) =>
    each(images, async (image) => {
      const made = await call(RemoveBackground, { image, ...config })
      for (const one of made)
        if ((await services.coverage.of(one)) === 0)
          warn(`${config.model} found no subject in the picture of seed ${image.seed}`)
      return made
    }),
})
