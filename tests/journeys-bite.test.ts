import { type Stage, type StageDefinition } from '@stagewright/core'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { journeys, type JourneyStages } from '@stagewright/testkit'
import { describe, expect, test } from 'vitest'

const stages: JourneyStages = { txt2img, img2img, refiner, upscale, adetailer }

/** The stage with parts of its definition replaced. */
function bent(stage: Stage, change: (own: StageDefinition) => Partial<StageDefinition>): Stage {
  return { ...stage, definition: { ...stage.definition, ...change(stage.definition) } }
}

/** What a stage could get wrong, and journeys that must notice. */
const mutants: Readonly<Record<string, readonly [Partial<JourneyStages>, readonly string[]]>> = {
  'ADetailer that turns the batch round': [
    {
      adetailer: bent(adetailer, (own) => ({
        execute: async (ctx, images) => ((await own.execute?.(ctx, images)) ?? []).toReversed(),
      })),
    },
    ['t-4+a'],
  ],
  'ADetailer that stands before upscale': [
    {
      adetailer: bent(adetailer, () => ({
        phase: refiner.definition.phase,
        terminal: undefined as never,
      })),
    },
    ['t+u+a', 'full'],
  ],
  'a refiner that forgets the settings of the picture after a call of its own': [
    {
      refiner: bent(refiner, (own) => ({
        execute: async (ctx, images) =>
          ((await own.execute?.(ctx, images)) ?? []).map((image) => ({
            ...image,
            settings: image.settings && { ...image.settings, width: image.width },
          })),
      })),
    },
    ['t+h/own', 't+i/other-words+h+a'],
  ],
  'upscale that loses a picture': [
    {
      upscale: bent(upscale, (own) => ({
        execute: (ctx, images) => own.execute?.(ctx, images.slice(0, 1)) ?? Promise.resolve(images),
      })),
    },
    ['jt05/upscale-reprocess', 'cancel/during-u'],
  ],
}

describe('journeys bite', () => {
  for (const [what, [changed, ids]] of Object.entries(mutants))
    test(`they notice ${what}`, async () => {
      const subject = { stages: { ...stages, ...changed } }
      const noticed = await Promise.all(
        ids.map(async (id) => {
          const journey = journeys.find((one) => one.id === id)
          const failed = await journey?.run(subject).then(
            () => false,
            () => true,
          )
          return failed === true ? id : `${id} does not`
        }),
      )
      expect(noticed).toEqual(ids)
    })
})
