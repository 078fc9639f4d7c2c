import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

const sweepFile = (seeds: string) => `
prompt: a pier at dusk
width: 64
height: 64
steps: 2
txt2img: {}
sweep: { axes: { seed: ${seeds} } }
`
const first = '20251123-120000-piers-sweep'
const second = '20251123-130000-boats-sweep'

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
  await place.put('piers.yaml', sweepFile('1..2'))
  await place.put('boats.yaml', sweepFile('3..4'))
  await place.cli(['run', 'piers.yaml'], { now: at(12) })
  await place.cli(['run', 'boats.yaml'], { now: at(13) })
})
afterEach(() => place[Symbol.asyncDispose]())

describe('the cells of sweeps', () => {
  test('are listed by names that tell them apart, which show takes', async () => {
    const { out } = await place.cli(['history'])
    const names = out.split('\n').flatMap((line) => /^2\S+/.exec(line) ?? [])
    expect(names.toSorted()).toEqual(
      [first, second].flatMap((sweep) => [`${sweep}/cells/0001`, `${sweep}/cells/0002`]),
    )
    const { code, out: shown } = await place.cli(['show', `${second}/cells/0001`])
    expect(code).toBe(0)
    expect(shown).toMatch(/^run +20251123-130000-boats-sweep\/cells\/0001$/m)
    expect(shown).toContain('seed 3')
  })

  test('are not taken for each other by a number that two sweeps have', async () => {
    const { code, err } = await place.cli(['rerun', '0001'])
    expect(code).toBe(2)
    expect(err).toContain('"0001" could be any of 2 runs')
    expect(err).toContain(`name one of: ${first}/cells/0001, ${second}/cells/0001`)
    const shown = await place.cli(['show', '0001'])
    expect(shown.code).toBe(2)
    expect(shown.err).toContain(`"0001" may be either of ${first}/cells/0001, ${second}/cells/0001`)
  })

  test('are shown by a number that one sweep alone has, as they are made once more by it', async () => {
    await place.put('buoys.yaml', sweepFile('5..7'))
    await place.cli(['run', 'buoys.yaml'], { now: at(14) })
    const { code, out } = await place.cli(['show', '0003'])
    expect(code).toBe(0)
    expect(out).toMatch(/^run +20251123-140000-buoys-sweep\/cells\/0003$/m)
    const again = await place.cli(['rerun', '0003'], { now: at(15) })
    expect(again.code).toBe(0)
    expect(await place.files('out/20251123-150000-buoys-3')).toContain('final/01-s7.png')
  })

  test('are named only so far that a line can be read, where a sweep has many', async () => {
    await place.put('buoys.yaml', sweepFile('1..7'))
    await place.cli(['run', 'buoys.yaml'], { now: at(14) })
    const { code, err } = await place.cli(['rerun', '20251123-14'])
    expect([code, err]).toEqual([2, expect.stringContaining('could be any of 7 runs')])
    expect(err).toMatch(/name one of: (?:\S+\/cells\/000\d,? ){5}and 2 more$/m)
  })

  test('are shown by their folders wherever these are', async () => {
    const cell = `out/${second}/cells/0001`
    const { code, out } = await place.cli(['show', cell, '--out', 'elsewhere'])
    expect(code).toBe(0)
    expect(out).toMatch(/^run +20251123-130000-boats-sweep\/cells\/0001$/m)
    expect(await place.files()).not.toContainEqual(expect.stringContaining('elsewhere'))
  })

  test('are made once more beside the sweeps, from what is kept', async () => {
    const { code, out } = await place.cli(['rerun', `${second}/cells/0002`], { now: at(14) })
    expect(code).toBe(0)
    expect(out).toContain('1 of 1 calls were kept from before')
    expect(await place.files('out/20251123-140000-boats-2')).toContain('final/01-s4.png')
    const cells = (await place.files(`out/${second}`)).filter((path) => path.endsWith('.png'))
    expect(cells.filter((path) => path.includes('/final/'))).toHaveLength(2)
  })
})

describe('a sweep', () => {
  test('is shown with its cells by its name, or the beginning of that', async () => {
    const { code, out } = await place.cli(['show', '20251123-12'])
    expect(code).toBe(0)
    expect(out).toMatch(/^sweep +20251123-120000-piers-sweep$/m)
    expect(out).toMatch(/^cells +2 done of 2$/m)
    expect(out).toMatch(
      /^2 +done +2 +out\/20251123-120000-piers-sweep\/cells\/0002\/final\/01-s2.png$/m,
    )
    const json = await place.cli(['show', first, '--json'])
    expect(JSON.parse(json.out)).toMatchObject({
      name: 'piers',
      cells: [
        { cell: 1, status: 'done', point: { seed: 1 } },
        { cell: 2, status: 'done', point: { seed: 2 } },
      ],
    })
  })

  test('goes on where a cell of it is to be resumed', async () => {
    const { code, out } = await place.cli(['resume', `${first}/cells/0001`])
    expect(code).toBe(0)
    expect(out).toContain('2 done of 2 cells')
  })
})

function at(hour: number): () => Date {
  return () => new Date(2025, 10, 23, hour, 0, 0)
}
