import { webui } from '@stagewright/backend-webui'
import { createPipeline } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { img2img } from '@stagewright/stage-img2img'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { given } from '@stagewright/testkit'
import { describe, expect, it } from 'vitest'

import { controlnet } from '../src/index.js'
import { slots } from '../src/webui.js'

const stages = [txt2img, img2img, upscale, controlnet]
const pictures = given({ 'pose.png': { width: 64, height: 96 } })
const config = {
  prompt: 'a dancer',
  seed: 7,
  width: 64,
  height: 96,
  acme_controlnet: {
    units: [{ image: 'pose.png', model: 'control_v11p_sd15_openpose', weight: 0.9 }],
  },
  txt2img: {},
}

type Unit = Readonly<Record<string, unknown>>
const unitsOf = (body: unknown): readonly Unit[] | undefined =>
  (body as { alwayson_scripts?: { controlnet?: { args: Unit[] } } }).alwayson_scripts?.controlnet
    ?.args

describe('acme_controlnet against a server', () => {
  it('sends its unit, with the picture, in every generating call and in no other', async () => {
    await using server = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    await using backend = webui({ url: server.url, slots })
    const pipeline = createPipeline({ backend, stages, services: [pictures] })
    const redraw = { img2img: { denoising_strength: 0.4 }, upscale: { upscaler_1: 'Lanczos' } }
    const { images } = await pipeline.run({ ...config, ...redraw })
    const calls = server.requests.filter(({ path }) => /2img$|extra-single/.test(path))
    expect(calls.map(({ path }) => path.split('/').at(-1))).toEqual([
      'txt2img',
      'img2img',
      'extra-single-image',
    ])
    const [first, second, third] = calls.map(({ body }) => unitsOf(body))
    const { image, ...unit } = first?.[0] ?? {}
    expect(unit).toEqual({
      enabled: true,
      model: 'control_v11p_sd15_openpose',
      module: 'none',
      weight: 0.9,
      guidance_start: 0,
      guidance_end: 1,
      control_mode: 'Balanced',
      resize_mode: 'Crop and Resize',
      pixel_perfect: true,
    })
    expect(Buffer.from(String(image), 'base64').subarray(1, 4).toString()).toBe('PNG')
    expect(second).toEqual(first)
    expect(third).toBeUndefined()
    expect(images).toHaveLength(1)
    expect(server.ignored).toEqual([])
  })

  it('keeps the plan in JSON: a reference stands in it, the picture in the call', async () => {
    await using server = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    await using backend = webui({ url: server.url, slots })
    const pipeline = createPipeline({ backend, stages, services: [pictures] })
    const plan = await pipeline.plan(config)
    const { contributions } = plan.stages.find(({ name }) => name === 'acme_controlnet')!
    expect(contributions[0]?.value).toMatchObject({
      units: [{ image: { $picture: 'pose.png', use: 'picture' } }],
    })
  })

  it('is refused before the first call where nobody can send it', async () => {
    await using server = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    await using backend = webui({ url: server.url })
    const pipeline = createPipeline({ backend, stages, services: [pictures] })
    await expect(pipeline.run(config)).rejects.toMatchObject({ code: 'SW_PLAN_SLOT_NOT_CARRIED' })
    expect(server.requests.filter(({ path }) => path.endsWith('2img'))).toEqual([])
  })
})
