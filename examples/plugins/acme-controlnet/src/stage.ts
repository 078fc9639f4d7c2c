import { defineStage, Phase, pictureInPlan, type Stage } from '@stagewright/core'
import type { z } from 'zod'

import { controlnetConfig } from './config.js'
import { ControlNet } from './slot.js'

/** Guides every generating call after it by pictures: it makes no call of its own.
 *  @source sd-webui-controlnet, its API */
export const controlnet: Stage<'acme_controlnet', z.input<typeof controlnetConfig>> = defineStage({
  name: 'acme_controlnet',
  phase: Phase.Prepare,
  consumes: 'nothing',
  config: controlnetConfig,
  pictures: ({ units }) =>
    units.map(({ image }, i) => ({
      reference: image,
      path: `units[${i}].image`,
      use: 'picture' as const,
    })),
  plan: ({ units }) => ({
    contribute: {
      generating: [
        ControlNet.with({
          units: units.map((unit) => ({ ...unit, image: pictureInPlan(unit.image) })),
        }),
      ],
    },
    needs: units.flatMap(({ model, module }, i) => [
      { kind: 'controlnet_model', name: model, path: `units[${i}].model` },
      { kind: 'controlnet_module', name: module, path: `units[${i}].module` },
    ]),
  }),
})
