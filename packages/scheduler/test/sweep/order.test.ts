import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { costOf, type Heavy, orderOf } from '../../src/index.js'

const cell = fc.record({
  model: fc.constantFrom('a', 'b', 'c'),
  refiner: fc.constantFrom('x', 'y'),
})

function permutations(items: readonly number[]): number[][] {
  return items.length < 2
    ? [[...items]]
    : items.flatMap((one, i) => permutations(items.toSpliced(i, 1)).map((rest) => [one, ...rest]))
}

describe('the order of cells', () => {
  test('is a permutation that never costs more than the author’s order', () => {
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 30 }), (cells) => {
        const author = cells.map((_, i) => i)
        const order = orderOf(cells)
        expect(order.toSorted((a, b) => a - b)).toEqual(author)
        expect(costOf(order, cells)).toBeLessThanOrEqual(costOf(author, cells))
      }),
    )
  })

  test('is the best there is, as trying all orders finds, measured load times too', () => {
    const costs = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'x', 'y'),
      fc.integer({ min: 1, max: 9 }),
    )
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 6 }), costs, (cells, times) => {
        const loading = { cost: (name: string) => times[name] ?? 3 }
        const best = Math.min(
          ...permutations(cells.map((_, i) => i)).map((order) => costOf(order, cells, loading)),
        )
        expect(costOf(orderOf(cells, loading), cells, loading)).toBe(best)
      }),
      { numRuns: 60 },
    )
  })

  test('makes 3 checkpoints × 3 refiners × 8 seeds with 10 changes; one axis within the other makes 96', () => {
    const names = ['1', '2', '3']
    const seeds = Array.from({ length: 8 }, (_, i) => i)
    const cells: Heavy[] = seeds.flatMap(() =>
      names.flatMap((refiner) =>
        names.map((model) => ({ model: `m${model}`, refiner: `r${refiner}` })),
      ),
    )
    const author = cells.map((_, i) => i)
    expect(costOf(author, cells)).toBe(96)
    expect(costOf(orderOf(cells), cells)).toBe(10)
  })

  test('is no worse for many groups, and keeps the author’s order within one', () => {
    const cells = Array.from({ length: 60 }, (_, i) => ({
      model: `m${(i * 7) % 5}`,
      vae: `v${i % 6}`,
    }))
    const order = orderOf(cells)
    expect(costOf(order, cells)).toBeLessThanOrEqual(31)
    const same = orderOf(Array.from({ length: 9 }, () => ({ model: 'a' })))
    expect(same).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })
})
