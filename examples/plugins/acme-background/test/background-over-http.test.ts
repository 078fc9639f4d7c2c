import { readFile } from 'node:fs/promises'

import { webui } from '@stagewright/backend-webui'
import { createPipeline, type RunConfig } from '@stagewright/core'
import { fakeExtension, startFakeWebui } from '@stagewright/fake-webui'
import { adetailer } from '@stagewright/stage-adetailer'
import { txt2img } from '@stagewright/stage-txt2img'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { removeBackground } from '../src/index.js'
import { handlers } from '../src/webui.js'

const stages = [txt2img, removeBackground]

/** Makes every picture as opaque as it is told, 0–1. */
function rembg(opaque: number, asked: unknown[] = []) {
  return fakeExtension({
    title: 'Rembg',
    args: [],
    routes: {
      'POST /rembg': async (body: { input_image: string }) => {
        asked.push(body)
        const png = await sharp(Buffer.from(body.input_image, 'base64'))
          .ensureAlpha(opaque)
          .png()
          .toBuffer()
        return { image: png.toString('base64') }
      },
    },
  })
}

async function example(): Promise<RunConfig> {
  return parse(await readFile(new URL('../run.yaml', import.meta.url), 'utf8')) as RunConfig
}

describe('acme_background against a server', () => {
  it('asks the server’s rembg for each picture, and hands on the transparency', async () => {
    const asked: Record<string, unknown>[] = []
    await using server = await startFakeWebui({
      dialect: 'forge',
      tinyPictures: true,
      extensions: [rembg(0.5, asked)],
    })
    await using backend = webui({ url: server.url, handlers })
    await using pipeline = createPipeline({ backend, stages })
    const { images, warnings } = await pipeline.run(await example())
    expect(asked.map((body) => ({ ...body, input_image: 'a picture' }))).toEqual([
      {
        input_image: 'a picture',
        model: 'isnet-general-use',
        return_mask: false,
        alpha_matting: true,
      },
    ])
    const sent = await sharp(Buffer.from(String(asked[0]!['input_image']), 'base64')).metadata()
    expect(sent).toMatchObject({ format: 'png', width: 256, height: 192 })
    expect(images[0]).toMatchObject({ seed: 7, lineage: ['txt2img', 'acme_background'] })
    expect(await sharp(await images[0]!.bytes()).metadata()).toMatchObject({ hasAlpha: true })
    expect(warnings).toEqual([])
  })

  it('warns when nothing of a picture is left', async () => {
    await using server = await startFakeWebui({
      dialect: 'forge',
      tinyPictures: true,
      extensions: [rembg(0)],
    })
    await using backend = webui({ url: server.url, handlers })
    await using pipeline = createPipeline({ backend, stages })
    const { warnings } = await pipeline.run(await example())
    expect(warnings.join()).toContain('isnet-general-use found no subject in the picture of seed 7')
  })

  it('cannot stand beside ADetailer: both must be last, and the error says what to do', async () => {
    await using server = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    await using backend = webui({ url: server.url, handlers })
    await using pipeline = createPipeline({ backend, stages: [...stages, adetailer] })
    const config = { ...(await example()), adetailer: { units: [{ ad_model: 'face_yolov8n.pt' }] } }
    const error = await pipeline.run(config).catch((thrown: unknown) => thrown)
    const { code, message, hint } = error as Record<string, string>
    expect(`${code}: ${message}\n${hint}`).toMatchInlineSnapshot(`
      "SW_PLAN_TWO_TERMINALS: "acme_background" and "adetailer" are both terminal, and only one stage can be last
      disable one, or set placement: { acme_background: { before: [adetailer] } }"
    `)
    expect(server.requests.filter(({ path }) => path.endsWith('2img'))).toEqual([])
    const placed = { ...config, placement: { adetailer: { before: ['acme_background'] } } }
    const { stages: order } = await pipeline.plan(placed)
    expect(order.map(({ name }) => name)).toEqual(['txt2img', 'adetailer', 'acme_background'])
  })
})
