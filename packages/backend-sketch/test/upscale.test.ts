import { isPipelineError, Upscale } from '@stagewright/core'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'

import { backend, context, difference, drawn, painted, pixels, upscaled } from './ask.js'

const checks = (x: number, y: number) =>
  (x + y) % 3 === 0 ? ([250, 10, 60] as const) : ([20, 200, 90] as const)

describe('upscale', () => {
  it('repeats pixels with Nearest', async () => {
    const small = await painted(24, 16, checks)
    const large = await pixels(
      await upscaled(small, { upscaler_1: 'Nearest', upscaling_resize: 3 }),
    )
    expect([large.width, large.height]).toEqual([72, 48])
    const bad = large.data.filter((v, i) => {
      const pixel = Math.floor(i / 3)
      return v !== checks(Math.floor((pixel % 72) / 3), Math.floor(pixel / 72 / 3))[i % 3]
    })
    expect(bad).toHaveLength(0)
  })

  it('is the Lanczos kernel with Lanczos', async () => {
    const small = await painted(24, 16, checks)
    const large = await pixels(await upscaled(small, { upscaler_1: 'Lanczos' }))
    const wanted = await sharp(await small.bytes())
      .resize(48, 32, { kernel: 'lanczos3', fit: 'fill' })
      .raw()
      .toBuffer()
    expect(Buffer.compare(large.data, wanted)).toBe(0)
  })

  it('floors the size to a multiple of 8, and crops to a given one', async () => {
    const small = await painted(50, 30, checks)
    const byFactor = await upscaled(small, { upscaling_resize: 1.5 })
    expect([byFactor.width, byFactor.height]).toEqual([72, 40])
    const cropped = await upscaled(small, {
      resize_mode: 1,
      upscaling_resize_w: 100,
      upscaling_resize_h: 100,
    })
    expect([cropped.width, cropped.height]).toEqual([100, 100])
  })

  it('keeps settings, seed and name', async () => {
    const image = await drawn({ width: 64, height: 64 })
    const large = await upscaled(image)
    expect(large.settings).toEqual(image.settings)
    expect(large.seed).toBe(42)
    expect((await upscaled(await painted(16, 16, checks))).name).toBe('painted')
  })

  it('gives each other upscaler its own look, and blends two', async () => {
    const image = await drawn({ width: 64, height: 64 })
    const names = ['Lanczos', 'R-ESRGAN 4x+', 'SwinIR 4x']
    const made = await Promise.all(names.map((upscaler_1) => upscaled(image, { upscaler_1 })))
    expect(new Set(made.map(({ digest }) => digest)).size).toBe(3)
    const half = await upscaled(image, {
      upscaler_1: 'Lanczos',
      upscaler_2: 'SwinIR 4x',
      extras_upscaler_2_visibility: 0.5,
    })
    expect(await difference(half, made[0]!)).toBeLessThan(await difference(made[2]!, made[0]!))
  })

  it('refuses to change a size with the upscaler None', async () => {
    const failed = await upscaled(await painted(16, 16, checks), { upscaler_1: 'None' }).catch(
      (error: unknown) => error,
    )
    expect(isPipelineError(failed) && failed.code).toBe('SW_BACKEND_UNSUPPORTED')
  })

  it('shows a face restorer on a face', async () => {
    const image = await drawn({ width: 256, height: 384 })
    const plain = await upscaled(image, { upscaling_resize: 1 })
    expect(
      await difference(
        plain,
        await upscaled(image, { upscaling_resize: 1, gfpgan_visibility: 0.8 }),
      ),
    ).toBeGreaterThan(0.05)
  })

  it('redraws tiles at a low strength in sd_upscale', async () => {
    const image = await drawn({ width: 128, height: 128 })
    const settings = {
      ...image.settings!,
      mode: 'sd_upscale' as const,
      image,
      upscaler_1: 'Lanczos',
      upscaling_resize: 2,
      tile_width: 128,
      tile_height: 128,
      tile_overlap: 32,
    }
    const at = async (denoising_strength: number) =>
      (await backend.call(Upscale, { ...settings, denoising_strength }, context())).images[0]!
    const plain = await upscaled(image, { upscaler_1: 'Lanczos' })
    const [weak, strong] = [await at(0.1), await at(0.3)]
    expect([weak.width, weak.height]).toEqual([256, 256])
    expect(await difference(plain, strong)).toBeGreaterThan(await difference(plain, weak))
  })
})
