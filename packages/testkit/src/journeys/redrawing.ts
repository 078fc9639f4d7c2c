import assert from 'node:assert/strict'

import { assertRequest } from '../assert/requests.js'
import { type Journey, journey } from './journey.js'
import { orientedPhoto } from './oriented-photo.js'
import { A, firstSeed, H, iGiven, photo, settings, t, words } from './words.js'

/** img2img on batches, on other settings, behind masks, and on given pictures of all sizes. */
export const redrawing: readonly Journey[] = [
  journey({
    id: 't-2x2+i',
    title: 't of two rounds of two, then i: four pictures, each redrawn once, in order',
    config: (names) => ({
      ...words(names),
      n_iter: 2,
      batch_size: 2,
      txt2img: {},
      img2img: { denoising_strength: 0.5 },
    }),
    instead: async ({ run, calls }) => {
      const { images, status } = await run()
      assert.equal(status, 'done')
      const [first, second, ...rest] = calls('txt2img')
      assertRequest(first, { seed: firstSeed, batch_size: 2 })
      assertRequest(second, { seed: firstSeed + 2, batch_size: 2 })
      assert.deepEqual(rest, [], 'n_iter is unrolled into two calls')
      const made = calls('txt2img').flatMap(({ outputs }) => outputs)
      const redrawn = calls('img2img')
      assert.deepEqual(
        redrawn.flatMap(({ inputs }) => inputs.map(({ digest }) => digest)),
        made.map(({ digest }) => digest),
        'img2img takes each picture once, in order',
      )
      for (const { inputs, request } of redrawn) {
        assert.ok(inputs.length <= 2, 'a call takes at most batch_size pictures')
        assert.equal(request['batch_size'], inputs.length)
      }
      assert.deepEqual(
        images.map(({ seed }) => seed),
        [1, 2, 3, 4].map((more) => firstSeed + more),
      )
    },
  }),
  journey({
    id: 't+i/other-words+h+a',
    title: 't, then i with another prompt and model, H and A: A uses the settings of i',
    config: (names) => ({
      ...words(names),
      ...t,
      img2img: { prompt: 'an oil painting of a face', model: names.other_model, steps: 6 },
      ...H(names),
      ...A(names),
    }),
    expected: {
      order: ['txt2img', 'img2img', 'refiner', 'adetailer'],
      calls: ['txt2img', 'img2img', 'refiner', 'adetailer:face'],
      sizes: ['96x144'],
    },
    also: ({ calls, names }) => {
      const own = { prompt: 'an oil painting of a face', model: names.other_model, steps: 6 }
      assertRequest(calls('txt2img')[0], { model: names.model, steps: 8 })
      assertRequest(calls('img2img')[0], own)
      assertRequest(calls('refiner')[0], own)
      assertRequest(calls('adetailer')[0], { ...own, width: 64, height: 96 })
    },
  }),
  journey({
    id: 'masked-i+h',
    title: 'a masked i, then H: the mask is img2img’s alone, and the plan says so',
    config: (names) => ({
      ...settings(names),
      img2img: { ...iGiven.img2img, mask: 'mask.png', mask_blur: 2 },
      ...H(names),
    }),
    pictures: { ...photo, 'mask.png': { width: 96, height: 64, coverage: 0.5 } },
    expected: {
      order: ['img2img', 'refiner'],
      calls: ['img2img', 'refiner'],
      sizes: ['144x96'],
    },
    also: ({ calls }, { plan }) => {
      const [masked] = calls('img2img')
      const { width, height } = (masked?.request['mask'] ?? {}) as Record<string, unknown>
      assert.deepEqual([width, height], [96, 64], 'the mask has the size of its picture')
      assertRequest(masked, { mask_blur: 2, inpainting_fill: 1 })
      assertRequest(calls('refiner')[0], { mask: undefined })
      const notes = plan.stages.flatMap((stage) => stage.notes.map(({ message }) => message))
      assert.ok(
        notes.some((note) => note.includes('mask')),
        `no note says that hires redraws outside the mask too: ${notes.join('; ')}`,
      )
    },
  }),
  journey({
    id: 'i/three-sizes',
    title: 'i with three pictures of three sizes: each keeps its own',
    config: (names) => ({ ...settings(names), img2img: { init_images: ['a', 'b', 'c'] } }),
    pictures: {
      a: { width: 64, height: 96 },
      b: { width: 96, height: 64 },
      c: { width: 80, height: 80 },
    },
    expected: {
      order: ['img2img'],
      calls: ['img2img', 'img2img', 'img2img'],
      sizes: ['64x96', '96x64', '80x80'],
    },
    also: (_, { images }) => {
      assert.deepEqual(
        images.map(({ name }) => name),
        ['a', 'b', 'c'],
      )
      assert.deepEqual(
        images.map(({ seed }) => seed),
        [0, 1, 2].map((more) => firstSeed + more),
        'seeds count up over the pictures',
      )
    },
  }),
  journey({
    id: 'i/orientation',
    title: 'i on a photo with EXIF orientation 6: it is redrawn upright',
    config: (names) => ({ ...settings(names), img2img: { init_images: ['sideways.jpg'] } }),
    instead: async ({ again, subject }) => {
      // The file holds 96×64 pixels; turned by a quarter they are 64×96.
      const upright = async (trip: ReturnType<typeof again>): Promise<void> => {
        const { images } = await trip.run()
        assertRequest(trip.calls('img2img')[0], { width: 64, height: 96 })
        assert.deepEqual([images[0]?.width, images[0]?.height], [64, 96])
      }
      if (subject.files === undefined)
        return upright(again({ pictures: { 'sideways.jpg': { width: 64, height: 96 } } }))
      return orientedPhoto('sideways.jpg', subject.files, (services) =>
        upright(again({ services })),
      )
    },
  }),
  journey({
    id: 't-4/subseed+i',
    title: 'subseed_strength 0.3 on a batch of four, chained: one seed, four subseeds',
    config: (names) => ({
      ...words(names),
      batch_size: 4,
      subseed: 500,
      subseed_strength: 0.3,
      txt2img: {},
      img2img: { denoising_strength: 0.5 },
    }),
    instead: async ({ run, calls }) => {
      const { images } = await run()
      const made = calls('txt2img').flatMap(({ outputs }) => outputs)
      const subseeds = [500, 501, 502, 503]
      assert.deepEqual(
        made.map(({ seed, settings: own }) => [seed, own?.subseed]),
        subseeds.map((subseed) => [firstSeed, subseed]),
        'what txt2img makes',
      )
      assert.deepEqual(
        images.map(({ seed, settings: own }) => [seed, own?.subseed]),
        subseeds.map((subseed) => [firstSeed + 1, subseed]),
        'what img2img makes of it',
      )
    },
  }),
]
