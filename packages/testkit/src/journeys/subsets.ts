import assert from 'node:assert/strict'

import { isPipelineError, type RunResult, type Stage } from '@stagewright/core'

import { assertStageOrder, assertTerminalLast, enabledIn } from '../assert/order.js'
import { effectsOf } from '../picture/fake-picture.js'
import { assertThrough, type Journey, journey, type JourneyStages, type Trip } from './journey.js'
import { A, pass, switchOn, U, words } from './words.js'

const letters = ['t', 'i', 'R', 'H', 'U', 'A'] as const
type Letter = (typeof letters)[number]

/** The law of order, on every subset of the stages and in whatever order they are given. */
export const subsets: readonly Journey[] = [1, 2, 3, 4].map((quarter) =>
  journey({
    id: `subsets/${quarter}`,
    title: `1,000 random subsets in shuffled order, ${quarter} of 4: rank order, deterministic, effects in plan order`,
    config: (names) => words(names),
    pictures: { photo: { width: 64, height: 96 } },
    instead: async (trip) => {
      const random = mulberry32(20_251_123 + quarter)
      const known = new Map<string, Given>()
      for (let at = 0; at < 250; at++) {
        const on = letters.filter(() => random() < 0.5)
        const places = shuffled(random)
        const key = places.join(',')
        const given = known.get(key) ?? { key, fake: give(trip, places) }
        known.set(key, given)
        // Where pictures take long to make, plans alone are made after the first few.
        await oneSubset(trip, on, given, trip.tells || at < 4)
      }
    },
  }),
)

/** A pipeline whose stages were given in a certain order. */
interface Given {
  readonly key: string
  readonly fake: Trip['fake']
}

function give(trip: Trip, places: readonly number[]): Trip['fake'] {
  const stages = ({ txt2img, img2img, refiner, upscale, adetailer }: JourneyStages) => {
    const all = [txt2img, img2img, refiner, upscale, adetailer]
    return places.map((place) => all[place] as Stage)
  }
  return trip.again({ pictures: { photo: { width: 64, height: 96 } }, stages }).fake
}

async function oneSubset(
  trip: Trip,
  on: readonly Letter[],
  { key, fake }: Given,
  run: boolean,
): Promise<void> {
  const told = `${on.join('+') || 'nothing'}, with the stages given as ${key}`
  const config = configOf(trip, on)
  const before = fake.calls.length
  const made = run ? await fake.run(config).catch((error: unknown) => error) : undefined
  if (!on.includes('t') && !on.includes('i')) {
    const error = made ?? (await fake.plan(config).catch((thrown: unknown) => thrown))
    assert.ok(isPipelineError(error), told)
    assert.equal(error.code, 'SW_PLAN_NO_GENERATING_STAGE', told)
    return assert.equal(fake.calls.length, before, `no call: ${told}`)
  }
  if (made instanceof Error) throw made
  const result = made as RunResult | undefined
  const expected = stagesOf(on)
  const plan = result?.plan ?? (await fake.plan(config))
  assertStageOrder(plan, expected)
  assertTerminalLast(plan)
  const ranks = enabledIn(plan).map(({ phase }) => phase.rank)
  assert.deepEqual(
    ranks,
    ranks.toSorted((a, b) => a - b),
    `ranks never fall: ${told}`,
  )
  // The plan itself, without `explain`.
  const again = JSON.stringify(await trip.fake.plan(config))
  assert.equal(JSON.stringify(plan), again, `the same plan: ${told}`)
  if (result === undefined) return
  assert.equal(result.status, 'done', told)
  for (const image of result.images) {
    assertThrough(image.lineage, expected, `lineage: ${told}`)
    if (trip.tells) assertThrough(await effectsOf(image), expected, `effects: ${told}`)
  }
}

function configOf({ names, config }: Trip, on: readonly Letter[]) {
  const has = (letter: Letter): boolean => on.includes(letter)
  const refiner = { ...(has('R') ? switchOn(names) : {}), ...(has('H') ? pass(names) : {}) }
  return {
    ...config,
    ...(has('t') ? { txt2img: {} } : {}),
    ...(has('i') ? { img2img: has('t') ? {} : { init_images: ['photo'] } } : {}),
    ...(has('R') || has('H') ? { refiner } : {}),
    ...(has('U') ? U(names) : {}),
    ...(has('A') ? A(names) : {}),
  }
}

function stagesOf(on: readonly Letter[]): string[] {
  const stage = {
    t: 'txt2img',
    i: 'img2img',
    R: 'refiner',
    H: 'refiner',
    U: 'upscale',
    A: 'adetailer',
  } as const
  return [...new Set(on.map((letter) => stage[letter]))]
}

/** The places 0 to 4, shuffled (Fisher and Yates). */
function shuffled(random: () => number): number[] {
  const places = [0, 1, 2, 3, 4]
  for (let last = places.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const moved = places[last] as number
    places[last] = places[other] as number
    places[other] = moved
  }
  return places
}

/** A small random generator with a seed, so that a failure comes again. @source Tommy Ettinger's mulberry32 */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
