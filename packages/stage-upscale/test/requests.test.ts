import type { Sampling } from '@stagewright/core'
import { FakePipeline, givenPictures } from '@stagewright/testkit'
import { describe, expect, test } from 'vitest'

import { upscale } from '../src/index.js'

describe('mode: extras', () => {
  test('every default is sent', async () => {
    expect(await requests({ upscaler_1: 'R-ESRGAN 4x+' })).toEqual([
      {
        mode: 'extras',
        image: expect.objectContaining({ width: 512, height: 768 }),
        where: 'server',
        resize_mode: 0,
        upscaling_resize: 2,
        upscaling_crop: true,
        upscaler_1: 'R-ESRGAN 4x+',
        extras_upscaler_2_visibility: 0,
        gfpgan_visibility: 0,
        codeformer_visibility: 0,
        codeformer_weight: 0,
      },
    ])
  })

  test('a target is sent as a size, the other side by the aspect, and no factor with it', async () => {
    const [request] = await requests({ upscaler_1: 'Lanczos', upscaling_resize_w: 1024 })
    expect(request).toMatchObject({
      resize_mode: 1,
      upscaling_resize_w: 1024,
      upscaling_resize_h: 1536,
    })
    expect(request).not.toHaveProperty('upscaling_resize')
  })

  test.each([
    { upscaler_2: 'Lanczos', extras_upscaler_2_visibility: 0.4 },
    { gfpgan_visibility: 0.5, codeformer_visibility: 0.25, codeformer_weight: 0.75 },
    { upscaling_crop: false },
    { where: 'client' },
  ] as const)('%j is sent as it is', async (section) => {
    expect((await requests({ upscaler_1: 'R-ESRGAN 4x+', ...section }))[0]).toMatchObject(section)
  })

  test('it diffuses nothing: no prompt and no seed is sent', async () => {
    const [request] = await requests({ upscaler_1: 'Lanczos' })
    for (const key of ['prompt', 'seed', 'steps', 'model']) expect(request).not.toHaveProperty(key)
  })
})

describe('mode: sd_upscale', () => {
  const section = { mode: 'sd_upscale', upscaler_1: 'R-ESRGAN 4x+' } as const

  test('it starts from the picture’s settings, in tiles of its generation size', async () => {
    expect(await requests(section)).toEqual([
      {
        ...settings,
        mode: 'sd_upscale',
        image: expect.objectContaining({ width: 512, height: 768 }),
        upscaler_1: 'R-ESRGAN 4x+',
        upscaling_resize: 2,
        tile_width: 256,
        tile_height: 384,
        tile_overlap: 64,
        denoising_strength: 0.25,
      },
    ])
  })

  test('its own fields take the place of the picture’s', async () => {
    const own = {
      prompt: 'sharp',
      negative_prompt: 'soft',
      steps: 9,
      cfg_scale: 3,
      seed: 5,
      tile_width: 640,
      tile_height: 512,
      tile_overlap: 32,
      denoising_strength: 0.4,
      upscaling_resize: 3,
    }
    expect((await requests({ ...section, ...own }))[0]).toMatchObject(own)
  })

  test('a combined sampler name is split, and "Use same …" keeps the picture’s', async () => {
    const [split] = await requests({ ...section, sampler_name: 'DPM++ 2M Karras' })
    expect(split).toMatchObject({ sampler_name: 'DPM++ 2M', scheduler: 'Karras' })
    const [same] = await requests({
      ...section,
      sampler_name: 'Use same sampler',
      scheduler: 'Use same scheduler',
    })
    expect(same).toMatchObject({ sampler_name: 'Euler', scheduler: 'Automatic' })
  })

  test('a scheduler set by hand goes before the one in the sampler’s name', async () => {
    const [request] = await requests({
      ...section,
      sampler_name: 'DPM++ 2M Karras',
      scheduler: 'Exponential',
    })
    expect(request).toMatchObject({ sampler_name: 'DPM++ 2M', scheduler: 'Exponential' })
  })
})

describe('a batch', () => {
  test('each picture is a call of its own, keeps its seed and settings, and stays in order', async () => {
    const fake = new FakePipeline({ stages: [upscale] })
    const images = givenPictures(
      { width: 512, height: 768, settings: { ...settings, seed: 5 } },
      { width: 640, height: 512, settings: { ...settings, seed: 9 } },
    )
    const result = await fake.reprocess(images, { upscale: { upscaler_1: 'Lanczos' } })
    expect(fake.calls).toHaveLength(2)
    expect(
      result.images.map((image) => [image.seed, image.width, image.height, image.settings?.width]),
    ).toEqual([
      [5, 1024, 1536, 256],
      [9, 1280, 1024, 256],
    ])
    expect(result.warnings).toEqual([])
  })
})

const settings: Sampling = {
  prompt: 'a harbour',
  negative_prompt: 'blurry',
  model: 'base',
  sampler_name: 'Euler',
  scheduler: 'Automatic',
  steps: 12,
  cfg_scale: 6,
  width: 256,
  height: 384,
  seed: 77,
  subseed: 3,
  subseed_strength: 0,
}

type Section = NonNullable<
  Parameters<FakePipeline<readonly [typeof upscale]>['reprocess']>[1]['upscale']
>

async function requests(section: Section) {
  const fake = new FakePipeline({ stages: [upscale] })
  const images = givenPictures({ width: 512, height: 768, settings })
  await fake.reprocess(images, { upscale: section })
  return fake.calls.map(({ request }) => request)
}
