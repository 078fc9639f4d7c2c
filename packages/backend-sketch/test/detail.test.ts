import { describe, expect, it } from 'vitest'

import { detect } from '../src/detect.js'
import {
  changedOutside,
  detailed,
  difference,
  drawn,
  painted,
  photograph,
  pixels,
  redrawn,
  upscaled,
} from './ask.js'

const portrait = once(() => drawn({ width: 384, height: 512 }))
const repaired = once(async () => detailed(await portrait()))

describe('detectors', () => {
  it.each([
    'portrait photo of a fisherman in a yellow raincoat on a windy pier, overcast',
    'portrait photo of a woman in a forest, morning',
    'photo of a man in the city at night',
  ])('find the face and both hands in "%s"', async (prompt) => {
    const picture = await pixels(await drawn({ prompt, width: 384, height: 512 }))
    expect(detect(picture, 'face')).toHaveLength(1)
    expect(detect(picture, 'hand')).toHaveLength(2)
    expect(detect(picture, 'person')).toHaveLength(1)
  })

  it('find them after img2img and after upscaling too', async () => {
    const image = await upscaled(await redrawn(await portrait(), { denoising_strength: 0.35 }), {
      upscaling_resize: 1.5,
    })
    const picture = await pixels(image)
    expect(detect(picture, 'face')).toHaveLength(1)
    expect(detect(picture, 'hand')).toHaveLength(2)
  })

  it('look at pixels, not at prompts', async () => {
    const empty = [
      await drawn({ prompt: 'mountain landscape at sunset', width: 384, height: 256 }),
      await painted(200, 150, (x, y) => [
        (x * 97 + y * 57) % 256,
        (x * 31 + y * 83) % 256,
        (x * 13 + y * 7) % 256,
      ]),
      await painted(200, 150, (_x, y) => (y < 80 ? [220, 170, 140] : [70, 110, 60])),
    ]
    for (const image of empty) {
      const picture = await pixels(image)
      for (const sort of ['face', 'hand', 'person'] as const)
        expect(detect(picture, sort)).toHaveLength(0)
    }
  })

  it.each([
    ['harbour.jpg', 'oil painting of a harbour town at dusk, thick brush strokes'],
    ['harbour.jpg', 'photo of a mountain landscape at sunset'],
    ['desk.png', 'watercolour still life'],
  ] as const)('find nothing in %s, nor in what "%s" makes of it', async (name, prompt) => {
    const width = name === 'desk.png' ? 416 : 608
    const image = await photograph(name, width)
    const all = [image]
    for (const [i, denoising_strength] of [0.3, 0.55, 0.7, 0.8].entries())
      all.push(await redrawn(image, { prompt, denoising_strength, seed: 8919 + i * 7919 }))
    for (const one of all) {
      const picture = await pixels(one)
      for (const sort of ['face', 'hand', 'person'] as const)
        expect(detect(picture, sort)).toEqual([])
    }
  })
})

describe('detail', () => {
  it('redraws the face and leaves every other pixel', async () => {
    const image = await portrait()
    const { images, unchanged } = await repaired()
    expect(unchanged).toBe(false)
    const { box } = detect(await pixels(image), 'face')[0]!
    const reach = 2 + 2 * 4 + 1
    const inside = (x: number, y: number) =>
      x >= box.x0 - reach && x < box.x1 + reach && y >= box.y0 - reach && y < box.y1 + reach
    expect(await changedOutside(image, images[0]!, inside)).toBe(0)
    expect(await difference(image, images[0]!)).toBeGreaterThan(0.1)
    expect(images[0]!.settings).toEqual(image.settings)
  })

  it('gives the same picture back when it finds nothing', async () => {
    const image = await drawn({ prompt: 'mountain landscape at sunset' })
    for (const ad_model of [
      'face_yolov8n.pt',
      'hand_yolov8n.pt',
      'person_yolov8n-seg.pt',
      'car_yolov8n.pt',
    ]) {
      const { images, unchanged } = await detailed(image, { ad_model })
      expect(unchanged).toBe(true)
      expect(images[0]).toBe(image)
    }
  })

  it.each([
    ['confidence', { ad_confidence: 0.99 }],
    ['smallest ratio', { ad_mask_min_ratio: 0.9 }],
    ['largest ratio', { ad_mask_max_ratio: 0.0001 }],
  ])('honours the %s', async (_, over) => {
    expect((await detailed(await portrait(), over)).unchanged).toBe(true)
  })

  it('redraws k hands, and all of them without a limit', async () => {
    const image = await portrait()
    const shared = { ad_model: 'hand_yolov8n.pt' }
    const one = (await detailed(image, { ...shared, ad_mask_k: 1 })).images[0]!
    const both = (await detailed(image, shared)).images[0]!
    expect(await difference(image, one)).toBeLessThan(await difference(image, both))
  })

  it.each([
    ['strength', { ad_denoising_strength: 0.1 }],
    ['growth', { ad_dilate_erode: 24 }],
    ['offset', { ad_x_offset: 10 }],
    ['blur', { ad_mask_blur: 12 }],
    ['padding', { ad_inpaint_only_masked_padding: 80 }],
    ['merging and inverting', { ad_mask_merge_invert: 'Merge and Invert' as const }],
    ['seed', { seed: 99 }],
    ['prompt', { ad_prompt: 'oil painting of an old man' }],
    ['model', { model: 'another' }],
  ])('changes with the %s', async (_, over) => {
    const [plain, other] = [await repaired(), await detailed(await portrait(), over)]
    expect(plain.images[0]!.digest).not.toBe(other.images[0]!.digest)
  })
})

/** Makes a picture when it is first asked for, and gives the same one from then on. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
