import { isPipelineError, onGrid } from '@stagewright/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { type Img2ImgConfig, img2imgConfig } from '../src/config.js'
import { outputSize, type Size, targetOf } from '../src/target.js'

describe('the size to redraw at', () => {
  const rows: Row[] = [
    ['is the picture’s own, floored to the grid', {}, [1001, 763], [1000, 760]],
    ['follows the width by the aspect', { width: 768 }, [1536, 1024], [768, 512]],
    ['follows the height by the aspect', { height: 512 }, [1536, 1024], [768, 512]],
    ['is what both sides say, on the grid', { width: 777, height: 519 }, [1536, 1024], [776, 512]],
    ['is a factor of the picture', { resize_by: 1.5 }, [515, 400], [768, 600]],
  ]

  test.each(rows)('%s', (_, section, [width, height], target) => {
    const { width: x, height: y } = targetAt(section, { width, height })
    expect([x, y]).toEqual(target)
  })

  test('a shared width is a default for txt2img, and does not count here unless it is written', () => {
    expect(img2imgConfig.parse({ prompt: 'a harbour' }).width).toBeUndefined()
  })

  test('above 2 megapixels the picture’s own size is an error that offers about 1 megapixel', () => {
    const error = refusal({}, { width: 4000, height: 3000 })
    expect(error?.code).toBe('SW_IMG2IMG_TOO_LARGE')
    expect(error?.message).toContain('4000x3000')
    expect(error?.hint).toContain('1176x880')
  })

  test('2 megapixels are still taken as they are, and a size that is asked for always is', () => {
    expect(targetAt({}, { width: 1600, height: 1248 })).toEqual({ width: 1600, height: 1248 })
    expect(targetAt({ width: 4000 }, { width: 4000, height: 3000 })).toEqual({
      width: 4000,
      height: 3000,
    })
  })
})

describe('another aspect', () => {
  const picture = { width: 1200, height: 800 }

  test('stretching by more than 2 % is an error that offers crop, fill and the fitting size', () => {
    const error = refusal({ width: 768, height: 768 }, picture)
    expect(error?.code).toBe('SW_IMG2IMG_STRETCH')
    expect(error?.message).toContain('1200x800 to 768x768')
    expect(error?.hint).toMatch(/crop or fill.*768x512/)
  })

  test('a latent resize stretches as well', () => {
    expect(refusal({ width: 768, height: 768, resize_mode: 3 }, picture)?.code).toBe(
      'SW_IMG2IMG_STRETCH',
    )
  })

  test('up to 2 % is accepted', () => {
    expect(refusal({ width: 1200, height: 816 }, picture)).toBeUndefined()
    expect(refusal({ width: 1200, height: 824 }, picture)?.code).toBe('SW_IMG2IMG_STRETCH')
  })

  test.each([1, 2])('resize_mode %i keeps the aspect, and is accepted', (resize_mode) => {
    expect(refusal({ width: 768, height: 768, resize_mode }, picture)).toBeUndefined()
  })

  test('"only masked" crops its region itself, and is accepted', () => {
    const section = { width: 768, height: 768, mask: 'mask.png', inpaint_full_res: true }
    expect(refusal(section, picture)).toBeUndefined()
    expect(refusal({ ...section, mask: undefined }, picture)?.code).toBe('SW_IMG2IMG_STRETCH')
  })
})

describe('the size of what comes out', () => {
  const [picture, target] = [
    { width: 1201, height: 803 },
    { width: 512, height: 512 },
  ]

  test('is the target, as a rule', () => {
    expect(outputSize(config({ mask: 'mask.png' }), picture, target)).toEqual(target)
    expect(outputSize(config({ inpaint_full_res: true }), picture, target)).toEqual(target)
  })

  test('is the picture’s own when only the masked region is redrawn', () => {
    const section = config({ mask: 'mask.png', inpaint_full_res: true })
    expect(outputSize(section, picture, target)).toEqual(picture)
  })
})

describe('laws', () => {
  const side = fc.integer({ min: 64, max: 5000 })
  const multiple = fc.constantFrom(8, 16, 64)

  test('a target is always on the backend’s grid', () => {
    fc.assert(
      fc.property(
        fc.record({ width: side, height: side }),
        fc.record(
          { width: side, height: side, resize_mode: fc.constant(1) },
          { requiredKeys: ['width', 'resize_mode'] },
        ),
        multiple,
        (picture, section, grid) => {
          const { width, height } = targetAt(section, picture, grid)
          expect([width % grid, height % grid]).toEqual([0, 0])
          expect(Math.min(width, height)).toBeGreaterThan(0)
        },
      ),
    )
  })

  test('the fitting size that an error offers is never refused', () => {
    fc.assert(
      fc.property(side, side, side, side, multiple, (w, h, width, height, grid) => {
        const picture = { width: w, height: h }
        const error = refusal({ width, height }, picture, grid)
        if (error === undefined) return
        const fitting = /size (\d+)x(\d+)/.exec(error.hint)
        const offered = { width: Number(fitting?.[1]), height: Number(fitting?.[2]) }
        fc.pre(Math.min(offered.width, offered.height) >= 64 && offered.height <= 16_384)
        expect(refusal(offered, picture, grid)).toBeUndefined()
      }),
    )
  })

  test('the smaller size that is offered for a large picture is about 1 megapixel', () => {
    const large = fc.integer({ min: 1500, max: 5000 })
    fc.assert(
      fc.property(large, large, (width, height) => {
        const error = refusal({}, { width, height })
        const [, w = 0, h = 0] = (/(\d+)x(\d+)$/.exec(error?.hint ?? '') ?? []).map(Number)
        expect(w * h).toBeGreaterThan(0.95e6)
        expect(w * h).toBeLessThan(1.1e6)
        expect(refusal({ width: w, height: h }, { width, height })).toBeUndefined()
      }),
    )
  })
})

type Row = [string, Partial<Img2ImgConfig>, [number, number], [number, number]]

function config(section: Partial<Img2ImgConfig>): Img2ImgConfig {
  return img2imgConfig.parse({ prompt: 'a harbour', ...section })
}

function targetAt(section: Partial<Img2ImgConfig>, picture: Size, multiple = 8): Size {
  const grid = { multiple, round: 'down' as const }
  return targetOf(config(section), picture, 'img2img', (pixels) => onGrid(pixels, grid))
}

function refusal(section: Partial<Img2ImgConfig>, picture: Size, multiple = 8) {
  try {
    targetAt(section, picture, multiple)
    return undefined
  } catch (error) {
    if (isPipelineError(error)) return error
    throw error
  }
}
