import { webui } from '@stagewright/backend-webui'
import { createPipeline, ImageSource, provide, stageImage } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { img2img } from '@stagewright/stage-img2img'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'

const prompt = 'a terracotta vase'

describe.each(['a1111', 'forge', 'reforge'] as const)(
  '%s, set to return masks between pictures',
  (dialect) => {
    const settings = { return_mask: true, return_mask_composite: true }

    test('hands them to a client that does not say no', async () => {
      await using fake = await startFakeWebui({ dialect, settings, tinyPictures: true })
      const body = { prompt, steps: 2, width: 64, height: 64, batch_size: 2 }
      const [picture, mask] = [await photo(), await lowerHalf()].map((one) =>
        one.toString('base64'),
      )
      const response = await fetch(`${fake.url}/sdapi/v1/img2img`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, init_images: [picture], mask }),
      })
      const { images, info } = (await response.json()) as { images: string[]; info: string }
      const { infotexts } = JSON.parse(info) as { infotexts: string[] }
      expect([images.length, infotexts.length]).toEqual([6, 2])
    })

    test('hands a pipeline its pictures alone', async () => {
      await using fake = await startFakeWebui({ dialect, settings, tinyPictures: true })
      await using backend = webui({ url: fake.url, pollInterval: 5 })
      await using pipeline = createPipeline({
        backend,
        stages: [img2img],
        services: [
          provide(ImageSource, () => ({
            open: async (_, use) =>
              use === 'mask'
                ? [{ image: stageImage(await grey(lowerHalf())), coverage: 0.5 }]
                : [{ image: stageImage(await photo()) }],
          })),
        ],
      })
      const { images, warnings } = await pipeline.run({
        prompt,
        seed: 7,
        steps: 2,
        img2img: {
          init_images: ['desk.png'],
          mask: 'mask.png',
          width: 64,
          height: 64,
          batch_size: 2,
        },
      })
      expect(images.map(({ seed }) => seed)).toEqual([7, 8])
      expect(warnings).toEqual([])
      for (const image of images) {
        const { channels } = await sharp(await image.bytes()).metadata()
        expect(channels).toBe(3)
        // What the mask leaves is there still: it is no mask that came back.
        const corner = await sharp(await image.bytes())
          .extract({ left: 0, top: 0, width: 1, height: 1 })
          .raw()
          .toBuffer()
        expect([...corner]).toEqual([0x80, 0x60, 0x40])
      }
      expect(fake.state.options).toMatchObject(settings)
    })
  },
)

function photo(): Promise<Buffer> {
  const create = { width: 64, height: 64, channels: 3 as const, background: '#806040' }
  return sharp({ create }).png().toBuffer()
}

function lowerHalf(): Promise<Buffer> {
  const create = { width: 64, height: 64, channels: 3 as const, background: '#000000' }
  const white = { width: 64, height: 32, channels: 3 as const, background: '#ffffff' }
  return sharp({ create })
    .composite([{ input: { create: white }, left: 0, top: 32 }])
    .png()
    .toBuffer()
}

async function grey(mask: Promise<Buffer>): Promise<Buffer> {
  return sharp(await mask)
    .extractChannel(0)
    .png()
    .toBuffer()
}
