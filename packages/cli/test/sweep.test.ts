import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { startFakeWebui } from '@stagewright/fake-webui'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

const base = `
prompt: a PLACE at dusk
width: 64
height: 64
steps: 2
seed: 7
txt2img: {}
refiner: { enable_hr: true, hr_scale: 1.5, hr_upscaler: Lanczos, denoising_strength: 0.3 }
`
const grid = `${base}
sweep:
  axes: { refiner.hr_scale: [1.25, 1.5, 2], sampler_name: [Euler, Euler a, DPM++ 2M] }
`
async function pixelsOf(path: string, [red, green, blue]: readonly number[]): Promise<number> {
  const pixels = await sharp(path).raw().toBuffer()
  let count = 0
  for (let at = 0; at < pixels.length; at += 3)
    if (pixels[at] === red && pixels[at + 1] === green && pixels[at + 2] === blue) count += 1
  return count
}
const noon = () => new Date(2025, 10, 23, 12, 0, 0)
const folder = 'out/20251123-120000-grid-sweep'

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
})
afterEach(() => place[Symbol.asyncDispose]())

interface Line {
  readonly type: string
  readonly cells?: readonly { readonly status: string; readonly warnings?: readonly string[] }[]
}

describe('a run file with a sweep', () => {
  test('plan tells cells, calls and what share would save', async () => {
    await place.put('grid.yaml', grid)
    const { code, out } = await place.cli(['plan', 'grid.yaml'])
    expect(code).toBe(0)
    expect(out).toContain('sweep of 9 cells: 9 calls')
    expect(out).toContain('refiner.hr_scale: 1.25, 1.5, 2')
    expect(out).toContain('share: true would save 6 base passes')
    const shared = await place.cli(['plan', 'grid.yaml', '--set', 'sweep.share=true'])
    expect(shared.out).toContain('6 base passes saved')
  })

  test('plan --explain tells of its first cell why stages stand where they do', async () => {
    await place.put('grid.yaml', grid)
    const { code, out } = await place.cli(['plan', 'grid.yaml', '--explain'])
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/\n\nwhy in this order, and what would move it\n/),
    ])
    const json = await place.cli(['plan', 'grid.yaml', '--explain', '--json'])
    expect(JSON.parse(json.out)).toMatchObject({
      sweep: { order: [{ name: 'txt2img' }, { name: 'refiner' }] },
    })
  })

  test('plan --json has a line for each cell with what is made in its turn, in the order of making', async () => {
    const prompt = 'a word '.repeat(300)
    const file = `${base.replace('a PLACE', prompt)}\nsweep: { share: true, axes: { seed: 1..250, refiner.hr_scale: [1.5, 2], prompt:dusk: [noon, dawn] } }`
    await place.put('many.yaml', file)
    const { code, out } = await place.cli(['plan', 'many.yaml', '--json'])
    const { sweep } = JSON.parse(out) as {
      sweep: { calls: number; calls_shared: number; cells: readonly Cell[] }
    }
    interface Cell {
      readonly cell: number
      readonly calls: number
      readonly calls_shared?: number
    }
    const [first, , third] = sweep.cells
    expect([code, first, third]).toEqual([
      0,
      { cell: 1, point: { seed: 1, 'refiner.hr_scale': 1.5, 'prompt:dusk': 'noon' }, calls: 2 },
      {
        cell: 3,
        point: { seed: 1, 'refiner.hr_scale': 2, 'prompt:dusk': 'noon' },
        calls: 1,
        calls_shared: 1,
      },
    ])
    const sum = (of: (one: Cell) => number): number =>
      sweep.cells.reduce((all, one) => all + of(one), 0)
    expect([sum(({ calls }) => calls), sum((one) => one.calls_shared ?? 0)]).toEqual([
      sweep.calls,
      sweep.calls_shared,
    ])
    expect([sweep.cells.length, sweep.calls]).toEqual([1000, 1500])
    // Whole cells, with their prompts of two thousand letters, were twenty times as much.
    expect(out.length).toBeLessThan(120_000)
    expect(out.split('\n').filter((line) => line.startsWith('      {"cell":'))).toHaveLength(1000)
  }, 60_000)

  test.each([
    [['--set', 'refiner.hr_scale=3'], '--set refiner.hr_scale=3', 'refiner.hr_scale'],
    [['--seed', '5'], '--seed 5', 'seed'],
    [['--count', '2'], '--count 2', 'n_iter'],
  ])('refuses %j, which would have no effect', async (option, named, field) => {
    const axes = 'axes: { refiner.hr_scale: [1.25, 1.5] }, zip: { seed: 1..2, n_iter: [1, 2] }'
    await place.put('some.yaml', `${base}sweep: { ${axes} }`)
    const { code, err } = await place.cli(['plan', 'some.yaml', ...option])
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(
        `SW_CLI_OPTION_SWEPT: ${named} has no effect: the sweep goes over ${field}`,
      ),
    ])
    const list = `${base}sweep: { list: [{ seed: 1, refiner.hr_scale: 2 }, { steps: 3 }] }`
    await place.put('some.yaml', list)
    expect(await place.cli(['plan', 'some.yaml', ...option])).toMatchObject({ code: 0 })
  })

  test('run makes a folder with a run for each cell, a table and a grid', async () => {
    await place.put('grid.yaml', grid)
    const { code, out, err } = await place.cli(['run', 'grid.yaml'], { now: noon })
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('9 done of 9 cells')
    const files = await place.files(folder)
    expect(files.filter((path) => /^cells\/\d+\/final\/01-s7\.png$/.test(path))).toHaveLength(9)
    expect(files).toEqual(expect.arrayContaining(['grid.png', 'sweep.csv', 'sweep.json']))
    const record = join(folder, 'sweep.json')
    const wrong = await place.cli(['run', record])
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringContaining('sweep.json is what was settled of a sweep, not a run file'),
    ])
    expect(wrong.err).toMatch(/stagewright resume out\/\S+-sweep\n/)
    const csv = await place.read(`${folder}/sweep.csv`)
    expect(csv.split('\r\n')).toHaveLength(11)
    expect(csv).toContain('1,done,1.25,Euler,7,')
    const { width, height } = await sharp(join(place.path, folder, 'grid.png')).metadata()
    expect([width > 1000, width <= 4000, height > 900, height <= 4000]).toEqual(Array(4).fill(true))
    const again = await place.cli(['resume', folder])
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('9 done of 9 cells')])
    const history = await place.cli(['history'])
    expect(history.out.split('\n').filter((line) => line.includes('done'))).toHaveLength(9)
    const twice = await place.cli(['run', 'grid.yaml'])
    expect(twice.out).toMatch(/cell 9 \(9 of 9\) .* done: 0 made, 1 kept$/m)
  }, 60_000)

  test('a failed cell ends with 4, is told in events, table and grid, and resume makes it alone', async () => {
    await using fake = await startFakeWebui({
      dialect: 'a1111',
      tinyPictures: true,
      faults: [{ kind: 'oom', match: { body: { sampler_name: 'Euler a' } }, times: 1 }],
    })
    await place.put('grid.yaml', `${base}sweep: { axes: { sampler_name: [Euler, Euler a] } }`)
    const argv = ['run', 'grid.yaml', '--backend', fake.url, '--json']
    const { code, lines } = await place.cli(argv, { now: noon })
    expect(code).toBe(4)
    const told = lines as unknown as readonly Line[]
    expect(told.map(({ type }) => type)).toEqual([
      'sweep-started',
      'cell-started',
      'cell-finished',
      'cell-started',
      'cell-finished',
      'sweep-finished',
    ])
    expect(told.at(-1)?.cells?.map(({ status }) => status)).toEqual(['done', 'failed'])
    expect(await place.read(`${folder}/sweep.csv`)).toMatch(/2,failed,Euler a,.*SW_/)
    // The words of a failed cell alone have this colour.
    const drawn = join(place.path, folder, 'grid.png')
    expect(await pixelsOf(drawn, [240, 116, 96])).toBeGreaterThan(100)
    const resumed = await place.cli(['resume', '--backend', fake.url])
    expect(await pixelsOf(drawn, [240, 116, 96])).toBe(0)
    expect([resumed.code, resumed.out]).toEqual([0, expect.stringContaining('2 done of 2 cells')])
    expect(resumed.out).toContain('1 left to make')
  }, 60_000)

  test('a model that the server swapped in silence stands in the row of its cell: told, in the table and as JSON', async () => {
    const [there, gone] = ['there.safetensors', 'gone.safetensors']
    await using fake = await startFakeWebui({
      dialect: 'forge',
      tinyPictures: true,
      models: [there],
    })
    await place.put('swap.yaml', `${base}sweep: { axes: { model: [${there}, ${gone}] } }`)
    const argv = ['run', 'swap.yaml', '--backend', fake.url, '--lenient']
    const text = await place.cli(argv)
    const warning = `txt2img: the model was there, and ${gone} was asked for`
    expect([text.code, text.err]).toEqual([0, expect.stringContaining(`no model "${gone}"`)])
    const [before = '', after] = text.out.split(`  ! ${warning}\n`)
    expect([before.includes(`model ${gone}  done`), after?.includes('2 done of 2')]).toEqual([
      true,
      true,
    ])
    // The second time its picture is kept, and so is what is wrong with it.
    const { lines } = await place.cli([...argv, '--json'], { now: noon })
    const told = lines as unknown as readonly Line[]
    const rows = told
      .at(-1)
      ?.cells?.map(({ warnings }) => warnings?.filter((one) => one === warning))
    expect(rows).toEqual([[], [warning]])
    const csv = await place.read('out/20251123-120000-swap-sweep/sweep.csv')
    const [, first, second] = csv.split('\r\n')
    expect(first).not.toContain(warning)
    expect(second).toMatch(new RegExp(`^2,done,${gone},.*${warning}`))
    await rm(join(place.path, 'out/20251123-120000-swap-sweep/cells.jsonl'))
    const resumed = await place.cli(['resume', 'out/20251123-120000-swap-sweep'])
    expect([resumed.code, resumed.out]).toEqual([0, expect.stringContaining(`! ${warning}`)])
  }, 60_000)

  test('loads that were measured are told by the next plan, and counted into its time', async () => {
    const [small, large] = ['small.safetensors', 'large.safetensors']
    await using fake = await startFakeWebui({
      dialect: 'a1111',
      tinyPictures: true,
      models: [small, large],
      latency: { modelLoad: 1.2, step: 0.001, megapixel: 0, scale: 1 },
    })
    await place.put('models.yaml', `${base}sweep: { axes: { model: [large, small], seed: 1..2 } }`)
    const argv = ['plan', 'models.yaml', '--backend', fake.url]
    const before = await place.cli(argv)
    expect(before.out).toContain('loads: none was measured here yet, each counts as one')
    const run = await place.cli(['run', 'models.yaml', '--backend', fake.url])
    expect([run.code, fake.state.loads.length]).toEqual([0, 2])
    const after = await place.cli(argv)
    // The first load of a program is not sure to be one: that model counts as the other.
    expect(after.out).toMatch(/loads: measured, large\.safetensors [\d.]+ s, small\.safetensors as/)
    const { sweep: planned } = JSON.parse((await place.cli([...argv, '--json'])).out) as {
      sweep: { loads: unknown; model_loads: number; estimate: { ms: number } }
    }
    const { loads } = planned as { loads: { measured_ms: Readonly<Record<string, number>> } }
    const took = loads.measured_ms[large] ?? 0
    expect(loads).toEqual({
      counted_as: 'measured',
      measured_ms: { [large]: took },
      others_ms: took,
    })
    expect(took).toBeGreaterThan(400)
    expect(planned.estimate.ms).toBeGreaterThan(planned.model_loads * took)
    expect(planned.estimate.ms).toBe(Math.round(planned.estimate.ms))
  }, 60_000)

  test('wildcards are read beside the run file, and not from elsewhere', async () => {
    await place.put(
      'a/run.yaml',
      `prompt: on __wood__\nwidth: 64\nheight: 64\ntxt2img: {}\nsweep: { axes: { seed: 1..2 }, wildcards: w }`,
    )
    await place.put('a/w/wood.txt', '# woods\noak\npine\n')
    await place.put(
      'a/bad.yaml',
      `prompt: on __wood__\ntxt2img: {}\nsweep: { axes: { seed: 1 }, wildcards: ../w }`,
    )
    await place.put('w/wood.txt', 'oak')
    const planned = await place.cli(['plan', 'a/run.yaml', '--json'])
    expect([planned.code, planned.err]).toEqual([0, ''])
    const { sweep } = JSON.parse(planned.out) as { sweep: { cells: readonly object[] } }
    const drawn = { prompt: expect.stringMatching(/^on (oak|pine)$/) as string }
    expect(sweep.cells).toEqual([
      { cell: 1, point: { seed: 1 }, drawn, calls: 1 },
      { cell: 2, point: { seed: 2 }, drawn, calls: 1 },
    ])
    const refused = await place.cli(['plan', 'a/bad.yaml'])
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('--allow-path')])
    expect((await place.cli(['plan', 'a/bad.yaml', '--allow-path', 'w'])).code).toBe(0)
  })
})
