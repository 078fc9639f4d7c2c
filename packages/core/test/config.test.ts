import {
  buildPipelinePlan,
  createPipeline,
  fromFlatRunConfig,
  isPipelineError,
  Phase,
  type PipelineError,
  presets,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { recordingBackend } from './recording-backend.js'
import { draw, enlarge, plain, redraw } from './stages.js'

const units = plain('units', Phase.Detail, {
  config: z.object({
    units: z
      .array(z.object({ model: z.string().min(1), share: z.number().gt(0).lt(1).default(0.5) }))
      .min(1),
  }),
  misnomers: { model: 'it belongs to a unit: units: { units: [{ model: … }] }' },
})
const open = plain('open', Phase.Detail, {
  config: z.object({ extra: z.record(z.string(), z.unknown()).optional() }),
})
const stages = [draw, redraw, enlarge, units, open]

/** The errors of a config, as "code path-and-fact | hint". */
function problems(config: unknown): string[] {
  try {
    buildPipelinePlan(config, stages)
    return []
  } catch (error) {
    if (!isPipelineError(error)) throw error
    const all: readonly PipelineError[] = error.errors.length > 0 ? error.errors : [error]
    return all.map((one) => `${one.code} ${one.message}`)
  }
}

const planned = (config: unknown, name: string) =>
  buildPipelinePlan(config, stages).stages.find((stage) => stage.name === name)

describe('a run config', () => {
  test('gives sections what they inherit, and a section’s own value wins', () => {
    const config = { prompt: 'x', steps: 30, seed: 7, draw: { steps: 12 }, redraw: {} }
    expect(planned(config, 'draw')?.config).toMatchObject({ prompt: 'x', steps: 12, seed: 7 })
    expect(planned(config, 'redraw')?.config).toMatchObject({ prompt: 'x', steps: 30 })
  })

  test('gives what belongs to the first generating stage to that one only', () => {
    const config = { prompt: 'x', seed: 7, n_iter: 3, draw: {}, redraw: {} }
    expect(planned(config, 'redraw')?.config).toMatchObject({ n_iter: 1 })
    expect(planned(config, 'redraw')?.config).not.toHaveProperty('seed')
    const alone = { ...config, draw: undefined, redraw: { init: 'x.png' } }
    expect(planned(alone, 'redraw')?.config).toMatchObject({ n_iter: 3, seed: 7 })
  })

  test('sets shared defaults by preset, under everything that is written', () => {
    expect(planned({ preset: 'xl', prompt: 'x', draw: {} }, 'draw')?.config).toMatchObject({
      width: presets.xl['width'],
      height: 1152,
    })
    expect(
      planned({ preset: 'xl', prompt: 'x', width: 640, draw: {} }, 'draw')?.config,
    ).toMatchObject({ width: 640, height: 1152 })
    expect(
      planned({ preset: 'xl', prompt: 'x', redraw: { init: 'x.png' } }, 'redraw')?.config,
    ).toMatchObject({ width: 512 })
    expect(problems({ preset: 'sdxl', prompt: 'x', draw: {} })).toEqual([
      'SW_CONFIG_INVALID_VALUE preset is "sdxl": it must be one of sd, xl, flux',
    ])
  })

  test('takes a section with nothing after its name as its defaults, and a null as not written', () => {
    expect(planned({ prompt: 'x', draw: null }, 'draw')).toMatchObject({
      enabled: true,
      config: { steps: 20 },
    })
    expect(planned({ prompt: 'x', draw: { steps: null } }, 'draw')).toMatchObject({
      config: { steps: 20 },
    })
  })

  test('leaves out a section with enabled: false, but still knows its keys', () => {
    const off = { prompt: 'x', draw: {}, units: { enabled: false } }
    expect(planned(off, 'units')?.enabled).toBe(false)
    expect(problems({ ...off, units: { enabled: false, unit: 1 } })[0]).toContain(
      'units.unit is not a known key',
    )
    expect(problems({ ...off, units: { enabled: 'yes', units: [{ model: 'x' }] } })).toEqual([
      'SW_CONFIG_INVALID_VALUE units.enabled is "yes": it must be true or false',
    ])
  })

  test('tells every error of a file at once, each with its path, value, range and nearest name', () => {
    expect(
      problems({
        prompt: 'x',
        stpes: 3,
        steps: 0,
        draw: { heigth: 5, width: 'wide' },
        redraw: { strength: 1.5 },
        units: { units: [{ model: 'a', share: 1 }, { mdel: 'b' }] },
      }),
    ).toEqual([
      'SW_CONFIG_UNKNOWN_KEY stpes is not a known key. Did you mean "steps"?',
      'SW_CONFIG_UNKNOWN_KEY draw.heigth is not a known key. Did you mean "height"?',
      'SW_CONFIG_INVALID_VALUE steps is 0: it must be an integer from 1 to 150.',
      'SW_CONFIG_INVALID_VALUE draw.width is "wide": it must be an integer from 64.',
      'SW_CONFIG_INVALID_VALUE redraw.strength is 1.5: it must be a number from 0 to 1.',
      'SW_CONFIG_UNKNOWN_KEY units.units[1].mdel is not a known key. Did you mean "model"?',
      'SW_CONFIG_INVALID_VALUE units.units[0].share is 1: it must be a number above 0 and below 1.',
      'SW_CONFIG_MISSING units.units[1].model is missing, and units needs it; it must be text that is not empty',
    ])
  })

  test('says where a misplaced key belongs', () => {
    const error = capture({ prompt: 'x', draw: {}, model: 'm', scale: 2 })
    expect(error.hint).toBe('scale belongs in a section: enlarge: { scale: … }')
    expect(
      capture({ prompt: 'x', draw: {}, units: { model: 'x', units: [{ model: 'y' }] } }).hint,
    ).toContain('it belongs to a unit')
  })

  test('lets a map be open where its schema says so', () => {
    expect(problems({ prompt: 'x', draw: {}, open: { extra: { anything: 1 } } })).toEqual([])
  })

  test('refuses numbers that are not finite, wherever they stand', () => {
    expect(problems({ prompt: 'x', draw: {}, redraw: { strength: NaN } })[0]).toBe(
      'SW_CONFIG_NOT_FINITE redraw.strength is NaN: not a finite number',
    )
    expect(problems({ prompt: 'x', draw: {}, open: { extra: { deep: [Infinity] } } })[0]).toContain(
      'open.extra.deep[0] is Infinity',
    )
  })

  test('limits how deep a value may be nested', () => {
    let deep: unknown = 1
    for (let i = 0; i < 100; i++) deep = { deep }
    expect(problems({ prompt: 'x', draw: {}, open: { extra: deep } })[0]).toContain(
      'SW_CONFIG_TOO_DEEP',
    )
  })

  test('asks to quote a prompt that YAML read as a list', () => {
    expect(capture({ prompt: ['a', 'b'], draw: {} }).hint).toBe(
      'quote the text: YAML reads a leading [, {, * or & as something else',
    )
  })

  test('says which stage misses a prompt, and never sends a blank one', () => {
    expect(problems({ draw: { prompt: 'only here' }, redraw: {} })).toEqual([
      'SW_CONFIG_MISSING prompt is missing, and redraw needs it; it must be text that is not empty',
    ])
  })

  test('switches a stage by its own flags: off quietly with a false, with a note when idle, refused when claimed', () => {
    const base = { prompt: 'x', draw: {} }
    expect(planned({ ...base, enlarge: { on: false, scale: 3 } }, 'enlarge')).toMatchObject({
      enabled: false,
      notes: [],
    })
    expect(planned({ ...base, enlarge: { scale: 3 } }, 'enlarge')?.notes[0]?.code).toBe(
      'SW_NOTE_SECTION_IDLE',
    )
    expect(planned({ ...base, enlarge: {} }, 'enlarge')).toMatchObject({
      enabled: false,
      notes: [],
    })
    expect(problems({ ...base, enlarge: { enabled: true, scale: 3 } })).toEqual([
      'SW_CONFIG_NOT_SWITCHED_ON enlarge has enabled: true, but nothing in the section switches it on',
    ])
  })

  test('does not take a map’s own machinery for a key', () => {
    expect(problems(JSON.parse('{"prompt":"x","draw":{},"__proto__":{"steps":1}}'))[0]).toContain(
      '__proto__ is not a known key',
    )
    expect(problems({ prompt: 'x', draw: {}, constructor: 1 })[0]).toContain(
      'constructor is not a known key',
    )
  })

  test('is frozen after parsing, and the same when parsed again', () => {
    const pipeline = createPipeline({ backend: recordingBackend(), stages: [draw, enlarge] })
    const parsed = pipeline.parse({ prompt: 'x', draw: { steps: 3 } })
    expect(Object.isFrozen(parsed.draw)).toBe(true)
    expect(pipeline.parse(parsed)).toEqual(parsed)
  })
})

function capture(config: unknown): PipelineError {
  try {
    buildPipelinePlan(config, stages)
  } catch (error) {
    if (isPipelineError(error)) return error
  }
  throw new Error('the config was taken')
}

describe('the flat form', () => {
  const flatDraw = plain('flat_draw', Phase.Generate, {
    consumes: 'nothing',
    generates: true,
    config: z.object({ prompt: z.string().default('') }),
    inherits: ['prompt'] as never,
    flat: { enabled: ['draw_enabled'], keys: { strength: 'strength' } },
  })
  const flatFine = plain('flat_fine', Phase.Refine, {
    flat: {
      enabled: ['fine_on', 'large_on'],
      keys: {
        strength: { to: 'strength', when: 'large_on' },
        size: 'size',
        detector: 'units.0.model',
        fine_on: 'fine_on',
      },
      zeroIsUnset: ['size'],
    },
  })
  const both = [flatDraw, flatFine]

  test('turns a stage on only by its flags', () => {
    expect(fromFlatRunConfig({ prompt: 'x', strength: 1, draw_enabled: false }, both)).toEqual({
      prompt: 'x',
    })
    expect(fromFlatRunConfig({ draw_enabled: true, strength: 0.4 }, both)).toEqual({
      flat_draw: { strength: 0.4 },
    })
  })

  test('gives a key to the one stage that means it, and refuses to guess between two', () => {
    expect(fromFlatRunConfig({ fine_on: true, draw_enabled: true, strength: 0.4 }, both)).toEqual({
      flat_draw: { strength: 0.4 },
      flat_fine: { fine_on: true },
    })
    expect(() =>
      fromFlatRunConfig({ large_on: true, draw_enabled: true, strength: 0.4 }, both),
    ).toThrow(
      expect.objectContaining({
        code: 'SW_CONFIG_FLAT_AMBIGUOUS',
        message:
          'the flat key "strength" could mean "flat_draw.strength" or "flat_fine.strength": both stages are on',
      }),
    )
  })

  test('takes zeros as unset where the stage says so, fills lists, and names unknown keys', () => {
    expect(fromFlatRunConfig({ fine_on: true, size: 0, detector: 'face' }, both)).toEqual({
      flat_fine: { fine_on: true, units: [{ model: 'face' }] },
    })
    expect(() => fromFlatRunConfig({ draw_enbled: true }, both)).toThrow(
      /draw_enbled is not a known key. Did you mean "draw_enabled"/,
    )
  })
})
