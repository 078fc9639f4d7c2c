import { onGrid } from '@stagewright/core'
import { hiresTarget } from '@stagewright/core/sampling'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

type Pass = Parameters<typeof hiresTarget>[0]

describe('the target of a high-res pass', () => {
  const rows: [string, Pass, [number, number], [number, number, boolean]][] = [
    ['is twice the size when nothing is given', {}, [512, 768], [1024, 1536, false]],
    ['is the factor, floored to the grid', { hr_scale: 1.3 }, [512, 768], [664, 992, false]],
    ['follows the width by the aspect', { hr_resize_x: 1000 }, [512, 768], [1000, 1496, false]],
    ['follows the height by the aspect', { hr_resize_y: 1200 }, [512, 768], [800, 1200, false]],
    [
      'is both sides of the same aspect',
      { hr_resize_x: 768, hr_resize_y: 1152 },
      [512, 768],
      [768, 1152, false],
    ],
    [
      'crops when both sides have another aspect',
      { hr_resize_x: 1024, hr_resize_y: 1024 },
      [512, 768],
      [1024, 1024, true],
    ],
    ['takes 0 for unset', { hr_resize_x: 0, hr_resize_y: 1200 }, [512, 768], [800, 1200, false]],
    [
      'takes two zeros for the factor',
      { hr_scale: 1.5, hr_resize_x: 0, hr_resize_y: 0 },
      [512, 512],
      [768, 768, false],
    ],
  ]

  test.each(rows)('%s', (_, section, [width, height], expected) => {
    const target = targetOf(section, { width, height })
    expect([target.width, target.height, target.crop]).toEqual(expected)
  })
})

describe('laws of the target', () => {
  const side = fc.integer({ min: 64, max: 2048 })
  const grid = fc.constantFrom(8, 16, 64)

  test('it is on the backend’s grid, whatever is asked for', () => {
    const asked = fc.oneof(
      fc.record({ hr_scale: fc.double({ min: 0.1, max: 8, noNaN: true }) }),
      fc.record({ hr_resize_x: fc.nat(4096), hr_resize_y: fc.nat(4096) }),
    )
    fc.assert(
      fc.property(asked, side, side, grid, (section, width, height, multiple) => {
        const target = targetOf(section, { width, height }, multiple)
        expect([target.width % multiple, target.height % multiple]).toEqual([0, 0])
        expect(Math.min(target.width, target.height)).toBeGreaterThan(0)
      }),
    )
  })

  test('by a factor or by one side it never crops', () => {
    const asked = fc.oneof(
      fc.record({ hr_scale: fc.double({ min: 0.1, max: 8, noNaN: true }) }),
      fc.record({ hr_resize_x: fc.integer({ min: 1, max: 4096 }) }),
      fc.record({ hr_resize_y: fc.integer({ min: 1, max: 4096 }) }),
    )
    fc.assert(
      fc.property(asked, side, side, (section, width, height) => {
        expect(targetOf(section, { width, height }).crop).toBe(false)
      }),
    )
  })
})

type Picture = Parameters<typeof hiresTarget>[1]

function targetOf(pass: Pass, picture: Picture, multiple = 8) {
  const grid = { multiple, round: 'down' as const }
  return hiresTarget(pass, picture, (pixels) => onGrid(pixels, grid))
}
