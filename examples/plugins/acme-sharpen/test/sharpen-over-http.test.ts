import { readFile } from 'node:fs/promises'

import { webui } from '@stagewright/backend-webui'
import { createPipeline, provide, type RunConfig } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { sharpen, Sharpener } from '../src/index.js'

const stages = [sharpen, upscale, txt2img]

async function example(): Promise<RunConfig> {
  return parse(await readFile(new URL('../run.yaml', import.meta.url), 'utf8')) as RunConfig
}

/** Mean difference between neighbours in a row: how hard the edges are. */
async function hardness(bytes: Uint8Array): Promise<number> {
  const { data, info } = await sharp(bytes).greyscale().raw().toBuffer({ resolveWithObject: true })
  let sum = 0
  for (let i = 1; i < data.length; i++)
    if (i % info.width !== 0) sum += Math.abs(data[i]! - data[i - 1]!)
  return sum / data.length
}

describe('acme_sharpen against a server', () => {
  it('sharpens what the server enlarged, without a request of its own', async () => {
    await using server = await startFakeWebui({ dialect: 'a1111', tinyPictures: true })
    await using backend = webui({ url: server.url })
    await using pipeline = createPipeline({ backend, stages: [...stages] })
    const config = await example()
    const { acme_sharpen: _, ...without } = config
    const [sharp_, plain] = [await pipeline.run(config), await pipeline.run(without)]
    const made = server.requests.flatMap(({ method, path }) =>
      method === 'POST' && path.startsWith('/sdapi/v1/') ? [path] : [],
    )
    expect(made).toEqual([
      '/sdapi/v1/txt2img',
      '/sdapi/v1/extra-single-image',
      '/sdapi/v1/txt2img',
      '/sdapi/v1/extra-single-image',
    ])
    const [after, before] = [sharp_.images[0]!, plain.images[0]!]
    expect(after).toMatchObject({ width: 512, height: 384, seed: before.seed })
    expect(after.lineage).toEqual(['txt2img', 'upscale', 'acme_sharpen'])
    expect(await hardness(await after.bytes())).toBeGreaterThan(
      1.1 * (await hardness(await before.bytes())),
    )
  })

  it('lets a host provide its own sharpener', async () => {
    await using server = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    await using backend = webui({ url: server.url })
    const asked: object[] = []
    await using pipeline = createPipeline({
      backend,
      stages: [...stages],
      services: [
        provide(Sharpener, () => ({
          sharpen: (bytes: Uint8Array, options: object) => {
            asked.push(options)
            return Promise.resolve(bytes)
          },
        })),
      ],
    })
    await pipeline.run(await example())
    expect(asked).toEqual([{ sigma: 1.2, amount: 3 }])
  })
})
