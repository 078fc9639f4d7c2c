import { readImageHeader } from '@stagewright/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { infotext, withPairs } from '../src/infotext/compose.js'
import { infotextOf, withInfotext } from '../src/infotext/splice.js'
import { pngPixels } from '../src/result/png-pixels.js'
import { png } from './pictures.js'
import { picture, sampling, stubServer } from './stub-server.js'

describe('the infotext of a picture', () => {
  it('tells the settings as the WebUI writes them', () => {
    expect(
      infotext({ settings: { ...sampling, model: 'sub/base.safetensors', clip_skip: 2 } }),
    ).toBe(
      [
        'a red cube',
        'Negative prompt: blurry',
        'Steps: 20, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 11, Size: 64x64, Model: base, Clip skip: 2',
      ].join('\n'),
    )
  })

  it('tells of hires and refiner, and quotes what would break the line', () => {
    const text = infotext({
      settings: sampling,
      hires: {
        hr_scale: 1.5,
        hr_resize_x: 0,
        hr_resize_y: 0,
        hr_upscaler: 'Lanczos',
        hr_second_pass_steps: 7,
        denoising_strength: 0.4,
        hr_prompt: 'sharp, clear',
      },
      refiner: {
        refiner_checkpoint: 'refiner.safetensors',
        refiner_switch_at: 0.8,
        refiner_switch_by: 'steps',
        refiner_pass: 'second',
      },
    })
    expect(text).toContain('Denoising strength: 0.4, Hires upscale: 1.5, Hires steps: 7')
    expect(text).toContain('Hires prompt: "sharp, clear"')
    expect(text).toContain('Refiner: refiner, Refiner switch at: 0.8')
  })

  it('never tells a folder of the machine', () => {
    const settings = {
      ...sampling,
      model: '/home/ann/models/base.safetensors',
      vae: 'C:\\models\\fine.vae.pt',
      additional_modules: ['/srv/te/clip_l.safetensors'],
    }
    expect(infotext({ settings })).not.toMatch(/home|srv|C:/)
  })

  it('is replaced pair by pair when more is known', () => {
    const text = withPairs('a cube\nSteps: 20, Stages: txt2img', [['Stages', 'txt2img > upscale']])
    expect(text).toBe('a cube\nSteps: 20, Stages: txt2img > upscale')
  })
})

describe('an infotext in a PNG', () => {
  it('comes back as it was, whatever its letters, and no pixel changes', async () => {
    const bytes = png({ width: 9, height: 5, filter: 4, parameters: 'Steps: 1, Sampler: Euler' })
    const before = await pngPixels(bytes)
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (given) => {
        const text = given.replaceAll('\0', '')
        fc.pre(!/[\uD800-\uDFFF]/u.test(text) && text !== '')
        const spliced = withInfotext(bytes, text)
        expect(infotextOf(spliced)).toBe(text)
        expect(await pngPixels(spliced)).toEqual(before)
      }),
      { numRuns: 60 },
    )
  })

  it('replaces the server’s, which is false after a repair or an enlargement', async () => {
    const made = png({
      width: 64,
      height: 64,
      pixel: () => [1, 1, 1],
      parameters: 'Steps: 1, Sampler: Euler, Size: 128x128',
    })
    const server = stubServer('a1111', { reply: () => ({ images: [made] }) })
    const first = await server.txt2img({}, { stage: 'txt2img' })
    const [image = picture()] = first.images
    const { images } = await server.detail(
      { image: { ...image, lineage: ['txt2img'] } },
      { stage: 'adetailer', label: 'face' },
    )
    const other = stubServer('a1111')
    const repaired = await other.detail(
      { image: { ...image, lineage: ['txt2img'] } },
      { stage: 'adetailer', label: 'face' },
    )
    expect(infotextOf((await images[0]?.bytes()) ?? new Uint8Array())).toContain('Steps: 20')
    const text = infotextOf((await repaired.images[0]?.bytes()) ?? new Uint8Array())
    expect(text).toContain('Steps: 20, Sampler: Euler')
    expect(text).toContain('ADetailer face: face_yolov8n')
    expect(text).toContain('Stages: txt2img > adetailer (face)')
    expect(text).not.toContain('128x128')
  })

  it('is left out of WebP, and of a JPEG that it is too long for', () => {
    const webp = Buffer.from('RIFF....WEBPVP8 ', 'latin1')
    expect(withInfotext(webp, 'x')).toBe(webp)
    expect(withInfotext(jpeg, 'x'.repeat(40_000))).toBe(jpeg)
  })
})

const jpeg = Buffer.from(
  'ffd8ffe000104a46494600010100000100010000ffc0000b080040004001011100ffd9',
  'hex',
)

describe('an infotext in a JPEG', () => {
  it('comes back as it was, once, and the picture stays one', () => {
    const once = withInfotext(jpeg, 'a cat, кот 🐈\nSteps: 20')
    const twice = withInfotext(once, 'a dog\nSteps: 9')
    expect(infotextOf(once)).toBe('a cat, кот 🐈\nSteps: 20')
    expect(infotextOf(twice)).toBe('a dog\nSteps: 9')
    expect(readImageHeader(twice)).toEqual(readImageHeader(jpeg))
    expect(Buffer.from(twice).toString('latin1').split('Exif')).toHaveLength(2)
  })

  it('of none is none', () => {
    expect(infotextOf(jpeg)).toBeUndefined()
  })
})
