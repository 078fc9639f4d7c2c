import assert from 'node:assert/strict'

import { Hires, Refiner } from '@stagewright/core'

import { assertNoKey, assertNoSlot, assertRequest, assertSlot } from '../assert/requests.js'
import { type Journey, journey } from './journey.js'
import { A, firstSeed, H, i, iGiven, pass, photo, R, RH, settings, t, U, words } from './words.js'

/** Which stages are on, and what then comes out. */
export const combinations: readonly Journey[] = [
  journey({
    id: 't',
    title: 't: txt2img alone makes one call, without slots',
    config: (names) => ({ ...words(names), ...t }),
    expected: { order: ['txt2img'], calls: ['txt2img'], sizes: ['64x96'] },
    also: ({ calls }) => assert.deepEqual(calls('txt2img')[0]?.contributions, []),
  }),
  journey({
    id: 't+r',
    title: 't+R: the refiner rides on the txt2img call',
    config: (names) => ({ ...words(names), ...t, ...R(names) }),
    expected: { order: ['txt2img', 'refiner'], calls: ['txt2img'], sizes: ['64x96'] },
    also: ({ calls, names }) => {
      assertSlot(calls('txt2img')[0], Refiner, {
        refiner_checkpoint: names.refiner,
        refiner_switch_at: 0.8,
        refiner_switch_by: 'steps',
      })
      assertNoSlot(calls('txt2img')[0], Hires)
      assertRequest(calls('txt2img')[0], { model: names.model })
    },
  }),
  journey({
    id: 't+h',
    title: 't+H: the hires pass rides on the txt2img call',
    config: (names) => ({ ...words(names), ...t, ...H(names) }),
    expected: { order: ['txt2img', 'refiner'], calls: ['txt2img'], sizes: ['96x144'] },
    also: ({ calls, names }, { images }) => {
      const [call] = calls('txt2img')
      assertRequest(call, { width: 64, height: 96 })
      assertSlot(call, Hires, { hr_scale: 1.5, hr_upscaler: names.hires_upscaler })
      assertNoSlot(call, Refiner)
      const { width, height } = images[0]?.settings ?? {}
      assert.deepEqual([width, height], [64, 96], 'settings tell the generation size')
    },
  }),
  journey({
    id: 't+r+h',
    title: 't+R+H: both ride on the txt2img call, and the refiner acts on the second pass',
    config: (names) => ({ ...words(names), ...t, ...RH(names) }),
    expected: { order: ['txt2img', 'refiner'], calls: ['txt2img'], sizes: ['96x144'] },
    also: ({ calls }) => {
      assertSlot(calls('txt2img')[0], Hires)
      assertSlot(calls('txt2img')[0], Refiner, { refiner_pass: 'second' })
    },
  }),
  journey({
    id: 't+h/own',
    title: 't+H as a call of its own: the same size, seed and settings as merged',
    config: (names) => ({
      ...words(names),
      ...t,
      refiner: { ...pass(names), hr_strategy: 'own' },
    }),
    expected: { order: ['txt2img', 'refiner'], calls: ['txt2img', 'refiner'], sizes: ['96x144'] },
    also: async ({ calls, again, names, config }, { images }) => {
      assertNoSlot(calls('txt2img')[0], Hires)
      assertRequest(calls('refiner')[0], { seed: firstSeed, steps: 8, width: 96, height: 144 })
      const merged = await again({
        config: () => ({ ...config, refiner: pass(names) }),
      }).run()
      assert.equal(images[0]?.seed, merged.images[0]?.seed)
      assert.deepEqual(images[0]?.settings, merged.images[0]?.settings)
    },
  }),
  journey({
    id: 't+i',
    title: 't+i: img2img redraws what txt2img made, one seed further',
    config: (names) => ({ ...words(names), ...t, ...i }),
    expected: { order: ['txt2img', 'img2img'], calls: ['txt2img', 'img2img'], sizes: ['64x96'] },
    also: ({ calls }, { images }) => {
      assertRequest(calls('img2img')[0], {
        images: [calls('txt2img')[0]?.outputs[0]],
        seed: firstSeed + 1,
        denoising_strength: 0.5,
        img2img_fix_steps: false,
      })
      assert.equal(images[0]?.seed, firstSeed + 1)
    },
  }),
  journey({
    id: 'i',
    title: 'i: img2img redraws a given picture at its own size',
    config: (names) => ({ ...settings(names), ...iGiven }),
    pictures: photo,
    expected: { order: ['img2img'], calls: ['img2img'], sizes: ['96x64'] },
    also: ({ calls }, { images }) => {
      assertRequest(calls('img2img')[0], { seed: firstSeed, width: 96, height: 64 })
      assert.equal(images[0]?.name, 'photo.jpg', 'a picture keeps its name')
    },
  }),
  journey({
    id: 't+u+a',
    title: 't+U+A: ADetailer sees the enlarged picture, and works at its generation size',
    config: (names) => ({ ...words(names), ...t, ...U(names), ...A(names) }),
    expected: {
      order: ['txt2img', 'upscale', 'adetailer'],
      calls: ['txt2img', 'upscale', 'adetailer:face'],
      sizes: ['128x192'],
    },
    also: ({ calls }) => {
      assertRequest(calls('adetailer')[0], {
        image: calls('upscale')[0]?.outputs[0],
        width: 64,
        height: 96,
      })
    },
  }),
  journey({
    id: 't+i+r',
    title: 't+i+R: the refiner rides on the last generating call, not on the first',
    config: (names) => ({ ...words(names), ...t, ...i, ...R(names) }),
    expected: {
      order: ['txt2img', 'img2img', 'refiner'],
      calls: ['txt2img', 'img2img'],
      sizes: ['64x96'],
    },
    also: ({ calls }) => {
      assertNoSlot(calls('txt2img')[0], Refiner)
      assertSlot(calls('img2img')[0], Refiner)
    },
  }),
  journey({
    id: 't+i+r+h+u+a',
    title: 't+i+R+H+U+A: everything, in its order',
    config: (names) => ({ ...words(names), ...t, ...i, ...RH(names), ...U(names), ...A(names) }),
    expected: {
      order: ['txt2img', 'img2img', 'refiner', 'upscale', 'adetailer'],
      calls: ['txt2img', 'img2img', 'refiner', 'upscale', 'adetailer:face'],
      sizes: ['192x288'],
    },
    also: ({ calls }) => {
      assertNoSlot(calls('txt2img')[0], Refiner)
      assertNoSlot(calls('img2img')[0], Refiner)
      assertSlot(calls('refiner')[0], Refiner)
    },
  }),
  journey({
    id: 'i+a',
    title: 'i+A: a given picture is redrawn, then repaired',
    config: (names) => ({ ...settings(names), ...iGiven, ...A(names) }),
    pictures: photo,
    expected: {
      order: ['img2img', 'adetailer'],
      calls: ['img2img', 'adetailer:face'],
      sizes: ['96x64'],
    },
  }),
  journey({
    id: 'i+u+a',
    title: 'i+U+A: a given picture is redrawn, enlarged, then repaired',
    config: (names) => ({ ...settings(names), ...iGiven, ...U(names), ...A(names) }),
    pictures: photo,
    expected: {
      order: ['img2img', 'upscale', 'adetailer'],
      calls: ['img2img', 'upscale', 'adetailer:face'],
      sizes: ['192x128'],
    },
  }),
  journey({
    id: 'i+h+a',
    title: 'i+H+A: hires after img2img is a call of its own, and ADetailer sees its result',
    config: (names) => ({ ...settings(names), ...iGiven, ...H(names), ...A(names) }),
    pictures: photo,
    expected: {
      order: ['img2img', 'refiner', 'adetailer'],
      calls: ['img2img', 'refiner', 'adetailer:face'],
      sizes: ['144x96'],
    },
    also: ({ calls, fake }) => {
      assertRequest(calls('refiner')[0], {
        images: [calls('img2img')[0]?.outputs[0]],
        denoising_strength: 0.4,
        seed: firstSeed,
        img2img_fix_steps: true,
        initial_noise_multiplier: 1,
      })
      assertNoKey(fake.calls, /refiner/)
    },
  }),
  journey({
    id: 'reprocess/a',
    title: 'A alone as a reprocess run repairs given pictures',
    config: (names) => ({ prompt: 'a face', ...A(names) }),
    reprocess: [{ width: 96, height: 64 }],
    expected: { order: ['adetailer'], calls: ['adetailer:face'], sizes: ['96x64'] },
    also: ({ calls }) => assertRequest(calls('adetailer')[0], { prompt: 'a face' }),
  }),
  journey({
    id: 'reprocess/u+a',
    title: 'U+A as a reprocess run enlarges given pictures, then repairs them',
    config: (names) => ({ ...U(names), ...A(names) }),
    reprocess: [{ width: 96, height: 64 }],
    expected: {
      order: ['upscale', 'adetailer'],
      calls: ['upscale', 'adetailer:face'],
      sizes: ['192x128'],
    },
  }),
]
