import assert from 'node:assert/strict'

import { Hires, Img2Img, Refiner } from '@stagewright/core'

import { assertNoSlot, assertRequest, assertSlot } from '../assert/requests.js'
import { type Journey, journey } from './journey.js'
import { firstSeed, H, i, iGiven, pass, photo, settings, switchOn, t, U, words } from './words.js'

/** The high-res pass and the refiner, in their variants. */
export const hires: readonly Journey[] = [
  journey({
    id: 'h/with-i-and-u',
    title: 'H with i and U on: on the redrawn picture, before it is enlarged',
    config: (names) => ({ ...words(names), ...t, ...i, ...H(names), ...U(names) }),
    expected: {
      order: ['txt2img', 'img2img', 'refiner', 'upscale'],
      calls: ['txt2img', 'img2img', 'refiner', 'upscale'],
      sizes: ['192x288'],
    },
    also: ({ calls }) => {
      assertNoSlot(calls('txt2img')[0], Hires)
      assertRequest(calls('refiner')[0], { seed: firstSeed + 1, width: 96, height: 144 })
    },
  }),
  ...(['merged', 'own'] as const).map((hr_strategy) =>
    journey({
      id: `h/both-resizes/${hr_strategy}`,
      title: `H to a size of another aspect, ${hr_strategy}: scaled to cover, then cropped`,
      config: (names) => {
        const { hr_scale: _, ...rest } = pass(names)
        return {
          ...words(names),
          ...t,
          refiner: { ...rest, hr_resize_x: 96, hr_resize_y: 96, hr_strategy },
        }
      },
      expected: {
        order: ['txt2img', 'refiner'],
        calls: hr_strategy === 'merged' ? ['txt2img'] : ['txt2img', 'refiner'],
        sizes: ['96x96'],
      },
      also: ({ calls }) => {
        if (hr_strategy === 'own')
          return assertRequest(calls('refiner')[0], { resize_mode: 1, width: 96, height: 96 })
        return assertSlot(calls('txt2img')[0], Hires, { hr_resize_x: 96, hr_resize_y: 96 })
      },
    }),
  ),
  ...([0, 5] as const).map((steps) =>
    journey({
      id: `h/second-pass-steps-${steps}`,
      title: `H with hr_second_pass_steps ${steps}: exactly ${steps === 0 ? 'as many steps as the first pass' : steps}`,
      config: (names) => ({
        ...words(names),
        ...t,
        refiner: { ...pass(names), hr_second_pass_steps: steps, hr_strategy: 'own' },
      }),
      expected: {
        order: ['txt2img', 'refiner'],
        calls: ['txt2img', 'refiner'],
        sizes: ['96x144'],
      },
      also: async ({ calls, again, names, config }) => {
        assertRequest(calls('refiner')[0], {
          steps: steps === 0 ? 8 : steps,
          img2img_fix_steps: true,
        })
        const refiner = { ...pass(names), hr_second_pass_steps: steps }
        const merged = again({ config: () => ({ ...config, refiner }) })
        await merged.run()
        assertSlot(merged.calls('txt2img')[0], Hires, { hr_second_pass_steps: steps })
      },
    }),
  ),
  ...(['merged', 'own'] as const).map((hr_strategy) =>
    journey({
      id: `h/checkpoint/${hr_strategy}`,
      title: `H on another checkpoint, ${hr_strategy}: the pass alone, and later stages keep the first`,
      config: (names) => ({
        ...words(names),
        ...t,
        refiner: { ...pass(names), hr_checkpoint_name: names.other_model, hr_strategy },
      }),
      expected: {
        order: ['txt2img', 'refiner'],
        calls: hr_strategy === 'merged' ? ['txt2img'] : ['txt2img', 'refiner'],
        sizes: ['96x144'],
      },
      also: ({ calls, names }, { images }) => {
        assertRequest(calls('txt2img')[0], { model: names.model })
        if (hr_strategy === 'own') assertRequest(calls('refiner')[0], { model: names.other_model })
        else assertSlot(calls('txt2img')[0], Hires, { hr_checkpoint_name: names.other_model })
        assert.equal(images[0]?.settings?.model, names.model)
      },
    }),
  ),
  ...(['first', 'both'] as const).map((refiner_pass) =>
    journey({
      id: `rh/pass-${refiner_pass}-on-i`,
      title: `R+H on i with refiner_pass ${refiner_pass}: on img2img's own pass${refiner_pass === 'both' ? ' and on the second' : ' alone'}`,
      config: (names) => ({
        ...settings(names),
        ...iGiven,
        refiner: { ...switchOn(names), ...pass(names), refiner_pass },
      }),
      pictures: photo,
      expected: {
        order: ['img2img', 'refiner'],
        calls: ['img2img', 'refiner'],
        sizes: ['144x96'],
      },
      also: ({ calls, names, fake }) => {
        for (const { operation } of fake.calls) assert.equal(operation, Img2Img.name)
        assertSlot(calls('img2img')[0], Refiner, { refiner_checkpoint: names.refiner })
        if (refiner_pass === 'both') assertSlot(calls('refiner')[0], Refiner)
        else assertNoSlot(calls('refiner')[0], Refiner)
      },
    }),
  ),
]
