import { webui } from '@stagewright/backend-webui'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  explainSweep,
  planSweep,
  sweep,
  type SweepInput,
  type SweepPlanOptions,
} from '../../src/index.js'
import { valuesOf } from '../../src/sweep/ranges.js'
import { csvOf } from '../../src/sweep/table.js'
import { readCondition } from '../../src/sweep/where.js'
import { draw } from '../../src/sweep/wildcards.js'
import { codesOf, fakeServer, plain, planned, stages, withHires } from './workplace.js'

describe('axes', () => {
  test('a range holds both its ends, in steps, downwards too, without rounding errors', () => {
    expect(valuesOf('1..4')).toEqual([1, 2, 3, 4])
    expect(valuesOf('3..1')).toEqual([3, 2, 1])
    expect(valuesOf('1..9 step 4')).toEqual([1, 5, 9])
    expect(valuesOf('0.2..0.8 step 0.2')).toEqual([0.2, 0.4, 0.6, 0.8])
    expect(valuesOf(['1..2', 9])).toEqual([1, 2, 9])
    expect(valuesOf('Euler')).toEqual(['Euler'])
    expect(valuesOf('1..2 step 0')).toContain('never ends')
    expect(valuesOf('1..9999999')).toContain('at most')
  })

  test('a product has as many cells as its lengths multiply to, the last axis fastest', async () => {
    const lengths = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
    await fc.assert(
      fc.asyncProperty(lengths, async ([a, b]) => {
        const { cells } = await planned({ axes: { seed: `1..${a}`, steps: `1..${b}` } })
        expect(cells).toHaveLength(a * b)
        const points = Array.from({ length: a * b }, (_, i) => ({
          seed: Math.floor(i / b) + 1,
          steps: (i % b) + 1,
        }))
        expect(cells.map(({ point }) => point)).toEqual(points)
      }),
      { numRuns: 10 },
    )
  })

  test('zip walks lists together, list lays maps over, and both multiply with axes', async () => {
    const { cells } = await planned({
      axes: { seed: [1, 2] },
      zip: { steps: [2, 3], cfg_scale: [5, 6] },
      list: [{ sampler_name: 'Euler' }, { width: 128, height: 96 }],
    })
    expect(cells).toHaveLength(8)
    expect(cells[1]?.point).toEqual({ seed: 1, steps: 2, cfg_scale: 5, width: 128, height: 96 })
    const uneven = () => planned({ zip: { seed: [1, 2], steps: [1, 2, 3] } })
    expect(await codesOf(uneven)).toEqual([expect.stringContaining('seed has 2, steps has 3')])
  })
})

describe('conditions', () => {
  test('where leaves cells out, and limit takes the first of what is left', async () => {
    const { cells } = await planned({
      axes: { width: [64, 128, 256], height: [64, 128] },
      where: ['width * height <= 16384', 'not (width == 64 and height == 64)'],
      limit: 2,
    })
    expect(cells.map(({ point }) => point)).toEqual([
      { width: 64, height: 128 },
      { width: 128, height: 64 },
    ])
    const none = () => planned({ axes: { seed: [1] }, where: 'seed > 5' })
    expect(await codesOf(none)).toEqual([expect.stringContaining('SW_SWEEP_NO_CELLS')])
  })

  test('texts, lists, precedence and mistakes are read as one expects', () => {
    const holds = (text: string, values: object): unknown => {
      const read = readCondition(text)
      return typeof read === 'string'
        ? read
        : read.holds((field) => (values as Readonly<Record<string, unknown>>)[field])
    }
    expect(holds('a == 1 or b == 2 and c == 3', { a: 1, b: 0, c: 0 })).toBe(true)
    expect(holds('m in ["x", "y"]', { m: 'y' })).toBe(true)
    expect(holds('a < "2"', { a: 1 })).toBe(false)
    expect(holds('a + 2 * 3 == 7', { a: 1 })).toBe(true)
    expect(holds('a ==', { a: 1 })).toBe('it ends too early')
    expect(holds('a == 1 )', { a: 1 })).toContain('one too many')
    expect(holds(`${'('.repeat(99)}a`, { a: 1 })).toContain('nested too deep')
  })
})

describe('prompts', () => {
  test('words are replaced in one pass and only where they stand alone', async () => {
    const { cells } = await planned(
      { axes: { 'prompt:CAT': ['a DOG'], 'prompt:DOG': ['a fox'] } },
      { ...plain, prompt: 'CAT and DOG, CATEGORY' },
    )
    expect(cells[0]?.set).toEqual({ prompt: 'a DOG and a fox, CATEGORY' })
  })

  test('draws are the same for the same seed, whatever else the prompt says, and recorded', async () => {
    const input = {
      axes: { seed: '1..6', 'prompt:PRODUCT': ['a mug', 'a watch'] },
      wildcards: 'wildcards/',
    }
    const config = { ...plain, prompt: 'PRODUCT on __surface__, {soft|hard} light' }
    const files = { surface: '# what\n\noak\nsteel\n__stone__ slab', stone: 'marble\nslate' }
    const [one, again] = [await planned(input, config, files), await planned(input, config, files)]
    expect(one.cells).toEqual(again.cells)
    const prompts = one.cells.map(({ set }) => String(set['prompt']))
    for (let i = 0; i < prompts.length; i += 2)
      expect(prompts[i]?.replace('a mug', '')).toBe(prompts[i + 1]?.replace('a watch', ''))
    expect(new Set(prompts).size).toBeGreaterThan(4)
    expect(prompts.join()).not.toMatch(/__|\{|#/)
  })

  test('every picture has a draw of its own, or all of a cell the same', async () => {
    const config = { ...plain, n_iter: 2, batch_size: 2, prompt: '{a|b|c|d|e|f} house' }
    const each = await planned({ axes: { steps: [2] } }, config)
    expect(each.cells.map(({ set, point }) => [point['picture'], set['seed'] ?? 7])).toEqual([
      [1, 7],
      [2, 8],
      [3, 9],
      [4, 10],
    ])
    expect(each.notes.map(({ code }) => code)).toEqual(['SW_NOTE_SWEEP_SPLIT'])
    const fixed = await planned({ axes: { steps: [2] }, wildcards: 'per_cell' }, config)
    expect(fixed.cells).toHaveLength(1)
    expect(fixed.cells[0]?.set['prompt']).toMatch(/^[a-f] house$/)
    const later = { ...plain, prompt: '{a|b} house', img2img: { n_iter: 2 } }
    const { notes } = await planned({ axes: { seed: [1, 5] } }, later)
    expect(notes.find(({ code }) => code === 'SW_NOTE_SWEEP_DRAWN_TOGETHER')?.message).toContain(
      '2 cells have one draw for all 4 pictures',
    )
    const meant = await planned({ axes: { seed: [1, 5] }, wildcards: 'per_cell' }, later)
    expect(meant.notes.map(({ code }) => code)).not.toContain('SW_NOTE_SWEEP_DRAWN_TOGETHER')
  })

  test('weights count, missing files and circles are errors', async () => {
    const wildcards = { from: 'w', lines: new Map() }
    const drawn = Array.from({ length: 300 }, (_, seed) =>
      draw('{9::a|b}', 'prompt', `${seed}`, wildcards),
    )
    const many = drawn.filter((one) => one === 'a').length
    expect(many).toBeGreaterThan(240)
    expect(many).toBeLessThan(300)
    const config = { ...plain, prompt: 'on __surface__' }
    const missing = () => planned({ axes: { seed: [1] } }, config)
    expect(await codesOf(missing)).toEqual([expect.stringContaining('names no folder')])
    const round = () =>
      planned({ axes: { seed: [1] }, wildcards: 'w' }, config, { surface: '__surface__' })
    expect(await codesOf(round)).toEqual([expect.stringContaining('SW_SWEEP_WILDCARD_DEPTH')])
  })
})

describe('seeds', () => {
  test('a random seed is settled once for all cells', async () => {
    const { base, cells } = await planned({ axes: { steps: [2, 3] } }, { ...plain, seed: -1 })
    expect(base['seed']).toBe(42)
    expect(cells.map(({ set }) => set)).toEqual(
      [{ steps: 2 }, { steps: 3 }].map((set, i) => (i === 0 ? {} : set)),
    )
  })

  test('seeds that overlap are a note, and the cells share their calls', async () => {
    const plan = await planned({ axes: { seed: '1..3' } }, { ...plain, n_iter: 2 })
    expect(plan.notes).toEqual([
      {
        code: 'SW_NOTE_SWEEP_SEEDS_OVERLAP',
        message: expect.stringContaining('they share 2 calls') as string,
      },
    ])
    expect([plan.plain.calls, plan.ours.calls]).toEqual([6, 4])
  })

  test('an axis that changes nothing is a note that says which field would', async () => {
    const config = { ...plain, txt2img: { seed: 5 } }
    const { notes } = await planned({ axes: { seed: [1, 2] } }, config)
    expect(notes.map(({ message }) => message)).toEqual([
      'seed makes no difference: its cells make the same calls; txt2img states its own: sweep txt2img.seed',
    ])
  })
})

describe('loads', () => {
  const models = ['a', 'b', 'c', 'd'].map((name) => `${name}.safetensors`)
  const swept = sweep(
    { ...withHires, refiner: { ...(withHires['refiner'] as object), hr_strategy: 'own' } },
    { axes: { model: ['a', 'b'], 'refiner.hr_checkpoint_name': ['c', 'd'] } },
  )

  test('that take longer are made seldom, as far as they were measured', async () => {
    await using fake = await fakeServer({ models })
    await using backend = webui({ url: fake.url })
    const times = (of: Readonly<Record<string, number>>): SweepPlanOptions => ({
      backend,
      stages,
      loadTimes: () => Promise.resolve(of),
    })
    const unknown = await planSweep(swept, times({}))
    expect(unknown.order).toEqual([1, 2, 4, 3])
    expect(explainSweep(unknown)).toContain('loads: none was measured here yet, each counts as one')
    const slow = { 'c.safetensors': 50_000, 'd.safetensors': 40_000 }
    const known = await planSweep(swept, times({ ...slow, 'a.safetensors': 500 }))
    expect(known.order).toEqual([1, 3, 4, 2])
    expect(known.loads).toMatchObject({ unmeasured: ['b.safetensors'] })
    expect(explainSweep(known)).toContain(
      'loads: measured, a.safetensors 0.5 s, c.safetensors 50 s, d.safetensors 40 s, b.safetensors as 30 s',
    )
  })

  test('are part of the estimated time, and a model by another name is no other model', async () => {
    await using fake = await fakeServer({ models })
    await using backend = webui({ url: fake.url })
    const two = sweep(withHires, { axes: { model: ['c', 'c.safetensors', 'd'] } })
    const plan = await planSweep(two, {
      backend,
      stages,
      loadTimes: () => Promise.resolve({ 'c.safetensors': 5000, 'd.safetensors': 7000 }),
      estimate: () =>
        Promise.resolve({ ms: 100, stages: [{ name: 'txt2img', ms: 100, from: 1 }], missing: [] }),
    })
    expect(plan.ours).toMatchObject({ modelLoads: 2, changes: 2 })
    const sum = plan.estimates.reduce<number>((all, ms) => all + (ms ?? 0), 0)
    expect(sum).toBe(100 * plan.ours.calls + 12_000)
  })
})

describe('share', () => {
  const axes = { 'refiner.hr_scale': [1.25, 1.5, 1.75, 2, 2.25], seed: '1..4' }

  test('is offered with what it saves, and taken when it is asked for', async () => {
    const offered = await planned({ axes }, withHires)
    expect(offered.ours.calls).toBe(20)
    // An offer, and no note: --strict refuses those.
    expect(offered.notes).toEqual([])
    // Loads are counted from what is in memory by then.
    expect(explainSweep(offered)).toMatch(
      /^sweep of 20 cells: 20 calls, 0 model loads \(\S+ is loaded\)\n/,
    )
    expect(explainSweep(offered)).toContain(
      '\n  share: true would save 16 base passes: the high-res',
    )
    const taken = await planned({ axes, share: true }, withHires)
    expect([taken.shared, taken.ours.calls, taken.callsShared]).toEqual([true, 24, 16])
  })

  test('is not taken for latent upscalers or without an axis in the stage, and says why', async () => {
    const latent = {
      ...withHires,
      refiner: { enable_hr: true, hr_upscaler: 'Latent', denoising_strength: 0.6 },
    }
    const why = async (input: SweepInput, config = withHires) =>
      (await planned({ ...input, share: true }, config)).notes.map(({ message }) => message)
    expect(await why({ axes: { 'refiner.hr_scale': [1.5, 2] } }, latent)).toEqual([
      expect.stringContaining('other pixels'),
    ])
    expect(await why({ axes: { seed: '1..2' } })).toEqual([
      expect.stringContaining('no axis lies in refiner'),
    ])
  })
})

test('text that a spreadsheet would take for a formula is made harmless, and quotes are doubled', async () => {
  const { base, axes, cells, order } = await planned({
    axes: { prompt: ['=1+1', 'say "a, b"', '-2'] },
  })
  const record = {
    v: 1 as const,
    name: 'x',
    created_at: '',
    given: null,
    base,
    axes,
    cells,
    order,
    estimates: [],
    shared: false,
    notes: [],
    options: {},
  }
  const csv = csvOf({ folder: '', record, results: new Map() })
  expect(csv.split('\r\n')[1]).toContain(`1,open,'=1+1,`)
  expect(csv).toContain(`"say ""a, b"""`)
  expect(csv).toContain(`,'-2,`)
})
