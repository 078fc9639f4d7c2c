import { onGrid } from '@stagewright/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { type UpscaleConfig, upscaleConfig } from '../src/config.js'
import { upscaleTarget } from '../src/target.js'

type Given = Partial<UpscaleConfig>

describe('the size of an enlarged picture', () => {
  const rows: [string, Given, [number, number], [number, number]][] = [
    ['is twice as large when nothing is given', {}, [512, 768], [1024, 1536]],
    ['is the factor, floored to the grid', { upscaling_resize: 1.3 }, [512, 768], [664, 992]],
    ['follows the width by the aspect', { upscaling_resize_w: 1024 }, [512, 768], [1024, 1536]],
    ['follows the height by the aspect', { upscaling_resize_h: 768 }, [512, 384], [1024, 768]],
    [
      'is exact where it is cropped',
      { upscaling_resize_w: 1003, upscaling_resize_h: 1001 },
      [512, 768],
      [1003, 1001],
    ],
    [
      'covers the target where it is not cropped',
      { upscaling_resize_w: 1000, upscaling_resize_h: 1000, upscaling_crop: false },
      [512, 768],
      [1000, 1496],
    ],
  ]

  test.each(rows)('%s', (_, section, [width, height], expected) => {
    const target = targetOf(section, { width, height })
    expect([target.width, target.height]).toEqual(expected)
  })

  test('by a factor it is on the backend’s grid, and within one cell of what was asked for', () => {
    const side = fc.integer({ min: 64, max: 4096 })
    const factor = fc.double({ min: 1, max: 8, noNaN: true })
    fc.assert(
      fc.property(factor, side, side, (upscaling_resize, width, height) => {
        const target = targetOf({ upscaling_resize }, { width, height })
        expect([target.width % 8, target.height % 8]).toEqual([0, 0])
        expect(width * upscaling_resize - target.width).toBeLessThan(9)
        expect(target.width).toBeLessThanOrEqual(width * upscaling_resize)
      }),
    )
  })
})

function targetOf(section: Given, picture: { width: number; height: number }) {
  const grid = { multiple: 8, round: 'down' as const }
  const config = upscaleConfig.parse({ upscaler_1: 'Lanczos', ...section })
  return upscaleTarget(config, picture, (pixels) => onGrid(pixels, grid))
}
