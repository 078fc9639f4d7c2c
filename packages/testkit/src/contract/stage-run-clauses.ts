import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'

import { type Backend, type ImageBatch, isPipelineError, type StageImage } from '@stagewright/core'

import { fakeBackend } from '../backend/fake-backend.js'
import { gate } from '../backend/scripted.js'
import { storyOf } from '../picture/fake-picture.js'
import { aDayLater } from './clock-and-chance.js'
import { outcome, repeats } from './outcome.js'
import { bench, callsOf, configOf, fakeOptions, type StageSubject } from './stage-subject.js'
import type { Clause } from './suite.js'

/** What a stage does when it runs. */
export const runClauses: readonly Clause<StageSubject>[] = [
  {
    id: 'stage/run/same-seed',
    says: 'asks for the same when the seeds are the same',
    check: async (subject) => {
      assert.deepEqual((await outcome(subject)).calls, (await outcome(subject)).calls)
    },
  },
  {
    id: 'stage/run/deterministic',
    says: 'makes the same pictures again, on another day too, if it says that it is deterministic',
    check: async (subject) => {
      if (subject.stage.definition.deterministic !== true) return
      const today = await outcome(subject)
      assert.deepEqual((await outcome(subject)).images, today.images)
      const later = await aDayLater(() => outcome(subject))
      assert.deepEqual(later.images, today.images, 'the pictures of two days')
    },
  },
  {
    id: 'stage/run/isolated',
    says: 'keeps runs that overlap apart: each does what it does alone',
    check: async (subject) => {
      if (!(await repeats(subject))) return
      const seeds = [101, 202]
      const alone: string[][] = []
      for (const seed of seeds) alone.push((await outcome(subject, { seed })).images)
      const fake = bench(subject, {
        interceptors: [
          {
            call: async (_operation, _request, _ctx, next) => {
              await turn()
              const result = await next()
              await turn()
              return result
            },
          },
        ],
      })
      const together = await Promise.all(
        seeds.map(async (seed) => {
          const { images } = await fake.run(configOf(subject, { seed }))
          return images.map(({ digest }) => digest)
        }),
      )
      assert.deepEqual(
        together,
        alone,
        'the pictures of two runs at the same time, and of each run alone',
      )
    },
  },
  {
    id: 'stage/run/batch',
    says: 'keeps the batch in order, with the seed and the lineage of each picture',
    check: async (subject) => {
      const { stage } = subject
      let given: ImageBatch = []
      const fake = bench(subject, {
        interceptors: [
          {
            stage: (plan, images, next) => {
              if (plan.name === stage.name) given = images
              return next()
            },
          },
        ],
      })
      const { images } = await fake.run(configOf(subject))
      const generates = stage.definition.generates === true
      for (const image of images)
        assert.ok(
          image.lineage.some((step) => step === stage.name || step.startsWith(`${stage.name}:`)),
          `the lineage ${image.lineage.join(' > ')} does not name the stage`,
        )
      if (given.length === 0) return
      const origins = await Promise.all(images.map((image) => originOf(image, given)))
      const each = images.length / given.length
      const expected = images.map((_, i) => Math.floor(i / each))
      assert.deepEqual(origins, expected, 'which picture each one was made from')
      for (const [i, image] of images.entries()) {
        const from = given[origins[i] as number] as StageImage
        assert.deepEqual(
          image.lineage.slice(0, from.lineage.length),
          from.lineage,
          'a picture’s lineage begins with that of the picture it was made from',
        )
        if (!generates) assert.equal(image.seed, from.seed, 'a picture keeps its seed')
      }
    },
  },
  {
    id: 'stage/run/partial',
    says: 'goes on with the other pictures when one fails',
    check: async (subject) => {
      const { stage } = subject
      const first = bench(subject)
      const { images } = await first.run(configOf(subject))
      const calls = callsOf(first.calls, stage)
      const singly = calls.length >= 3 && calls.every(({ inputs }) => inputs.length === 1)
      if (!singly || !(await repeats(subject))) return
      const fake = bench(subject, {
        script: [{ stage: stage.name, picture: 2, fail: new Error('contract') }],
      })
      const result = await fake.run(configOf(subject))
      const lost = images.length / 3
      assert.equal(result.status, 'partial')
      assert.deepEqual(
        result.images.map(({ digest }) => digest),
        images.filter((_, i) => i < lost || i >= 2 * lost).map(({ digest }) => digest),
        'the pictures that are left',
      )
    },
  },
  {
    id: 'stage/abort',
    says: 'stops at once when the run is aborted, without a further call, and without reading on',
    check: async (subject) => {
      const { stage } = subject
      const trial = bench(subject)
      const { plan } = await trial.run(configOf(subject))
      const calls = callsOf(trial.calls, stage).length
      // A stage that is merged stops with its host.
      const [host] = plan.stages.find(({ name }) => name === stage.name)?.execution.into ?? []
      const at = calls > 0 ? stage.name : host
      const held = gate()
      const controller = new AbortController()
      const fake = bench(subject, {
        script: at === undefined ? [] : [{ stage: at, call: 1, wait: held }],
        observers: [
          (event) => {
            if (at !== undefined || event.type !== 'stage-started') return
            if (event.stage === stage.name) controller.abort()
          },
        ],
      })
      const run = fake.run(configOf(subject), { signal: controller.signal })
      const ended = run.then(
        () => undefined,
        (error: unknown) => error,
      )
      await Promise.race([held.reached, ended])
      controller.abort()
      const error = await ended
      assert.ok(error !== undefined, 'the run went on to its end')
      assert.ok(isPipelineError(error), 'the run failed with an error that is not ours')
      assert.equal(error.kind, 'aborted', `the run failed with ${error.code}: ${error.message}`)
      assert.ok(callsOf(fake.calls, stage).length <= 1, 'a further call was made')
      if (at === undefined) assert.equal(await readOn(subject), 0, 'further pictures were read')
    },
  },
]

/** How many pictures a stage that makes no call reads once the run was aborted at the first one. */
async function readOn(subject: StageSubject): Promise<number> {
  const controller = new AbortController()
  const straight = fakeBackend(fakeOptions(subject))
  let late = false
  let count = 0
  const watched = (image: StageImage): StageImage => ({
    ...image,
    bytes: async () => {
      if (late) count += 1
      controller.abort()
      await turn()
      late = true
      return image.bytes()
    },
  })
  const backend: Backend = {
    ...straight,
    call: async (operation, request, ctx) => {
      const { images } = await straight.call(operation, request, ctx)
      return { images: images.map(watched) }
    },
  }
  await bench(subject, { backend })
    .run(configOf(subject), { signal: controller.signal })
    .catch(() => undefined)
  return count
}

/** The place, among the pictures given, of the one that a picture was made from; -1 when that cannot be told. */
async function originOf(image: StageImage, given: ImageBatch): Promise<number> {
  const story = await storyOf(image)
  const known = new Set([image.digest, ...(story?.ancestors ?? [])])
  const byDigest = given.findIndex(({ digest }) => known.has(digest))
  return byDigest >= 0 ? byDigest : given.findIndex(({ seed }) => seed === image.seed)
}
