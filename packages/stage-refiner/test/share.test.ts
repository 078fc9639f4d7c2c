import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { refinerSteps } from '../src/share.js'

describe('how many steps the refiner renders', () => {
  test.each([
    [0.8, 14, 2],
    [0.6, 14, 5],
    [0.8, 20, 4],
    [0.5, 20, 10],
    [0.99, 20, 0],
    [0.01, 20, 19],
  ])('switched at %d of %i steps it renders %i', (at, total, share) => {
    expect(byStepsAt(at, total)).toBe(share)
  })

  test.each([
    // A pass at denoising d begins at the noise level 1 - d: past the switch, it is the refiner's from the start.
    [0.8, 20, 0.15, 20],
    [0.8, 20, 0.4, 10],
    [0.8, 20, 1, 4],
  ])(
    'by noise, at %d of %i steps and denoising %d, it renders %i',
    (at, total, denoising, share) => {
      const config = { refiner_switch_at: at, refiner_switch_by: 'noise' as const }
      expect(refinerSteps(config, total, denoising)).toBe(share)
    },
  )

  test('it never renders more than the pass, nor fewer than none, and less the later it takes over', () => {
    const at = fc.double({ min: 0.001, max: 0.999, noNaN: true })
    const by = fc.constantFrom('steps' as const, 'noise' as const)
    fc.assert(
      fc.property(
        at,
        at,
        by,
        fc.nat(150),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (a, b, refiner_switch_by, total, d) => {
          const share = (x: number) =>
            refinerSteps({ refiner_switch_at: x, refiner_switch_by }, total, d)
          expect(share(a)).toBeGreaterThanOrEqual(0)
          expect(share(a)).toBeLessThanOrEqual(total)
          if (a < b) expect(share(a)).toBeGreaterThanOrEqual(share(b))
        },
      ),
    )
  })
})

function byStepsAt(refiner_switch_at: number, total: number): number {
  return refinerSteps({ refiner_switch_at, refiner_switch_by: 'steps' }, total, 0.35)
}
