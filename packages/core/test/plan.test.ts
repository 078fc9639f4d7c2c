import {
  buildPipelinePlan,
  Phase,
  type PipelinePlan,
  type StagePlan,
  StageSequencer,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { draw, enlarge, plain, redraw } from './stages.js'

const last = plain('last', Phase.Detail, { terminal: true })
const grow = plain('grow', Phase.Upscale)
const stages = [draw, redraw, enlarge, grow, last]
const names = (plans: readonly StagePlan[]) => plans.map(({ name }) => name)
const full = { prompt: 'x', draw: {}, redraw: {}, enlarge: {}, grow: {}, last: {} }

/** A plan with some entries changed, as somebody would by hand. */
function edited(
  plan: PipelinePlan,
  change: (stage: StagePlan) => Partial<StagePlan>,
): PipelinePlan {
  const copy = structuredClone(plan)
  return { ...copy, stages: copy.stages.map((stage) => ({ ...stage, ...change(stage) })) }
}

describe('a plan', () => {
  test('holds every registered stage in order, the disabled too', () => {
    const plan = buildPipelinePlan({ prompt: 'x', last: {}, draw: {} }, stages.toReversed())
    expect(plan.stages.map(({ name, enabled, order }) => [name, enabled, order])).toEqual([
      ['draw', true, 0],
      ['redraw', false, 1],
      ['enlarge', false, 2],
      ['grow', false, 3],
      ['last', true, 4],
    ])
  })

  test('is JSON: a round trip changes nothing, and the sequencer takes the copy', () => {
    const plan = buildPipelinePlan(full, stages)
    const copy = JSON.parse(JSON.stringify(plan)) as PipelinePlan
    expect(copy).toEqual(plan)
    expect(new StageSequencer(copy, stages).getOrderedStages()).toEqual(
      new StageSequencer(plan).getOrderedStages(),
    )
  })

  test('is the same for the same facts, and frozen', () => {
    const plan = buildPipelinePlan(full, stages)
    expect(buildPipelinePlan(full, stages)).toEqual(plan)
    expect(() => {
      ;(plan.stages[0] as { name: string }).name = 'other'
    }).toThrow(TypeError)
  })

  test('needs a stage that generates, unless pictures are given', () => {
    expect(() => buildPipelinePlan({ grow: {} }, stages)).toThrow(
      expect.objectContaining({
        code: 'SW_PLAN_NO_GENERATING_STAGE',
        hint: 'enable "draw" or "redraw", or give input_images to reprocess pictures you have',
      }),
    )
    expect(() => buildPipelinePlan({}, stages)).toThrow(
      expect.objectContaining({ code: 'SW_PLAN_NO_GENERATING_STAGE' }),
    )
    const plan = buildPipelinePlan({ grow: {} }, stages, { input: [{ width: 64, height: 64 }] })
    expect(plan.reprocess).toBe(true)
    expect(names(new StageSequencer(plan).getOrderedStages())).toEqual(['grow'])
  })

  test('does not start from nothing beside given pictures', () => {
    expect(() => buildPipelinePlan(full, stages, { input: [{ width: 64, height: 64 }] })).toThrow(
      expect.objectContaining({ code: 'SW_PLAN_PICTURES_DISCARDED' }),
    )
  })

  test('has no stage that takes pictures before one makes them', () => {
    const early = plain('early', Phase.Prepare)
    expect(() => buildPipelinePlan({ prompt: 'x', draw: {}, early: {} }, [draw, early])).toThrow(
      expect.objectContaining({ code: 'SW_PLAN_NO_PICTURES', details: { stage: 'early' } }),
    )
  })

  test('lets nothing follow a terminal stage, and only one stage be terminal', () => {
    const after = plain('zz', Phase.Detail, { after: ['last'] })
    expect(() => buildPipelinePlan({ ...full, zz: {} }, [...stages, after])).toThrow(
      expect.objectContaining({
        code: 'SW_PLAN_TERMINAL_NOT_LAST',
        message: 'last is terminal: it must be the last stage, but "zz" would run after it',
      }),
    )
    const second = plain('second', Phase.Detail, { terminal: true })
    expect(() => buildPipelinePlan({ ...full, second: {} }, [...stages, second])).toThrow(
      expect.objectContaining({ code: 'SW_PLAN_TWO_TERMINALS' }),
    )
  })

  test('keeps pictures under 120 MP unless large ones are allowed', () => {
    const large = { prompt: 'x', draw: { width: 12_000, height: 12_000 } }
    expect(() => buildPipelinePlan(large, stages)).toThrow(
      expect.objectContaining({ code: 'SW_PREFLIGHT_TOO_LARGE' }),
    )
    const long = { prompt: 'x', draw: { width: 20_000, height: 64 } }
    expect(() => buildPipelinePlan(long, stages)).toThrow(/20000x64/)
    const { notes } = buildPipelinePlan(large, stages, { allowLarge: true }).stages[0] as StagePlan
    expect(notes.map(({ code }) => code)).toEqual(['SW_NOTE_LARGE_PICTURE'])
  })

  test('names the stage and its field when plan() returns what JSON cannot hold', () => {
    const bad = plain('bad', Phase.Upscale, { plan: () => ({ why: (() => 1) as never }) })
    expect(() => buildPipelinePlan({ prompt: 'x', draw: {}, bad: {} }, [draw, bad])).toThrow(
      /the plan of bad holds why/,
    )
  })
})

describe('placement', () => {
  test('moves a stage before another of a lower rank, and says so', () => {
    const plan = buildPipelinePlan({ ...full, placement: { last: { before: ['grow'] } } }, stages)
    expect(names(plan.stages)).toEqual(['draw', 'redraw', 'enlarge', 'last', 'grow'])
    const moved = plan.stages.find(({ name }) => name === 'last') as StagePlan
    expect(moved.phase).toEqual({ name: 'Upscale', rank: 400 })
    expect(moved.notes[0]?.message).toBe(
      'placement moved last from Detail@500 to Upscale@400 (before grow)',
    )
    expect(names(new StageSequencer(plan, stages).getOrderedStages())).toEqual([
      'draw',
      'redraw',
      'last',
      'grow',
    ])
  })

  test('can come from code, and the run file has the last word', () => {
    const placement = { grow: { after: ['last'] } }
    expect(names(buildPipelinePlan(full, stages, { placement }).stages).slice(-2)).toEqual([
      'last',
      'grow',
    ])
    const config = { ...full, placement: { grow: { before: ['last'] } } }
    expect(names(buildPipelinePlan(config, stages, { placement }).stages).slice(-2)).toEqual([
      'grow',
      'last',
    ])
  })

  test('is checked: unknown stages and keys are named with their path', () => {
    const config = {
      ...full,
      placement: { lats: { before: ['grow'] }, grow: { behind: ['draw'], after: ['drow'] } },
    }
    expect(() => buildPipelinePlan(config, stages)).toThrow(
      expect.objectContaining({
        code: 'SW_CONFIG_PLACEMENT',
        errors: [
          expect.objectContaining({
            message: 'placement.lats: "lats" is no stage here. Did you mean "last"?',
          }),
          expect.objectContaining({ message: 'placement.grow.behind: unknown key.' }),
          expect.objectContaining({
            message:
              'placement.grow.after[0]: "drow" is no stage here. Did you mean "draw" or "grow"?',
          }),
        ],
      }),
    )
  })
})

describe('the sequencer', () => {
  const plan = buildPipelinePlan(full, stages)
  const ordered = (changed: PipelinePlan) => () =>
    new StageSequencer(changed, stages).getOrderedStages()

  test('orders entries that carry no order', () => {
    const shuffled = edited(plan, () => ({ order: undefined as never }))
    const reversed = { ...shuffled, stages: shuffled.stages.toReversed() }
    expect(names(ordered(reversed)())).toEqual(['draw', 'redraw', 'grow', 'last'])
  })

  test('checks entries that carry one, and never sorts them again', () => {
    const swapped = edited(plan, ({ name, order }) => ({
      order: name === 'grow' ? 4 : name === 'last' ? 3 : (order as number),
    }))
    expect(ordered(swapped)).toThrow(expect.objectContaining({ code: 'SW_PLAN_ORDER' }))
    expect(ordered(edited(plan, ({ name }) => (name === 'grow' ? { order: 1 } : {})))).toThrow(
      /is taken by "redraw"/,
    )
    expect(
      ordered(edited(plan, ({ name }) => (name === 'grow' ? { order: undefined as never } : {}))),
    ).toThrow(/is missing/)
  })

  test('compares traits with the registered stages', () => {
    const changes: Partial<StagePlan>[] = [
      { terminal: false },
      { consumes: 'nothing' },
      { generates: true },
      { phase: { name: 'Upscale', rank: 400 } },
    ]
    for (const change of changes)
      expect(ordered(edited(plan, ({ name }) => (name === 'last' ? change : {})))).toThrow(
        /the plan/,
      )
    expect(
      ordered(edited(plan, ({ name }) => (name === 'last' ? { terminal: false } : {}))),
    ).toThrow(expect.objectContaining({ code: 'SW_PLAN_TRAITS_CHANGED' }))
    expect(ordered(edited(plan, ({ name }) => (name === 'last' ? { name: 'lost' } : {})))).toThrow(
      expect.objectContaining({ code: 'SW_PLAN_UNKNOWN_STAGE' }),
    )
  })

  test('checks that a merged stage still stands right behind its host', () => {
    const merged = buildPipelinePlan({ prompt: 'x', draw: {}, enlarge: { on: true } }, stages)
    const hostOff = edited(merged, ({ name }) =>
      name === 'draw' ? { enabled: false } : name === 'redraw' ? { enabled: true } : {},
    )
    expect(ordered(hostOff)).toThrow(/"hires", which it cannot: it is not enabled/)
    const between = edited(merged, ({ name }) => (name === 'redraw' ? { enabled: true } : {}))
    expect(ordered(between)).toThrow(/"hires", which it cannot: redraw calls in between/)
  })

  test('refuses a plan that holds a stage twice', () => {
    const twice = { ...plan, stages: [...plan.stages, plan.stages.at(-1) as StagePlan] }
    expect(ordered(twice)).toThrow(expect.objectContaining({ code: 'SW_PLAN_DUPLICATE_STAGE' }))
  })
})

describe('a stage definition', () => {
  test('takes its rank from a named phase or phaseBetween, never from a bare number', () => {
    for (const phase of [
      { name: 'Between', rank: 450 },
      { name: 'Upscale', rank: 401 },
      { name: 'x', rank: 460, between: [Phase.Upscale, Phase.Detail] as const },
    ])
      expect(() => plain('bad', phase)).toThrow(
        expect.objectContaining({
          code: 'SW_PLUGIN_BAD_DEFINITION',
          details: expect.objectContaining({ field: 'phase' }) as unknown,
        }),
      )
  })

  test('uses no reserved key, as its name or in its section, and no name out of snake case', () => {
    for (const name of ['placement', 'preset', 'Acme', 'acme-sharpen', '9lives', 'a__b'])
      expect(() => plain(name, Phase.Upscale)).toThrow(
        expect.objectContaining({ code: 'SW_PLUGIN_BAD_DEFINITION' }),
      )
    expect(() =>
      plain('ok', Phase.Upscale, { config: z.object({ enabled: z.boolean() }) }),
    ).toThrow(/reserved key/)
    expect(() => draw.as('sweep')).toThrow(/reserved key/)
  })

  test('inherits only keys that its section has', () => {
    expect(() => plain('ok', Phase.Upscale, { inherits: ['steps'] as never })).toThrow(
      /be a key of config/,
    )
    expect(() =>
      plain('ok', Phase.Upscale, {
        config: z.object({ a: z.int() }),
        inheritsWhenFirst: ['a'] as never,
      }),
    ).toThrow(/be one of inherits/)
  })
})

test('a section schema of another library fits, as long as it is Standard Schema with JSON Schema', () => {
  expect(() =>
    plain('loose', Phase.Upscale, {
      config: {
        '~standard': { version: 1, vendor: 'x', validate: () => ({ value: {} }) },
      } as never,
    }),
  ).toThrow(expect.objectContaining({ code: 'SW_PLUGIN_BAD_DEFINITION' }))
  expect(() => plain('fine', Phase.Upscale, { config: z.object({ a: z.number() }) })).not.toThrow()
})
