import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { callsFor, type PlannedCall, type Source } from '../src/calls.js'
import { type Img2ImgConfig, img2imgConfig } from '../src/config.js'

describe('as the first generating stage', () => {
  test('each picture gives batch_size variations a call, and seeds count up over all', () => {
    const calls = callsFor(config({ seed: 10, batch_size: 2, n_iter: 2 }), sources(2), true, true)
    expect(calls.map(brief)).toEqual([
      [[0], 10, 2],
      [[0], 12, 2],
      [[1], 14, 2],
      [[1], 16, 2],
    ])
  })
})

describe('after another stage', () => {
  test('the seed is the picture’s own + 1, so that the same noise does not come twice', () => {
    const calls = callsFor(config({}), sources(1, { seed: 100 }), false, true)
    expect(calls.map(({ seed }) => seed)).toEqual([101])
  })

  test('a seed of the section’s own counts up over the pictures', () => {
    const calls = callsFor(config({ seed: 7 }), sources(3, { seed: 100 }), false, true)
    expect(calls.map(({ seed }) => seed)).toEqual([7, 8, 9])
  })

  test('a call takes at most batch_size neighbours', () => {
    const calls = callsFor(config({ batch_size: 2 }), sources(5, { seed: 100 }), false, true)
    expect(calls.map(brief)).toEqual([
      [[0, 1], 101, 2],
      [[2, 3], 103, 2],
      [[4], 105, 1],
    ])
  })

  test('pictures of another size, or with a seed that does not follow, get a call of their own', () => {
    const mixed: Source[] = [
      { width: 512, height: 512, seed: 1, subseed: 0 },
      { width: 512, height: 768, seed: 2, subseed: 0 },
      { width: 512, height: 768, seed: 3, subseed: 0 },
      { width: 512, height: 768, seed: 9, subseed: 0 },
    ]
    const calls = callsFor(config({ batch_size: 4 }), mixed, false, true)
    expect(calls.map(({ pictures }) => pictures)).toEqual([[0], [1, 2], [3]])
  })

  test('variations of one seed are grouped when their subseeds follow each other', () => {
    const varied = [0, 1, 2, 7].map((offset) => ({ ...size, seed: 100, subseed: 50 + offset }))
    const grouped = callsFor(config({ batch_size: 4, subseed_strength: 0.3 }), varied, false, true)
    expect(grouped.map(brief)).toEqual([
      [[0, 1, 2], 101, 3],
      [[3], 101, 1],
    ])
    expect(grouped.map(({ subseed }) => subseed)).toEqual([50, 57])
  })

  test('n_iter repeats the calls with seeds that no other picture has', () => {
    const calls = callsFor(
      config({ batch_size: 2, n_iter: 2 }),
      sources(2, { seed: 100 }),
      false,
      true,
    )
    expect(calls.map(brief)).toEqual([
      [[0, 1], 101, 2],
      [[0, 1], 103, 2],
    ])
  })

  test('with a mask for each picture a call takes one picture', () => {
    const calls = callsFor(config({ batch_size: 4 }), sources(3, { seed: 100 }), false, false)
    expect(calls.map(({ pictures }) => pictures)).toEqual([[0], [1], [2]])
  })
})

describe('laws', () => {
  const count = fc.integer({ min: 1, max: 5 })
  const any = fc.record({
    pictures: fc.array(
      fc.record({
        width: fc.constantFrom(512, 640),
        height: fc.constantFrom(512, 768),
        seed: fc.integer({ min: 0, max: 20 }),
        subseed: fc.integer({ min: 0, max: 20 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    batch_size: count,
    n_iter: count,
    first: fc.boolean(),
    sharedMask: fc.boolean(),
    subseed_strength: fc.constantFrom(0, 0.3),
  })

  test('every picture is covered n_iter times, as the first stage also times batch_size', () => {
    fc.assert(
      fc.property(any, ({ pictures, batch_size, n_iter, first, sharedMask, subseed_strength }) => {
        const given = config({ batch_size, n_iter, subseed_strength, ...(first && { seed: 3 }) })
        const calls = callsFor(given, pictures, first, sharedMask)
        const made = calls.flatMap(sourcesOf)
        const each = n_iter * (first ? batch_size : 1)
        for (const at of pictures.keys())
          expect(made.filter((one) => one === at)).toHaveLength(each)
        expect(made).toHaveLength(pictures.length * each)
      }),
    )
  })

  test('the pictures of calls are neighbours in order, and calls never go back to earlier ones', () => {
    fc.assert(
      fc.property(any, ({ pictures, batch_size, n_iter, first, sharedMask }) => {
        const calls = callsFor(config({ batch_size, n_iter }), pictures, first, sharedMask)
        for (const { pictures: taken } of calls)
          expect(taken).toEqual(taken.map((_, i) => (taken[0] as number) + i))
        const starts = calls.map((call) => call.pictures[0] as number)
        expect(starts).toEqual(starts.toSorted((a, b) => a - b))
      }),
    )
  })

  test('a call never mixes sizes, nor takes more than batch_size pictures', () => {
    fc.assert(
      fc.property(any, ({ pictures, batch_size, n_iter, sharedMask }) => {
        for (const call of callsFor(config({ batch_size, n_iter }), pictures, false, sharedMask)) {
          expect(call.pictures.length).toBeLessThanOrEqual(sharedMask ? batch_size : 1)
          const sizes = call.pictures.map((at) => `${pictures[at]?.width}x${pictures[at]?.height}`)
          expect(new Set(sizes).size).toBe(1)
        }
      }),
    )
  })

  test('no two pictures are made with the same seed, as the first stage and after a batch', () => {
    fc.assert(
      fc.property(
        fc.record({ pictures: count, batch_size: count, n_iter: count, first: fc.boolean() }),
        ({ pictures, batch_size, n_iter, first }) => {
          const given = config({ batch_size, n_iter, ...(first && { seed: 3 }) })
          const calls = callsFor(given, sources(pictures, { seed: 40 }), first, true)
          const seeds = calls.flatMap((call) =>
            Array.from({ length: call.batch_size }, (_, i) => call.seed + i),
          )
          expect(new Set(seeds).size).toBe(seeds.length)
        },
      ),
    )
  })
})

const size = { width: 512, height: 512 }

function sources(count: number, { seed = 0 } = {}): Source[] {
  return Array.from({ length: count }, (_, i) => ({ ...size, seed: seed + i, subseed: 0 }))
}

function config(section: Partial<Img2ImgConfig>): Img2ImgConfig {
  return img2imgConfig.parse({ prompt: 'a harbour', ...section })
}

function brief({ pictures, seed, batch_size }: PlannedCall) {
  return [pictures, seed, batch_size]
}

/** For each picture that a call makes, the one it is made from. */
function sourcesOf({ pictures, batch_size }: PlannedCall): number[] {
  return Array.from({ length: batch_size }, (_, i) =>
    pictures.length > 1 ? (pictures[i] as number) : (pictures[0] as number),
  )
}
