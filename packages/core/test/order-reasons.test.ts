import {
  createPipeline,
  defineStage,
  orderInWords,
  Phase,
  type PhaseRef,
  type Stage,
} from '@stagewright/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'

import { recordingBackend } from './recording-backend.js'
import { draw } from './stages.js'

const after = (
  name: string,
  phase: PhaseRef = Phase.Upscale,
  parts: { after?: string[]; before?: string[]; terminal?: true } = {},
): Stage =>
  defineStage({
    name,
    phase,
    consumes: 'images',
    config: z.object({}),
    plan: () => ({}),
    execute: (_, images) => Promise.resolve(images),
    ...parts,
  })

const planOf = async (stages: readonly Stage[], placement: object = {}) => {
  const pipeline = createPipeline({ backend: recordingBackend(), stages: [draw, ...stages] })
  const sections = Object.fromEntries(stages.map(({ name }) => [name, {}]))
  return pipeline.plan({ prompt: 'a', draw: {}, ...sections, placement })
}

test('each stage tells why it stands where it does, and what would move it', async () => {
  const plan = await planOf([
    after('blur'),
    after('grain'),
    after('zoom', Phase.Upscale, { after: ['grain'] }),
    after('faces', Phase.Detail, { terminal: true }),
  ])
  expect(orderInWords(plan.orderReasons())).toMatchInlineSnapshot(`
    "why in this order, and what would move it
    1. draw         first: no enabled stage has a rank below 100 of Generate
       after blur: cannot be: blur needs pictures, and no stage before it makes any (SW_PLAN_NO_PICTURES)
    2. blur         after draw: rank 400 of Upscale follows 100 of Generate
       before draw: cannot be: blur needs pictures, and no stage before it makes any (SW_PLAN_NO_PICTURES)
       after grain: placement: { blur: { after: [grain] } }
    3. grain        after blur: both have rank 400 of Upscale, and nothing but their names orders them
       before blur: placement: { grain: { before: [blur] } }
       after zoom: cannot be: these stages wait for each other: grain → zoom → grain (zoom: after grain; grain: after zoom) (SW_PLAN_CYCLE)
    4. zoom         after grain: zoom: after grain
       before grain: cannot be: these stages wait for each other: grain → zoom → grain (zoom: after grain; zoom: before grain) (SW_PLAN_CYCLE)
       after faces: placement: { zoom: { after: [faces] } }
    5. faces        after zoom: rank 500 of Detail follows 400 of Upscale
       before zoom: placement: { faces: { before: [zoom] } }"
  `)
})

test('placement is told as the reason where it is', async () => {
  const plan = await planOf([after('blur'), after('grain')], { blur: { after: ['grain'] } })
  expect(plan.orderReasons()[2]).toMatchObject({
    name: 'blur',
    because: 'after grain: placement puts blur after grain',
    moves: [{ side: 'before', past: 'grain', placement: { before: ['grain'] } }],
  })
})

test('what is said to move a stage moves it, and what is refused is refused with that code', async () => {
  const phases = [Phase.Refine, Phase.Upscale, Phase.Detail]
  const some = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      phase: fc.constantFrom(...phases),
      follows: fc.option(fc.constantFrom('a?', 'b?', 'c?')),
      terminal: fc.boolean(),
    }),
    { selector: ({ name }) => name, minLength: 1 },
  )
  let moved = 0
  let refused = 0
  await fc.assert(
    fc.asyncProperty(some, async (given) => {
      const stages = given.map(({ name, phase, follows, terminal }) =>
        after(name, phase, {
          ...(follows === null || follows.startsWith(name) ? {} : { after: [follows] }),
          ...(terminal ? { terminal } : {}),
        }),
      )
      const plan = await planOf(stages).catch(() => undefined)
      for (const { name, moves } of plan?.orderReasons() ?? [])
        for (const move of moves) {
          const placement = move.placement ?? { [move.side]: [move.past] }
          const again = planOf(stages, { [name]: placement })
          if (move.refused === undefined) {
            const names = (await again).stages.map((stage) => stage.name)
            const order = [names.indexOf(name), names.indexOf(move.past)]
            expect(order).toEqual(
              order.toSorted((a, b) => (move.side === 'before' ? a - b : b - a)),
            )
            moved++
          } else {
            await expect(again).rejects.toMatchObject({ code: move.refused.code })
            refused++
          }
        }
    }),
  )
  expect(Math.min(moved, refused)).toBeGreaterThan(0)
})
