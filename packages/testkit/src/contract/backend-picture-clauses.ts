import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'

import {
  type Backend,
  Detail,
  type ImageBatch,
  Img2Img,
  onGrid,
  readImageHeader,
  type StageImage,
  Txt2Img,
  type Txt2ImgRequest,
  Upscale,
} from '@stagewright/core'

import { onePicture, tried } from './backend-promise-clauses.js'
import type { BackendSubject } from './backend-subject.js'
import { ask, img2img, minimalRequest, sampling, txt2img } from './minimal-requests.js'
import type { Clause } from './suite.js'

/** What a backend's pictures are. */
export const pictureClauses: readonly Clause<BackendSubject>[] = [
  {
    id: 'backend/pictures/readable',
    says: 'gives pictures whose bytes have the size, type and digest that they say',
    check: async (subject) => {
      const backend = await subject.backend()
      const image = await onePicture(backend, subject)
      const { operations } = await backend.describe()
      for (const name of operations) {
        const request = minimalRequest(subject, name, image)
        const result = await tried(ask(backend, name, request))
        for (const made of result?.images ?? []) {
          const bytes = await made.bytes()
          const { width, height, mediaType } = made
          assert.deepEqual(readImageHeader(bytes), { width, height, mediaType }, `of ${name}`)
          const digest = createHash('sha256').update(bytes).digest('hex')
          assert.equal(made.digest, digest, `the digest of a picture of ${name}`)
        }
      }
    },
  },
  {
    id: 'backend/pictures/settings',
    says: 'tells the resolved settings of the pictures that it generates',
    check: async (subject) => {
      const backend = await subject.backend()
      const { grid } = await backend.describe()
      const request = txt2img(subject)
      const [image] = (await ask(backend, Txt2Img.name, request)).images
      const { prompt: _, ...asked } = sampling(subject)
      const { prompt = '', ...told } = image?.settings ?? {}
      assert.notEqual(prompt, '', 'settings tell no prompt')
      const picked = Object.fromEntries(
        Object.keys(asked).map((key) => [key, told[key as keyof typeof told]]),
      )
      const { width, height } = asked
      assert.deepEqual(picked, {
        ...asked,
        width: onGrid(width, grid),
        height: onGrid(height, grid),
      })
      assert.equal(image?.seed, asked.seed, 'the picture’s seed')
    },
  },
  {
    id: 'backend/seeds/count-up',
    says: 'counts seeds up over a batch; with a variation, subseeds',
    check: async (subject) => {
      const backend = await subject.backend()
      const plain = await batch(backend, txt2img(subject, { seed: 40, batch_size: 3 }))
      assert.deepEqual(
        plain.map(({ seed }) => seed),
        [40, 41, 42],
      )
      const varied = await batch(
        backend,
        txt2img(subject, { seed: 40, subseed: 70, subseed_strength: 0.3, batch_size: 3 }),
      )
      assert.deepEqual(
        varied.map(({ seed, settings }) => [seed, settings?.subseed]),
        [
          [40, 70],
          [40, 71],
          [40, 72],
        ],
        'seed and subseed of a batch of variations',
      )
    },
  },
  {
    id: 'backend/seeds/repeat',
    says: 'makes the same picture from the same request, alone or in a batch, and others from other seeds',
    check: async (subject) => {
      const backend = await subject.backend()
      const digests = async (changes: Partial<Txt2ImgRequest>) =>
        (await batch(backend, txt2img(subject, changes))).map(({ digest }) => digest)
      const [first, second] = await digests({ seed: 40, batch_size: 2 })
      assert.notEqual(second, first, 'two seeds give one picture')
      assert.deepEqual(await digests({ seed: 40, batch_size: 2 }), [first, second], 'asked twice')
      assert.deepEqual(await digests({ seed: 41 }), [second], 'seed 41 alone')
    },
  },
  {
    id: 'backend/seeds/largest',
    says: 'takes every seed up to the largest that it tells',
    check: async (subject) => {
      const backend = await subject.backend()
      const { maxSeed = 2 ** 32 - 1 } = await backend.describe()
      for (const seed of [0, maxSeed]) {
        const [image] = await batch(backend, txt2img(subject, { seed }))
        assert.equal(image?.seed, seed, 'the seed of the picture, and the seed asked for')
      }
    },
  },
  {
    id: 'backend/sizes/grid',
    says: 'makes pictures on its grid, and only there',
    check: async (subject) => {
      const backend = await subject.backend()
      const { grid } = await backend.describe()
      const { width, height } = sampling(subject)
      const odd = { width: width + 3, height: height + 5 }
      const [image] = await batch(backend, txt2img(subject, odd))
      assert.deepEqual(
        [image?.width, image?.height],
        [onGrid(odd.width, grid), onGrid(odd.height, grid)],
        `${odd.width}x${odd.height} on a grid of ${grid.multiple}, ${grid.round}`,
      )
    },
  },
  {
    id: 'backend/sizes/operations',
    says: 'redraws at the size asked for, enlarges by the factor, and repairs at the same size',
    check: async (subject) => {
      const backend = await subject.backend()
      const { operations } = await backend.describe()
      const image = await onePicture(backend, subject)
      const { width, height } = image
      const size = async (name: string, request: unknown) => {
        const [made] = (await ask(backend, name, request)).images
        return [made?.width, made?.height]
      }
      if (operations.includes(Img2Img.name)) {
        const larger = { width: width + 64, height: height + 64 }
        const asked = img2img(subject, [image], larger)
        assert.deepEqual(await size(Img2Img.name, asked), [width + 64, height + 64], Img2Img.name)
      }
      for (const [name, factor] of [
        [Upscale.name, 2],
        [Detail.name, 1],
      ] as const)
        if (operations.includes(name))
          assert.deepEqual(
            await size(name, minimalRequest(subject, name, image)),
            [width * factor, height * factor],
            name,
          )
    },
  },
  {
    id: 'backend/batch/one-in-one-out',
    says: 'gives one picture for each that it takes, in order, with its seed',
    check: async (subject) => {
      const backend = await subject.backend()
      const { operations } = await backend.describe()
      const images = await batch(backend, txt2img(subject, { seed: 40, batch_size: 2 }))
      for (const name of operations.filter((one) => one !== Txt2Img.name)) {
        const request = minimalRequest(subject, name, images[0] as StageImage)
        const made = await tried(ask(backend, name, request))
        if (made === undefined) continue
        assert.equal(made.images.length, 1, `pictures of ${name} for one`)
        if (name === Upscale.name || name === Detail.name)
          assert.equal(made.images[0]?.seed, 40, `${name} keeps the seed`)
      }
      if (!operations.includes(Img2Img.name)) return
      const [first = assert.fail('no first picture'), second = assert.fail('no second picture')] =
        images
      const digests = async (pictures: ImageBatch, seed: number) => {
        const request = img2img(subject, pictures, { seed })
        return (await ask(backend, Img2Img.name, request)).images.map(({ digest }) => digest)
      }
      assert.deepEqual(
        await digests([first, second], 50),
        [...(await digests([first], 50)), ...(await digests([second], 51))],
        'two pictures in one call, and each alone',
      )
    },
  },
]

async function batch(backend: Backend, request: Txt2ImgRequest): Promise<ImageBatch> {
  return (await ask(backend, Txt2Img.name, request)).images
}
