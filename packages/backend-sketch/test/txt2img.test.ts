import { Hires, readImageHeader, Refiner, type Txt2ImgRequest } from '@stagewright/core'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'

import { difference, drawn, txt2img } from './ask.js'

describe('txt2img', () => {
  it('gives the same bytes for the same request', async () => {
    const [a, b] = [await drawn(), await drawn()]
    expect(a.digest).toBe(b.digest)
  })

  it('floors its size to a multiple of 8', async () => {
    const image = await drawn({ width: 135, height: 100 })
    expect([image.width, image.height]).toEqual([128, 96])
  })

  it('says in the picture what made it', async () => {
    const bytes = Buffer.from(await (await drawn()).bytes())
    expect(bytes.includes('Software\0Stagewright sketch: a drawing, not a diffusion model')).toBe(
      true,
    )
    expect(readImageHeader(bytes)?.mediaType).toBe('image/png')
    expect([bytes[24], bytes[25]]).toEqual([8, 2]) // bit depth 8, colour type RGB
  })

  it('draws every row also of a picture of few rows', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const image = await drawn({ prompt: 'a lighthouse', width: 64, height: 32, seed })
      const pixels = await sharp(await image.bytes())
        .raw()
        .toBuffer()
      const black = Array.from({ length: 32 }, (_, y) => pixels.subarray(y * 192, y * 192 + 192))
      expect(black.filter((row) => row.every((value) => value === 0))).toEqual([])
    }
  })

  it('draws the same composition at another size', async () => {
    const small = await drawn()
    const large = await drawn({ width: 256, height: 384 })
    const { upscaled } = await import('./ask.js')
    expect(await difference(await upscaled(small, { upscaler_1: 'Lanczos' }), large)).toBeLessThan(
      12,
    )
  })

  it.each<[string, Partial<Txt2ImgRequest>]>([
    ['seed', { seed: 43 }],
    ['prompt', { prompt: 'portrait of a sailor in a red suit' }],
    [
      'an unknown word',
      { prompt: 'portrait photo of a fisherman in a yellow raincoat on a windy pier, xyzzy' },
    ],
    ['negative prompt', { negative_prompt: 'pier' }],
    ['model', { model: 'dreamshaper' }],
    ['vae', { vae: 'vae-ft-mse' }],
    ['modules', { additional_modules: ['ae.safetensors'] }],
    [
      'LoRA',
      {
        prompt: 'portrait photo of a fisherman in a yellow raincoat on a windy pier <lora:grain:1>',
      },
    ],
    ['styles', { styles: ['noir'] }],
    ['clip skip', { clip_skip: 2 }],
    ['sampler', { sampler_name: 'Euler a' }],
    ['scheduler', { scheduler: 'Simple' }],
    ['steps', { steps: 4 }],
    ['cfg scale', { cfg_scale: 12 }],
    ['distilled cfg scale', { distilled_cfg_scale: 6 }],
    ['restore_faces', { restore_faces: true }],
    ['tiling', { tiling: true }],
    ['variation', { subseed_strength: 0.3 }],
  ])('changes with the %s', async (_, over) => {
    expect(await difference(await drawn(), await drawn(over))).toBeGreaterThan(0)
  })

  it('takes noise out with every step', async () => {
    const clean = await drawn({ steps: 150 })
    const left: number[] = []
    for (const steps of [1, 2, 4, 8, 16, 32, 64])
      left.push(await difference(await drawn({ steps }), clean))
    expect(left).toEqual(left.toSorted((a, b) => b - a))
    expect(new Set(left).size).toBe(left.length)
  })

  it('counts the seed up through a batch', async () => {
    const { images } = await txt2img({ batch_size: 2 })
    const next = await drawn({ seed: 43 })
    expect(images.map(({ seed }) => seed)).toEqual([42, 43])
    expect(images[1]!.digest).toBe(next.digest)
    expect(images[1]!.settings).toMatchObject({ seed: 43, steps: 20, width: 128, height: 192 })
  })

  it('counts the subseed up instead when a variation is asked for', async () => {
    const { images } = await txt2img({ batch_size: 2, subseed_strength: 0.4 })
    expect(images.map(({ settings }) => [settings?.seed, settings?.subseed])).toEqual([
      [42, 7],
      [42, 8],
    ])
    expect(images[1]!.digest).toBe((await drawn({ subseed: 8, subseed_strength: 0.4 })).digest)
  })

  it('moves from one seed to the other with the variation strength', async () => {
    const [own, other] = [
      await drawn({ subseed_strength: 0.01 }),
      await drawn({ subseed_strength: 0.2 }),
    ]
    expect(await difference(await drawn(), own)).toBeLessThan(
      await difference(await drawn(), other),
    )
  })
})

const hires = {
  hr_scale: 1.5,
  hr_resize_x: 0,
  hr_resize_y: 0,
  hr_upscaler: 'R-ESRGAN 4x+',
  hr_second_pass_steps: 10,
  denoising_strength: 0.4,
}
const refiner = {
  refiner_checkpoint: 'refiner_xl',
  refiner_switch_at: 0.6,
  refiner_switch_by: 'steps',
  refiner_pass: 'second',
} as const

describe('the hires slot', () => {
  it('gives the picture as it was before, and keeps the first pass in the settings', async () => {
    const { images, before } = await txt2img({}, [Hires.with(hires)])
    expect([images[0]!.width, images[0]!.height]).toEqual([192, 288])
    expect(before?.['hires']?.[0]?.digest).toBe((await drawn()).digest)
    expect(images[0]!.settings).toMatchObject({ width: 128, height: 192, seed: 42 })
  })

  it.each([
    ['one side by aspect', { hr_resize_x: 200, hr_resize_y: 0 }, [200, 296]],
    ['both sides, cropping', { hr_resize_x: 256, hr_resize_y: 256 }, [256, 256]],
  ])('takes its size from %s', async (_, over, size) => {
    const image = await drawn({}, [Hires.with({ ...hires, ...over })])
    expect([image.width, image.height]).toEqual(size)
  })
})

describe('the refiner slot', () => {
  it('changes the rendering more the sooner it takes over', async () => {
    const plain = await drawn()
    const at = async (refiner_switch_at: number) =>
      difference(plain, await drawn({}, [Refiner.with({ ...refiner, refiner_switch_at })]))
    const [early, late] = [await at(0.2), await at(0.8)]
    expect(late).toBeGreaterThan(0)
    expect(early).toBeGreaterThan(late)
  })

  it('acts on the pass that is named', async () => {
    const passes = async (refiner_pass: 'first' | 'second' | 'both') => {
      const { images, before } = await txt2img({}, [
        Hires.with(hires),
        Refiner.with({ ...refiner, refiner_pass }),
      ])
      return { first: before?.['hires']?.[0]?.digest, last: images[0]!.digest }
    }
    const plain = (await drawn()).digest
    const [first, second, both] = [
      await passes('first'),
      await passes('second'),
      await passes('both'),
    ]
    expect(second.first).toBe(plain)
    expect(first.first).not.toBe(plain)
    expect(both.first).toBe(first.first)
    expect(new Set([first.last, second.last, both.last]).size).toBe(3)
  })
})
