import assert from 'node:assert/strict'

import { assertRequest } from '../assert/requests.js'
import { type Journey, journey } from './journey.js'
import { A, firstSeed, t, words } from './words.js'

/** ADetailer on batches and with several units, and when it finds nothing or fails. */
export const detailing: readonly Journey[] = [
  journey({
    id: 't-4+a',
    title: 'a batch of four with A: one pass of the stage over the whole batch, in order',
    config: (names) => ({ ...words(names), batch_size: 4, ...t, ...A(names) }),
    expected: {
      order: ['txt2img', 'adetailer'],
      calls: ['txt2img', ...Array.from({ length: 4 }, () => 'adetailer:face')],
      sizes: Array.from({ length: 4 }, () => '64x96'),
    },
    also: ({ calls }, { images, stages }) => {
      const seeds = [0, 1, 2, 3].map((more) => firstSeed + more)
      assert.deepEqual(
        images.map(({ seed }) => seed),
        seeds,
      )
      for (const [at, call] of calls('adetailer').entries())
        assertRequest(call, { seed: seeds[at] })
      assert.equal(stages.filter(({ name }) => name === 'adetailer').length, 1)
    },
  }),
  journey({
    id: 'a/five-units',
    title: 'five ADetailer units: in order, each on the result of the one before',
    config: (names) => ({
      ...words(names),
      ...t,
      adetailer: {
        units: ['one', 'two', 'three', 'four', 'five'].map((name, at) => ({
          name,
          ad_model: at % 2 === 0 ? names.face : names.hands,
        })),
      },
    }),
    expected: {
      order: ['txt2img', 'adetailer'],
      calls: [
        'txt2img',
        ...['one', 'two', 'three', 'four', 'five'].map((name) => `adetailer:${name}`),
      ],
      sizes: ['64x96'],
    },
    also: ({ calls, names }, { stages }) => {
      const units = calls('adetailer')
      for (const [at, call] of units.entries())
        assertRequest(call, {
          image: at === 0 ? calls('txt2img')[0]?.outputs[0] : units[at - 1]?.outputs[0],
          ad_model: at % 2 === 0 ? names.face : names.hands,
        })
      const summary = stages.find(({ name }) => name === 'adetailer')?.summary ?? []
      assert.equal(summary.length, 5, 'the result tells of each unit')
    },
  }),
  journey({
    id: 'a/nothing-found',
    title: 'A finds nothing: unchanged, and the picture is the one that came in',
    config: (names) => ({ ...words(names), ...t, ...A(names) }),
    script: [{ stage: 'adetailer', nothingFound: true }],
    instead: async ({ run, calls }) => {
      const { status, images, stages } = await run()
      assert.equal(status, 'done')
      const own = stages.find(({ name }) => name === 'adetailer')
      assert.equal(own?.outcome, 'unchanged')
      assert.deepEqual(own?.summary, ['face: nothing found in 1'])
      assert.equal(images[0]?.digest, calls('txt2img')[0]?.outputs[0]?.digest)
    },
  }),
  journey({
    id: 'a/fails-on-2-of-3',
    title: 'A fails on picture 2 of 3: 1 and 3 are kept, and the result is partial',
    config: (names) => ({ ...words(names), batch_size: 3, ...t, ...A(names) }),
    script: [{ stage: 'adetailer', picture: 2, fail: new Error('the detector fell over') }],
    instead: async ({ run, calls }) => {
      const { status, images, stages, unfinished } = await run()
      assert.equal(status, 'partial')
      assert.deepEqual(
        images.map(({ seed }) => seed),
        [firstSeed, firstSeed + 2],
      )
      assert.equal(calls('adetailer').length, 3, 'picture 3 is worked on')
      assert.equal(stages.find(({ name }) => name === 'adetailer')?.outcome, 'partial')
      assert.equal(unfinished.length, 1)
      const [lost] = unfinished
      assert.equal(lost?.stage, 'adetailer')
      assert.equal(lost?.image?.digest, calls('txt2img')[0]?.outputs[1]?.digest)
      assert.match(lost?.error.message ?? '', /the detector fell over/)
    },
  }),
]
