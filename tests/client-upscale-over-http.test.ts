import { webui } from '@stagewright/backend-webui'
import { createPipeline, type RunResult, stageImage, type StageImage } from '@stagewright/core'
import { type DialectName, type FakeWebui, startFakeWebui } from '@stagewright/fake-webui'
import { toPicture } from '@stagewright/image-files'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'

const words = { prompt: 'a harbour at dusk', seed: 7, steps: 4 }
const stages = [txt2img, upscale] as const
const dialects: readonly DialectName[] = ['a1111', 'forge', 'reforge', 'sdnext', 'sdcpp']

async function on(dialect: DialectName, use: (there: There) => Promise<void>): Promise<void> {
  await using fake = await startFakeWebui({ dialect })
  await using backend = webui({ url: fake.url, pollInterval: 5, toPicture })
  await using pipeline = createPipeline({ backend, stages })
  await use({ fake, pipeline })
}

interface There {
  readonly fake: FakeWebui
  readonly pipeline: ReturnType<typeof createPipeline<typeof stages>>
}

const generating = ({ requests }: FakeWebui) =>
  requests.filter(({ method }) => method === 'POST').map(({ path }) => path)

describe.concurrent('upscale with where: client', () => {
  test.each(dialects)(
    'asks %s for no enlargement, and gives the size that its extras would',
    (dialect) =>
      on(dialect, async ({ fake, pipeline }) => {
        const result = await pipeline.run({
          ...words,
          txt2img: { width: 128, height: 192, batch_size: 2 },
          upscale: { where: 'client', upscaler_1: 'Lanczos', upscaling_resize: 1.55 },
        })
        expect(result).toMatchObject({ status: 'done', warnings: [] })
        expect(generating(fake).filter((path) => !path.endsWith('/progress'))).toEqual([
          '/sdapi/v1/txt2img',
        ])
        const small = result.stages[0]?.images ?? []
        expect(small).toHaveLength(2)
        for (const [i, image] of result.images.entries()) {
          const from = small[i]?.width ?? 0
          expect(image.width).toBe(Math.floor((from * 1.55) / 8) * 8)
          expect(await kindOf(image)).toEqual({ format: 'png', channels: 3, depth: 'uchar' })
          expect(image).toMatchObject({ seed: 7 + i, settings: small[i]?.settings ?? {} })
          expect(image.lineage).toEqual(['txt2img', 'upscale'])
          const text = Buffer.from(await image.bytes()).toString('latin1')
          expect(text).toContain('Postprocess upscale by: 1.55, Postprocess upscaler: Lanczos')
          expect(text).toContain('Stages: txt2img > upscale')
        }
      }),
  )

  test.each([
    ['Nearest', 'nearest', { most: 0, mean: 0 }],
    ['Bilinear', 'bilinear', { most: 1, mean: 0.5 }],
    ['Bicubic', 'bicubic', { most: 6, mean: 0.5 }],
  ] as const)('by %s has the pixels that another program makes', (name, interpolator, bound) =>
    on('sdcpp', async ({ pipeline }) => {
      const result = await pipeline.run({
        ...words,
        txt2img: { width: 128, height: 128 },
        upscale: { where: 'client', upscaler_1: name, upscaling_resize: 2 },
      })
      const reference = await centred(first(result, 0), interpolator)
      const { most, mean } = await difference(first(result, 1), reference, 6)
      expect(most).toBeLessThanOrEqual(bound.most)
      expect(mean).toBeLessThanOrEqual(bound.mean)
    }),
  )

  test('by Lanczos has the pixels that another program makes when it shrinks', () =>
    on('a1111', async ({ pipeline }) => {
      const result = await pipeline.run({
        ...words,
        txt2img: { width: 256, height: 256 },
        upscale: { where: 'client', upscaler_1: 'Lanczos', upscaling_resize: 0.5 },
      })
      const small = sharp(await first(result, 0).bytes()).resize(128, 128, { kernel: 'lanczos3' })
      const reference = await small.raw().toBuffer()
      expect((await difference(first(result, 1), reference, 4)).mean).toBeLessThan(0.5)
    }))

  test('by Lanczos keeps most of the picture, seen when another program shrinks it again', () =>
    on('a1111', async ({ pipeline }) => {
      const lost = async (upscaler_1: string) => {
        const result = await pipeline.run({
          ...words,
          txt2img: { width: 128, height: 128 },
          upscale: { where: 'client', upscaler_1, upscaling_resize: 4 },
        })
        const small = sharp(await first(result, 1).bytes()).resize(128, 128, { kernel: 'lanczos3' })
        return (await difference(first(result, 0), await small.raw().toBuffer(), 0)).mean
      }
      const [lanczos, bicubic] = [await lost('Lanczos'), await lost('Bicubic')]
      expect(lanczos).toBeLessThan(bicubic)
      expect(bicubic).toBeLessThan(await lost('Bilinear'))
    }))

  test('to a size crops in the middle, or reaches it on the longer way', () =>
    on('a1111', async ({ pipeline }) => {
      const run = (more: object) =>
        pipeline.run({
          ...words,
          txt2img: { width: 128, height: 192 },
          upscale: {
            where: 'client',
            upscaler_1: 'Nearest',
            upscaling_resize_w: 256,
            upscaling_resize_h: 256,
            ...more,
          },
        })
      const cropped = await run({})
      const kept = await run({ upscaling_crop: false })
      expect(sizeOf(first(cropped, 1))).toEqual([256, 256])
      expect(sizeOf(first(kept, 1))).toEqual([256, 384])
      const middle = sharp(await first(kept, 1).bytes()).extract({
        left: 0,
        top: 64,
        width: 256,
        height: 256,
      })
      const reference = await middle.raw().toBuffer()
      expect(await difference(first(cropped, 1), reference, 0)).toEqual({ most: 0, mean: 0 })
      expect(Buffer.from(await first(cropped, 1).bytes()).toString('latin1')).toContain(
        'Postprocess upscale to: 256x256',
      )
    }))

  test('mixes in a second upscaler', () =>
    on('a1111', async ({ pipeline }) => {
      const run = async (more: object) =>
        pixels(
          first(
            await pipeline.run({
              ...words,
              txt2img: { width: 64, height: 64 },
              upscale: { where: 'client', upscaler_1: 'Nearest', ...more },
            }),
            1,
          ),
        )
      const [one, two, half] = await Promise.all([
        run({}),
        run({ upscaler_1: 'Lanczos' }),
        run({ upscaler_2: 'Lanczos', extras_upscaler_2_visibility: 0.5 }),
      ])
      expect(
        half.every((value, i) => Math.abs(value - ((one[i] ?? 0) + (two[i] ?? 0)) / 2) <= 0.5),
      ).toBe(true)
    }))

  test.each(['a1111', 'sdcpp'] as const)(
    'refuses an upscaler with a model before the first call of %s, and names those that can',
    (dialect) =>
      on(dialect, async ({ fake, pipeline }) => {
        const config = {
          ...words,
          txt2img: { width: 64, height: 64 },
          upscale: { where: 'client' as const, upscaler_1: 'R-ESRGAN 4x+' },
        }
        await expect(pipeline.run(config)).rejects.toMatchObject({
          code: 'SW_PREFLIGHT_UNKNOWN_NAME',
          hint: expect.stringMatching(
            dialect === 'a1111'
              ? /Lanczos.*Bicubic.*Bilinear.*Nearest.*remove where: client/
              : /Lanczos.*Bicubic.*Bilinear.*Nearest"?$/,
          ),
        })
        expect(generating(fake)).toEqual([])
      }),
  )

  test('is what sd-server’s refusal of its own enlargement offers', () =>
    on('sdcpp', async ({ fake, pipeline }) => {
      const config = {
        ...words,
        txt2img: { width: 64, height: 64 },
        upscale: { upscaler_1: 'Lanczos' },
      }
      await expect(pipeline.run(config)).rejects.toMatchObject({
        code: 'SW_PREFLIGHT_NO_SUCH_KIND',
        hint: expect.stringContaining('where: client'),
      })
      expect(generating(fake)).toEqual([])
    }))

  test('without a decoder refuses a server whose pictures are lossy, before the first call', async () => {
    await using fake = await startFakeWebui({ dialect: 'sdnext' })
    await using backend = webui({ url: fake.url })
    await using pipeline = createPipeline({ backend, stages })
    await expect(
      pipeline.run({
        ...words,
        txt2img: { width: 64, height: 64 },
        upscale: { where: 'client', upscaler_1: 'Lanczos' },
      }),
    ).rejects.toMatchObject({ hint: expect.stringContaining('samples_format to png') })
    expect(generating(fake)).toEqual([])
  })
})

describe('a given picture of another kind', () => {
  const rgba = { width: 24, height: 16, channels: 4 as const }
  const half = sharp({ create: { ...rgba, background: { r: 200, g: 0, b: 0, alpha: 0.5 } } })
  const kinds: readonly [string, () => Promise<Buffer>, readonly number[]][] = [
    ['with alpha, which is laid on white', () => half.clone().png().toBuffer(), [227, 127, 127]],
    [
      'with a palette',
      () => half.clone().removeAlpha().png({ palette: true }).toBuffer(),
      [200, 0, 0],
    ],
    [
      'of 16 bits',
      () => half.clone().removeAlpha().toColourspace('rgb16').png().toBuffer(),
      [200, 0, 0],
    ],
    ['in grey', () => half.clone().removeAlpha().greyscale().png().toBuffer(), [98, 98, 98]],
    ['that is a JPEG', () => half.clone().removeAlpha().jpeg().toBuffer(), [200, 0, 0]],
    [
      'that is a WebP',
      () => half.clone().removeAlpha().webp({ lossless: true }).toBuffer(),
      [200, 0, 0],
    ],
  ]
  test.each(kinds)('%s, comes out as 8-bit RGB', async (_, make, colour) => {
    await using fake = await startFakeWebui({ dialect: 'a1111' })
    await using backend = webui({ url: fake.url, toPicture })
    await using pipeline = createPipeline({ backend, stages: [upscale] })
    const { images } = await pipeline.reprocess([stageImage(await make())], {
      upscale: { where: 'client', upscaler_1: 'Lanczos', upscaling_resize: 2 },
    })
    const [image] = images
    if (image === undefined) throw new Error('no picture')
    expect(sizeOf(image)).toEqual([48, 32])
    expect(await kindOf(image)).toEqual({ format: 'png', channels: 3, depth: 'uchar' })
    const [r = 0, g = 0, b = 0] = (await pixels(image)).subarray(300)
    for (const [i, value] of [r, g, b].entries())
      expect(Math.abs(value - (colour[i] ?? 0))).toBeLessThanOrEqual(2)
  })

  test('that cannot be read is an error which says how it could be', async () => {
    await using fake = await startFakeWebui({ dialect: 'a1111' })
    await using backend = webui({ url: fake.url })
    await using pipeline = createPipeline({ backend, stages: [upscale] })
    const jpeg = stageImage(await half.clone().removeAlpha().jpeg().toBuffer())
    await expect(
      pipeline.reprocess([jpeg], { upscale: { where: 'client', upscaler_1: 'Lanczos' } }),
    ).rejects.toMatchObject({
      code: 'SW_WEBUI_PICTURE_UNREADABLE',
      hint: expect.stringContaining('toPicture'),
    })
  })
})

function first({ stages: done }: RunResult, stage: number): StageImage {
  const image = done[stage]?.images[0]
  if (image === undefined) throw new Error('no picture')
  return image
}

function sizeOf({ width, height }: StageImage): [number, number] {
  return [width, height]
}

async function pixels(image: StageImage): Promise<Buffer> {
  return sharp(await image.bytes())
    .removeAlpha()
    .raw()
    .toBuffer()
}

async function kindOf(image: StageImage) {
  const { format, channels, depth } = await sharp(await image.bytes()).metadata()
  return { format, channels, depth }
}

/** Twice as large by sharp, with pixels' middles where they belong: its `resize` puts corners there instead. */
async function centred(image: StageImage, interpolator: 'nearest' | 'bilinear' | 'bicubic') {
  const offset = interpolator === 'nearest' ? {} : { odx: 0.5, ody: 0.5 }
  return sharp(await image.bytes())
    .removeAlpha()
    .affine([2, 0, 0, 2], { interpolator, ...offset })
    .raw()
    .toBuffer()
}

/** The difference of each value, leaving out a margin, where programs differ in what is beyond the edge. */
async function difference(image: StageImage, reference: Buffer, margin: number) {
  const own = await pixels(image)
  expect(own).toHaveLength(reference.length)
  const { width, height } = image
  let [most, sum, count] = [0, 0, 0]
  for (let y = margin; y < height - margin; y++)
    for (let i = (y * width + margin) * 3; i < (y * width + width - margin) * 3; i++) {
      const off = Math.abs((own[i] ?? 0) - (reference[i] ?? 0))
      most = Math.max(most, off)
      sum += off
      count += 1
    }
  return { most, mean: sum / count }
}
