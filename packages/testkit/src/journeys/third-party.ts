import assert from 'node:assert/strict'

import {
  defineStage,
  Hires,
  Img2Img,
  Phase,
  Refiner,
  type Sampling,
  type StageImage,
} from '@stagewright/core'

import { assertNoSlot, assertSlot } from '../assert/requests.js'
import { plainSchema } from '../contract/plain-schema.js'
import { type Journey, journey } from './journey.js'
import { H, RH, t, words } from './words.js'

/** A stage as someone else would write it: a call of its own on each picture, after generation. */
export const wash = defineStage({
  name: 'acme_wash',
  phase: Phase.Transform,
  consumes: 'images',
  config: plainSchema<{ strength?: number }>({
    type: 'object',
    properties: {
      strength: {
        type: 'number',
        minimum: 0,
        maximum: 1,
        default: 0.2,
        description: 'How much is washed',
      },
    },
  }),
  plan: (_, { input }) => ({
    call: { operation: Img2Img, times: input.length },
    why: 'a wash over each picture',
  }),
  execute: (ctx, images) =>
    ctx.each(images, async (image) => {
      const made = await ctx.call(Img2Img, washing(image, ctx.config.strength ?? 0.2))
      return made.map((one) => ({ ...one, settings: image.settings }))
    }),
})

function washing(image: StageImage, strength: number) {
  return {
    ...(image.settings as Sampling),
    seed: image.seed,
    width: image.width,
    height: image.height,
    images: [image],
    batch_size: 1,
    denoising_strength: strength,
    resize_mode: 0,
    img2img_fix_steps: false,
  }
}

/** A third party's call between txt2img and the refiner keeps the two apart. */
export const thirdParty: readonly Journey[] = [
  journey({
    id: 'third-party/h',
    title: 'an own-call stage between t and H: hires is not fused across it',
    config: (names) => ({ ...words(names), ...t, acme_wash: {}, ...H(names) }),
    stages: (own) => [wash, own.refiner, own.txt2img],
    expected: {
      order: ['txt2img', 'acme_wash', 'refiner'],
      calls: ['txt2img', 'acme_wash', 'refiner'],
      sizes: ['96x144'],
    },
    also: ({ calls }) => {
      for (const call of [...calls('txt2img'), ...calls('acme_wash')]) assertNoSlot(call, Hires)
    },
  }),
  journey({
    id: 'third-party/r+h',
    title: 'an own-call stage between t and R+H: the refiner acts in the pass of its own call',
    config: (names) => ({ ...words(names), ...t, acme_wash: {}, ...RH(names) }),
    stages: (own) => [own.txt2img, own.refiner, wash],
    expected: {
      order: ['txt2img', 'acme_wash', 'refiner'],
      calls: ['txt2img', 'acme_wash', 'refiner'],
      sizes: ['96x144'],
    },
    also: ({ calls }, { plan }) => {
      for (const call of [...calls('txt2img'), ...calls('acme_wash')]) assertNoSlot(call, Refiner)
      assertSlot(calls('refiner')[0], Refiner)
      const own = plan.stages.find(({ name }) => name === 'refiner')
      assert.equal(own?.execution.kind, 'call')
      assert.ok(own.contributions.every(({ to }) => !to.includes('txt2img')))
    },
  }),
]
