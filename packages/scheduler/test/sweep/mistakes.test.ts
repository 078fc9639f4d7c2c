import { describe, expect, test } from 'vitest'

import { valuesOf } from '../../src/sweep/ranges.js'
import { readCondition } from '../../src/sweep/where.js'
import { codesOf, plain, planned } from './workplace.js'

describe('a mistake in a sweep', () => {
  test('every mistake is told at once, with the nearest field', async () => {
    const wrong = () =>
      planned({
        axes: {
          hr_scale: [1],
          stepps: [2],
          'upscale.upscaling_resize': [2],
          'prompt:LIGHT': ['a'],
        },
      })
    expect(await codesOf(wrong)).toEqual([
      expect.stringMatching(/UNKNOWN_FIELD.*"hr_scale".*refiner\.hr_scale/),
      expect.stringMatching(/UNKNOWN_FIELD.*"stepps".*did you mean steps/),
      expect.stringMatching(/STAGE_OFF.*upscale/),
      expect.stringMatching(/WORD_ABSENT.*"LIGHT".*lighthouse/),
    ])
  })

  test('a cell that would be refused is named before the first call, with what is wrong', async () => {
    const refused = () => planned({ axes: { steps: [2, 999, 1000] } })
    expect(await codesOf(refused)).toEqual([
      expect.stringMatching(/CELL_REFUSED cell 2: .*999/),
      expect.stringMatching(/CELL_REFUSED cell 3: .*1000/),
    ])
  })

  test('absurd sizes are refused before anything is built', async () => {
    const huge = () => planned({ axes: { seed: '1..9999', steps: '1..9999', width: '64..9999' } })
    expect(await codesOf(huge)).toEqual([expect.stringContaining('SW_SWEEP_TOO_MANY')])
    const chosen = () =>
      planned({ axes: { seed: '1..9999', steps: '1..9999' }, where: 'seed == steps', limit: 3 })
    expect(await codesOf(chosen)).toEqual([
      expect.stringMatching(/sweep\.where .* choose from 99980001 combinations/),
    ])
  })

  test('is not a product of any size of which the first cells are taken', async () => {
    const axes = { seed: '1..9999', steps: '1..9999', width: '64..9999' }
    const { cells } = await planned({ axes, limit: 3 })
    expect(cells.map(({ point }) => point['width'])).toEqual([64, 65, 66])
  })

  test.each(['1..', '..4', '1..1e9', '1..2 step -0.1', '1..2 step'])(
    'is the range %s that is none, and not the text of a value',
    (text) => {
      expect(valuesOf(text)).toContain('no range')
      expect(valuesOf([9, text])).toContain('no range')
    },
  )

  test('is a range that never comes to its end because it states no step', () => {
    expect(valuesOf('1.25..2')).toContain('does not come to 2 in steps of 1')
    expect(valuesOf('0.2..0.8')).toContain('0.2..0.8 step 0.1')
    expect(valuesOf('1.5..3.5')).toEqual([1.5, 2.5, 3.5])
    expect(valuesOf('1..2 step 0.4')).toEqual([1, 1.4, 1.8])
    expect(valuesOf('wait... what')).toEqual(['wait... what'])
  })

  test('is told at the axis, where every one of its values is refused', async () => {
    const all = () => planned({ axes: { steps: ['hello', 'hello'], seed: [1, 2] } })
    expect(await codesOf(all)).toEqual([
      expect.stringMatching(/CELL_REFUSED cells 1, 2, 3, 4: .*steps is "hello"/),
    ])
    const base = () => planned({ axes: { seed: [1, 2] } }, { ...plain, steps: 'hello' })
    expect(await codesOf(base)).toEqual([expect.stringMatching(/^SW_CONFIG_INVALID_VALUE /)])
  })

  test('is a word that stands in no prompt by itself, as it is replaced', async () => {
    const part = () =>
      planned({ axes: { 'prompt:LIGHT': ['a'] } }, { ...plain, prompt: 'a LIGHTHOUSE' })
    expect(await codesOf(part)).toEqual([expect.stringMatching(/WORD_ABSENT.*LIGHTHOUSE/)])
    const none = () => planned({ axes: { 'prompt:': ['a'] } })
    expect(await codesOf(none)).toEqual([expect.stringContaining('SW_SWEEP_UNKNOWN_FIELD')])
  })

  test('in a condition names the sign that is meant', () => {
    expect(readCondition('seed = 2')).toContain('write == in place of =')
    expect(readCondition('seed == 2 && steps > 1')).toContain('write and in place of &&')
    expect(readCondition('!(seed == 2)')).toContain('write not in place of !')
    expect(readCondition('seed # 2')).toContain('cannot be read from')
  })

  test('of shape is told in words', async () => {
    const wrong = async (input: unknown) => codesOf(() => planned(input as never))
    expect(await wrong(null)).toEqual([expect.stringContaining('a map with axes, zip or list')])
    expect(await wrong({ zip: [] })).toEqual([expect.stringContaining('a map of fields to values')])
    expect(await wrong({ list: {} })).toEqual([expect.stringContaining('a list of maps')])
    expect(await wrong({ list: [] })).toEqual([expect.stringContaining('one entry at least')])
    const one = { axes: { seed: 1 } }
    expect(await wrong({ ...one, limit: '3' })).toEqual([
      expect.stringContaining('a whole number from 1 on'),
    ])
    expect(await wrong({ ...one, share: 'yes' })).toEqual([
      expect.stringContaining('it must be true or false'),
    ])
    expect(await wrong({ ...one, where: 3 })).toEqual([
      expect.stringContaining('it must be a text'),
    ])
  })
})
