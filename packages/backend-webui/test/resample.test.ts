import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { encodePng } from '../src/resample/encode.js'
import { type Resampler, resamplers, tapsOf } from '../src/resample/kernels.js'
import { blended, resample } from '../src/resample/resample.js'
import { type Pixels, pngPixels } from '../src/result/png-pixels.js'

const never = new AbortController().signal
const smooth = resamplers.filter((one) => one !== 'Nearest')

describe('resampling', () => {
  it('keeps one colour as it is, at any size, up and down, in whole and in part', async () => {
    const sides = fc.integer({ min: 1, max: 40 })
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(sides, sides, sides, sides),
        fc.constantFrom(...resamplers),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        async ([w, h, width, height], resampler, share) => {
          const from = drawn(w, h, () => [200, 13, 255])
          const part = {
            x: (w * (1 - share)) / 2,
            y: (h * (1 - share)) / 2,
            width: w * share,
            height: h * share,
          }
          const { data } = await resample(from, { width, height }, resampler, never, part)
          expect(new Set(data)).toEqual(new Set([200, 13, 255]))
          expect(data).toHaveLength(width * height * 3)
        },
      ),
    )
  })

  it.each(resamplers)('by %s to the same size changes nothing', async (resampler) => {
    const from = drawn(9, 7, (x, y) => [x * 20, y * 30, (x * y * 77) % 256])
    expect(await resample(from, from, resampler, never)).toEqual(from)
  })

  it.each(smooth)('by %s keeps a slope where it is: nothing is shifted', async (resampler) => {
    const from = drawn(16, 16, (x, y) => [x * 16 + 8, y * 16 + 8, 0])
    const { data } = await resample(from, { width: 32, height: 32 }, resampler, never)
    for (let y = 6; y < 26; y++)
      for (let x = 6; x < 26; x++) {
        const [across, down] = [data[(y * 32 + x) * 3] ?? 0, data[(y * 32 + x) * 3 + 1] ?? 0]
        expect(Math.abs(across - (x + 0.5) * 8)).toBeLessThanOrEqual(1)
        expect(Math.abs(down - (y + 0.5) * 8)).toBeLessThanOrEqual(1)
      }
  })

  it('by Lanczos follows the formula with three lobes', async () => {
    const from = drawn(12, 12, (x, y) => [90 + ((x * 83 + y * 151) % 77), 0, 0])
    const { data } = await resample(from, { width: 30, height: 30 }, 'Lanczos', never)
    const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))
    for (let y = 9; y < 20; y++)
      for (let x = 9; x < 20; x++) {
        let [sum, weights] = [0, 0]
        for (let v = 0; v < 12; v++)
          for (let u = 0; u < 12; u++) {
            const [dx, dy] = [u + 0.5 - (x + 0.5) / 2.5, v + 0.5 - (y + 0.5) / 2.5]
            if (Math.abs(dx) >= 3 || Math.abs(dy) >= 3) continue
            const weight = sinc(dx) * sinc(dx / 3) * sinc(dy) * sinc(dy / 3)
            sum += weight * (from.data[(v * 12 + u) * 3] ?? 0)
            weights += weight
          }
        // Rows are rounded before columns are made of them.
        expect(Math.abs((data[(y * 30 + x) * 3] ?? 0) - sum / weights)).toBeLessThan(1.5)
      }
  })

  it('by Nearest repeats each pixel', async () => {
    const from = drawn(3, 2, (x, y) => [x, y, 7])
    const { data } = await resample(from, { width: 6, height: 6 }, 'Nearest', never)
    expect(data).toEqual(drawn(6, 6, (x, y) => [x >> 1, Math.trunc(y / 3), 7]).data)
  })

  it('by Lanczos and Bicubic rings at an edge, by Bilinear does not', async () => {
    const from = drawn(16, 1, (x) => (x < 8 ? [50, 50, 50] : [200, 200, 200]))
    const peak = async (resampler: Resampler) =>
      Math.max(...(await resample(from, { width: 64, height: 1 }, resampler, never)).data)
    expect(await peak('Bilinear')).toBe(200)
    expect(await peak('Bicubic')).toBeGreaterThan(205)
    expect(await peak('Lanczos')).toBeGreaterThan(await peak('Bicubic'))
  })

  it.each(resamplers)('by %s has weights whose sum is 1, of pixels that are there', (resampler) => {
    for (const [from, to] of [
      [5, 13],
      [13, 5],
      [1, 8],
    ] as const) {
      const { first, count, weights, most } = tapsOf(resampler, { from, start: 0, span: from, to })
      for (let i = 0; i < to; i++) {
        const own = weights.subarray(i * most, i * most + (count[i] ?? 0))
        expect(own.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9)
        expect(first[i]).toBeGreaterThanOrEqual(0)
        expect((first[i] ?? 0) + own.length).toBeLessThanOrEqual(from)
      }
    }
  })

  it('stops when it is cancelled', async () => {
    const cancelled = AbortSignal.abort(new Error('cancelled'))
    const from = drawn(8, 8, () => [1, 2, 3])
    await expect(resample(from, { width: 16, height: 16 }, 'Lanczos', cancelled)).rejects.toThrow(
      'cancelled',
    )
  })

  it('mixes two pictures by a share of the second', () => {
    const [dark, light] = [drawn(2, 2, () => [0, 100, 10]), drawn(2, 2, () => [200, 100, 20])]
    expect([...blended(dark, light, 0.25).data.subarray(0, 3)]).toEqual([50, 100, 12])
  })
})

it('a PNG written here is read as it was', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
      async (width, height, values) => {
        const next = () => values.next().value as number
        const picture = drawn(width, height, () => [next(), next(), next()])
        expect(await pngPixels(await encodePng(picture))).toEqual(picture)
      },
    ),
  )
})

function drawn(
  width: number,
  height: number,
  pixel: (x: number, y: number) => readonly [number, number, number],
): Pixels {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.set(pixel(x, y), (y * width + x) * 3)
  return { width, height, data }
}
