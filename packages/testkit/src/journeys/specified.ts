import assert from 'node:assert/strict'

import { Hires, Refiner } from '@stagewright/core'

import { assertRequest, assertSlot } from '../assert/requests.js'
import { type Journey, journey } from './journey.js'
import { A, firstSeed, H, i, iGiven, photo, RH, settings, t, U, words } from './words.js'

/** The journeys that the specification names. */
export const specified: readonly Journey[] = [
  journey({
    id: 'jt03/txt2img',
    title: 'JT03: txt2img makes a picture of the size and seed asked for',
    config: (names) => ({ ...words(names), ...t }),
    expected: { order: ['txt2img'], calls: ['txt2img'], sizes: ['64x96'] },
    also: ({ calls, names, config }, { images, stages }) => {
      assertRequest(calls('txt2img')[0], {
        prompt: config['prompt'],
        negative_prompt: config['negative_prompt'],
        model: names.model,
        seed: firstSeed,
        steps: 8,
        width: 64,
        height: 96,
        batch_size: 1,
      })
      assert.equal(images[0]?.seed, firstSeed)
      assert.equal(images[0]?.settings?.prompt, config['prompt'])
      assert.deepEqual(
        stages.map(({ outcome }) => outcome),
        ['done'],
      )
    },
  }),
  journey({
    id: 'jt04/img2img-adetailer',
    title: 'JT04: img2img redraws a photo, and ADetailer repairs the result',
    config: (names) => ({ ...settings(names), ...iGiven, ...A(names) }),
    pictures: photo,
    expected: {
      order: ['img2img', 'adetailer'],
      calls: ['img2img', 'adetailer:face'],
      sizes: ['96x64'],
    },
    also: ({ calls, names }) => {
      assertRequest(calls('img2img')[0], { denoising_strength: 0.5, width: 96, height: 64 })
      assertRequest(calls('adetailer')[0], {
        ad_model: names.face,
        image: calls('img2img')[0]?.outputs[0],
      })
    },
  }),
  journey({
    id: 'jt05/upscale-after-generation',
    title: 'JT05: upscale enlarges what was generated',
    config: (names) => ({ ...words(names), ...t, ...U(names) }),
    expected: { order: ['txt2img', 'upscale'], calls: ['txt2img', 'upscale'], sizes: ['128x192'] },
    also: ({ calls, names }, { images }) => {
      assertRequest(calls('upscale')[0], {
        mode: 'extras',
        upscaler_1: names.upscaler,
        upscaling_resize: 2,
      })
      assert.equal(images[0]?.seed, firstSeed, 'an enlarged picture keeps its seed')
      assert.equal(images[0]?.settings?.width, 64, 'and the settings it was generated with')
    },
  }),
  journey({
    id: 'jt05/upscale-reprocess',
    title: 'JT05: upscale enlarges given pictures, in order',
    config: (names) => U(names),
    reprocess: [
      { width: 96, height: 64, name: 'one.png' },
      { width: 64, height: 64, name: 'two.png' },
    ],
    expected: {
      order: ['upscale'],
      calls: ['upscale', 'upscale'],
      sizes: ['192x128', '128x128'],
    },
    also: (_, { images }) => {
      assert.deepEqual(
        images.map(({ name }) => name),
        ['one.png', 'two.png'],
        'pictures keep their names',
      )
    },
  }),
  journey({
    id: 'full',
    title: 'the full pipeline: txt2img, img2img, refiner and hires, upscale, ADetailer',
    config: (names) => ({ ...words(names), ...t, ...i, ...RH(names), ...U(names), ...A(names) }),
    expected: {
      order: ['txt2img', 'img2img', 'refiner', 'upscale', 'adetailer'],
      calls: ['txt2img', 'img2img', 'refiner', 'upscale', 'adetailer:face'],
      sizes: ['192x288'],
    },
    also: ({ calls, names }, { plan }) => {
      const [own] = calls('refiner')
      assert.equal(own?.operation, 'img2img', 'after img2img the hires pass is a call of its own')
      assertRequest(own, { model: names.model, width: 96, height: 144, img2img_fix_steps: true })
      assertSlot(own, Refiner, { refiner_checkpoint: names.refiner })
      assert.equal(JSON.stringify(JSON.parse(JSON.stringify(plan))), JSON.stringify(plan))
    },
  }),
  journey({
    id: 'refiner-hires-adetailer',
    title: 'the refiner and hires act on the generated picture, ADetailer on the high-res result',
    config: (names) => ({ ...words(names), ...t, ...RH(names), ...A(names) }),
    expected: {
      order: ['txt2img', 'refiner', 'adetailer'],
      calls: ['txt2img', 'adetailer:face'],
      sizes: ['96x144'],
    },
    also: ({ calls, names }, { plan }) => {
      const merged = plan.stages.find(({ name }) => name === 'refiner')
      assert.deepEqual(merged?.execution, { kind: 'merged', into: ['txt2img'] })
      assertSlot(calls('txt2img')[0], Hires, { hr_scale: 1.5, denoising_strength: 0.4 })
      assertSlot(calls('txt2img')[0], Refiner, {
        refiner_checkpoint: names.refiner,
        refiner_pass: 'second',
      })
      assertRequest(calls('txt2img')[0], { model: names.model })
      const [seen] = calls('adetailer')
      assert.deepEqual([seen?.inputs[0]?.width, seen?.inputs[0]?.height], [96, 144])
    },
  }),
  journey({
    id: 't+h+a',
    title: 'hires without a refiner: no trace of one, and ADetailer last',
    config: (names) => ({ ...words(names), ...t, ...H(names), ...A(names) }),
    expected: {
      order: ['txt2img', 'refiner', 'adetailer'],
      calls: ['txt2img', 'adetailer:face'],
      sizes: ['96x144'],
    },
  }),
]
