import type { Sampling } from '@stagewright/core'
import { FakePipeline, givenPictures } from '@stagewright/testkit'
import { describe, expect, test } from 'vitest'

import { adetailer } from '../src/index.js'

const face = { ad_model: 'face_yolov8n.pt' }

describe('what a unit asks for', () => {
  test('every default is sent, over the settings the picture was generated with', async () => {
    expect(await requests([face])).toEqual([
      {
        ...settings,
        image: expect.objectContaining({ width: 1024, height: 1536 }),
        unit: 'face_yolov8n',
        ad_model: 'face_yolov8n.pt',
        ad_model_classes: '',
        ad_prompt: '',
        ad_negative_prompt: '',
        ad_confidence: 0.3,
        ad_mask_filter_method: 'Area',
        ad_mask_k: 0,
        ad_mask_min_ratio: 0,
        ad_mask_max_ratio: 1,
        ad_dilate_erode: 4,
        ad_x_offset: 0,
        ad_y_offset: 0,
        ad_mask_merge_invert: 'None',
        ad_mask_blur: 4,
        ad_denoising_strength: 0.4,
        ad_inpaint_only_masked: true,
        ad_inpaint_only_masked_padding: 32,
        ad_restore_face: false,
      },
    ])
  })

  test('the working size is the picture’s generation size, never its final one', async () => {
    const [request] = await requests([face])
    expect(request).toMatchObject({ width: 512, height: 768 })
  })

  test.each([
    [
      { ad_inpaint_width: 1024, ad_inpaint_height: 832 },
      { width: 1024, height: 832 },
    ],
    [{ ad_inpaint_width: 1024 }, { width: 1024, height: 768 }],
    [{ ad_steps: 9 }, { steps: 9 }],
    [{ ad_cfg_scale: 3 }, { cfg_scale: 3 }],
    [{ ad_checkpoint: 'other' }, { model: 'other' }],
    [{ ad_vae: 'soft' }, { vae: 'soft' }],
    [{ ad_clip_skip: 2 }, { clip_skip: 2 }],
    [{ ad_noise_multiplier: 1.1 }, { ad_noise_multiplier: 1.1 }],
    [{ ad_scheduler: 'Exponential' }, { sampler_name: 'Euler', scheduler: 'Exponential' }],
    [{ ad_sampler: 'DDIM' }, { sampler_name: 'DDIM', scheduler: 'Automatic' }],
    [{ ad_sampler: 'DPM++ 2M Karras' }, { sampler_name: 'DPM++ 2M', scheduler: 'Karras' }],
    [
      { ad_sampler: 'DPM++ 2M Karras', ad_scheduler: 'Exponential' },
      { sampler_name: 'DPM++ 2M', scheduler: 'Exponential' },
    ],
    [
      { ad_controlnet_model: 'inpaint', ad_controlnet_weight: 0.5 },
      {
        ad_controlnet_model: 'inpaint',
        ad_controlnet_weight: 0.5,
        ad_controlnet_guidance_start: 0,
        ad_controlnet_guidance_end: 1,
      },
    ],
  ])('%j is sent as %j', async (unit, expected) => {
    expect((await requests([{ ...face, ...unit }]))[0]).toMatchObject(expected)
  })

  test('labels "Use same …" keep what the picture has', async () => {
    const labels = {
      ad_sampler: 'Use same sampler',
      ad_scheduler: 'Use same scheduler',
      ad_checkpoint: 'Use same checkpoint',
    }
    const [request] = await requests([{ ...face, ...labels }])
    expect(request).toMatchObject({ sampler_name: 'Euler', scheduler: 'Automatic', model: 'base' })
  })

  test('ad_use flags are never sent: a server derives them from what is set', async () => {
    const [request] = await requests([
      { ...face, ad_steps: 9, ad_use_steps: true, ad_use_vae: false },
    ])
    expect(Object.keys(request ?? {}).filter((key) => key.startsWith('ad_use'))).toEqual([])
  })
})

describe('units', () => {
  const units = [
    { name: 'face', ...face },
    { name: 'hands', ad_model: 'hand_yolov8n.pt' },
  ]

  test('they run in order on each picture, each on the result of the one before', async () => {
    const fake = new FakePipeline({ stages: [adetailer] })
    const images = givenPictures(spec(5), spec(9))
    const result = await fake.reprocess(images, { adetailer: { units } })
    expect(fake.calls.map(({ label, request }) => [label, request['seed']])).toEqual([
      ['face', 5],
      ['hands', 5],
      ['face', 9],
      ['hands', 9],
    ])
    const [face1, hands1, face2, hands2] = fake.calls
    expect(hands1?.inputs[0]?.digest).toBe(face1?.outputs[0]?.digest)
    expect(hands2?.inputs[0]?.digest).toBe(face2?.outputs[0]?.digest)
    expect(result.images.map(({ seed, lineage }) => [seed, lineage])).toEqual([
      [5, ['adetailer:face', 'adetailer:hands']],
      [9, ['adetailer:face', 'adetailer:hands']],
    ])
  })

  test('the result tells for each unit what it found', async () => {
    const fake = new FakePipeline({
      stages: [adetailer],
      script: [{ label: 'hands', nothingFound: true }],
    })
    const result = await fake.reprocess(givenPictures(spec(5), spec(9)), { adetailer: { units } })
    expect(result.stages[0]?.summary).toEqual(['face: changed in 2', 'hands: nothing found in 2'])
  })

  test('a picture that fails leaves the batch, and the others go on', async () => {
    const fake = new FakePipeline({
      stages: [adetailer],
      script: [{ label: 'hands', picture: 2, fail: new Error('no memory') }],
    })
    const images = givenPictures(spec(5), spec(7), spec(9))
    const result = await fake.reprocess(images, { adetailer: { units } })
    expect(result.status).toBe('partial')
    expect(result.images.map(({ seed }) => seed)).toEqual([5, 9])
    expect(result.unfinished.map(({ image }) => image?.lineage)).toEqual([['adetailer:face']])
  })
})

describe('a given picture without settings', () => {
  test.each([
    ['xl', 1024],
    ['flux', 1024],
    ['sd', 512],
  ] as const)('with the preset %s the working size is %i squared', async (preset, side) => {
    const fake = new FakePipeline({ stages: [adetailer] })
    const images = givenPictures({ width: 1024, height: 1024 })
    await fake.reprocess(images, { preset, adetailer: { units: [face] } })
    expect(fake.calls[0]?.request).toMatchObject({ width: side, height: side })
  })
})

const settings: Sampling = {
  prompt: 'a fisherman',
  negative_prompt: 'blurry',
  model: 'base',
  sampler_name: 'Euler',
  scheduler: 'Automatic',
  steps: 12,
  cfg_scale: 6,
  width: 512,
  height: 768,
  seed: 77,
  subseed: 3,
  subseed_strength: 0,
}

function spec(seed: number) {
  return { width: 1024, height: 1536, settings: { ...settings, seed } }
}

type Units = NonNullable<
  Parameters<FakePipeline<readonly [typeof adetailer]>['reprocess']>[1]['adetailer']
>['units']

async function requests(units: Units) {
  const resources = { controlnet_model: 'any' } as const
  const fake = new FakePipeline({ stages: [adetailer], resources })
  await fake.reprocess(givenPictures(spec(77)), { adetailer: { units } })
  return fake.calls.map(({ request }) => request)
}
