import { Hires, Refiner } from '@stagewright/core'
import { describe, expect, it } from 'vitest'

import {
  changedOutside,
  difference,
  drawn,
  img2img,
  maskOf,
  painted,
  photograph,
  pixels,
  redrawn,
} from './ask.js'

const harbour = (x: number, y: number) => [60 + y, 90 + ((x * 3) % 80), y > 80 ? 140 : 200] as const

describe('img2img', () => {
  it('moves steadily away from its picture as the strength grows', async () => {
    const photo = await painted(160, 128, harbour)
    const prompt = 'oil painting of a town at dusk'
    const away: number[] = []
    for (const denoising_strength of [0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1])
      away.push(await difference(photo, await redrawn(photo, { prompt, denoising_strength })))
    expect(away).toEqual(away.toSorted((a, b) => a - b))
    expect(away[0]).toBeLessThan(1)
    expect(away.at(-1)).toBeGreaterThan(15)
  })

  it('keeps lineage and name of its picture', async () => {
    const image = await redrawn(await painted(64, 64, harbour))
    expect(image.name).toBe('painted')
    expect(image.settings).toMatchObject({ seed: 42, width: 64, height: 64 })
  })

  it('gives other pixels for another seed', async () => {
    const photo = await painted(128, 128, harbour)
    expect(
      await difference(await redrawn(photo), await redrawn(photo, { seed: 43 })),
    ).toBeGreaterThan(0.3)
  })

  it('gives one picture for each, and variations of one', async () => {
    const [a, b] = [await painted(64, 64, harbour), await painted(64, 64, () => [90, 120, 90])]
    const { images } = await img2img(a, { images: [a, b], batch_size: 2 })
    expect(images.map(({ seed }) => seed)).toEqual([42, 43])
    const { images: variations } = await img2img(a, { batch_size: 3 })
    expect(new Set(variations.map(({ digest }) => digest)).size).toBe(3)
    expect(variations[0]!.digest).toBe(images[0]!.digest)
  })

  it.each([0, 1, 2, 3])('reaches its size with resize_mode %i', async (resize_mode) => {
    const image = await redrawn(await painted(90, 60, harbour), {
      resize_mode,
      width: 128,
      height: 128,
    })
    expect([image.width, image.height]).toEqual([128, 128])
  })

  it('equals a merged hires pass when asked for the same on its own', async () => {
    const hires = {
      hr_scale: 1.5,
      hr_resize_x: 0,
      hr_resize_y: 0,
      hr_upscaler: 'R-ESRGAN 4x+',
      hr_second_pass_steps: 10,
      denoising_strength: 0.4,
    }
    const refiner = Refiner.with({
      refiner_checkpoint: 'refiner_xl',
      refiner_switch_at: 0.6,
      refiner_switch_by: 'steps',
      refiner_pass: 'second',
    })
    const merged = await drawn({}, [Hires.with(hires), refiner])
    const own = await redrawn(
      await drawn(),
      {
        width: 192,
        height: 288,
        steps: 10,
        img2img_fix_steps: true,
        denoising_strength: 0.4,
        upscaler_for_img2img: 'R-ESRGAN 4x+',
      },
      [refiner],
    )
    expect(own.digest).toBe(merged.digest)
  })

  it('equals a merged latent hires pass too', async () => {
    const hires = {
      hr_scale: 1.5,
      hr_resize_x: 0,
      hr_resize_y: 0,
      hr_upscaler: 'Latent',
      hr_second_pass_steps: 0,
      denoising_strength: 0.7,
    }
    const own = await redrawn(await drawn(), {
      width: 192,
      height: 288,
      img2img_fix_steps: true,
      denoising_strength: 0.7,
      resize_mode: 3,
    })
    expect(own.digest).toBe((await drawn({}, [Hires.with(hires)])).digest)
  })

  it('lets the refiner redraw', async () => {
    const photo = await painted(128, 128, harbour)
    const refiner = Refiner.with({
      refiner_checkpoint: 'refiner_xl',
      refiner_switch_at: 0.3,
      refiner_switch_by: 'noise',
      refiner_pass: 'second',
    })
    expect(
      await difference(await redrawn(photo), await redrawn(photo, {}, [refiner])),
    ).toBeGreaterThan(0)
  })
})

describe('masks', () => {
  const box = [40, 40, 88, 88] as const
  const within = (reach: number) => (x: number, y: number) =>
    x >= box[0] - reach && x < box[2] + reach && y >= box[1] - reach && y < box[3] + reach

  it.each([
    ['the whole at once', false],
    ['the masked part alone', true],
  ])('change no pixel outside mask and blur, redrawing %s', async (_, inpaint_full_res) => {
    const photo = await painted(128, 128, harbour)
    const mask = await maskOf(128, 128, box)
    const shared = {
      mask,
      mask_blur: 4,
      denoising_strength: 0.9,
      inpaint_full_res,
      width: 128,
      height: 128,
    }
    const image = await redrawn(photo, shared)
    expect([image.width, image.height]).toEqual([128, 128])
    expect(await changedOutside(photo, image, within(10))).toBe(0)
    expect(await changedOutside(photo, image, () => false)).toBeGreaterThan(1000)
  })

  it('leave the masked part alone when inverted', async () => {
    const photo = await painted(128, 128, harbour)
    const image = await redrawn(photo, {
      mask: await maskOf(128, 128, box),
      mask_blur: 0,
      inpainting_mask_invert: 1,
    })
    expect(await changedOutside(photo, image, (x, y) => !within(0)(x, y))).toBe(0)
    expect(await difference(photo, image)).toBeGreaterThan(1)
  })

  it('keep the size of a large picture when only the masked part is redrawn', async () => {
    const photo = await painted(300, 200, harbour)
    const image = await redrawn(photo, {
      mask: await maskOf(300, 200, [100, 60, 160, 120]),
      inpaint_full_res: true,
      width: 128,
      height: 128,
    })
    expect([image.width, image.height]).toEqual([300, 200])
  })

  it('start from what inpainting_fill says', async () => {
    const photo = await painted(96, 96, harbour)
    const mask = await maskOf(96, 96, [20, 20, 70, 70])
    const made = await Promise.all(
      [0, 1, 2, 3].map((inpainting_fill) =>
        redrawn(photo, { mask, inpainting_fill, denoising_strength: 0.2 }),
      ),
    )
    expect(new Set(made.map(({ digest }) => digest)).size).toBe(4)
    const grey = (await pixels(made[3]!)).data
    expect(grey[(45 * 96 + 45) * 3]).toBeGreaterThan(90)
  })

  it('continue what surrounds them behind the thing that is asked for', async () => {
    const wall = [206, 196, 176] as const
    const desk = [110, 72, 40] as const
    const blue = (x: number, y: number) => x >= 80 && x < 112 && y >= 60 && y < 150
    const before = (y: number) => (y < 120 ? wall : desk)
    const picture = await painted(192, 192, (x, y) => (blue(x, y) ? [40, 80, 200] : before(y)))
    const hole = [60, 30, 132, 160] as const
    const image = await redrawn(picture, {
      prompt: 'a terracotta vase on the desk',
      mask: await maskOf(192, 192, hole),
      denoising_strength: 0.9,
    })
    const { data } = await pixels(image)
    let [like, near] = [0, 0]
    for (let y = hole[1]; y < hole[3]; y++)
      for (let x = hole[0]; x < hole[2]; x++) {
        const at = (y * 192 + x) * 3
        const away = before(y).map((v, c) => Math.abs(v - data[at + c]!))
        if (Math.max(...away) < 24) like++
        if (blue(x, y) && data[at + 2]! > data[at]! + 40) near++
      }
    // What is not the vase is wall and desk again, and of the blue thing nothing is left.
    expect(like / (72 * 130)).toBeGreaterThan(0.4)
    expect(near).toBe(0)
    const middle = (130 * 192 + 96) * 3
    expect(data[middle]).toBeGreaterThan(data[middle + 2]! * 2)
  })

  it('let more through as the strength grows', async () => {
    const mask = await maskOf(192, 192, [60, 30, 140, 160])
    const desk = await photograph('desk.png', 192)
    const away: number[] = []
    for (const denoising_strength of [0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1])
      away.push(
        await difference(
          desk,
          await redrawn(desk, {
            prompt: 'a terracotta vase on the desk',
            mask,
            denoising_strength,
          }),
        ),
      )
    expect(away).toEqual(away.toSorted((a, b) => a - b))
  })

  it('may cover the whole picture', async () => {
    const picture = await painted(96, 96, harbour)
    const image = await redrawn(picture, {
      prompt: 'a vase on a desk',
      mask: await maskOf(96, 96, [0, 0, 96, 96]),
      denoising_strength: 0.9,
    })
    expect(await difference(picture, image)).toBeGreaterThan(10)
  })
})
