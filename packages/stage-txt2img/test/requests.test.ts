import { FakePipeline } from '@stagewright/testkit'
import { describe, expect, test } from 'vitest'

import { txt2img } from '../src/index.js'

describe('what the backend is asked for', () => {
  test('every default of the WebUI’s page is sent, and nothing that was not set', async () => {
    expect(await requests({ seed: 7, prompt: 'a harbour', txt2img: {} })).toEqual([
      {
        prompt: 'a harbour',
        negative_prompt: '',
        sampler_name: 'DPM++ 2M',
        scheduler: 'Automatic',
        steps: 20,
        cfg_scale: 7,
        width: 512,
        height: 512,
        seed: 7,
        subseed: 0,
        subseed_strength: 0,
        batch_size: 1,
      },
    ])
  })

  test('the section’s own value goes before the shared field, and that before the default', async () => {
    const [request] = await requests({
      prompt: 'shared',
      steps: 30,
      cfg_scale: 5,
      txt2img: { prompt: 'own', steps: 12 },
    })
    expect(request).toMatchObject({ prompt: 'own', steps: 12, cfg_scale: 5, width: 512 })
  })

  test.each([
    ['sd', { width: 512, height: 640, cfg_scale: 7, sampler_name: 'Euler a' }],
    ['xl', { width: 896, height: 1152, cfg_scale: 5, scheduler: 'Karras' }],
    ['flux', { cfg_scale: 1, distilled_cfg_scale: 3.5, scheduler: 'Simple' }],
  ] as const)('the preset %s sets the shared defaults as Forge does', async (preset, expected) => {
    const [request] = await requests({ preset, prompt: 'a harbour', txt2img: {} })
    expect(request).toMatchObject(expected)
  })

  test('fields that pass through reach the request as they are, with their options', async () => {
    const given = {
      restore_faces: true,
      tiling: true,
      eta: 0.5,
      s_noise: 1.05,
      seed_resize_from_w: 640,
      override_settings: { eta_noise_seed_delta: 31337 },
      alwayson_scripts: { 'Dynamic Thresholding': { args: [true, 7] } },
      script_name: 'X/Y/Z plot',
      script_args: [1, 'two'],
    }
    expect((await requests({ prompt: 'a harbour', txt2img: given }))[0]).toMatchObject(given)
  })

  test('a combined sampler name is split before it is sent', async () => {
    const [request] = await requests({
      prompt: 'a harbour',
      txt2img: { sampler_name: 'DPM++ 2M Karras' },
    })
    expect(request).toMatchObject({ sampler_name: 'DPM++ 2M', scheduler: 'Karras' })
  })
})

describe('seeds and rounds', () => {
  test('n_iter is unrolled into calls whose seeds are those that the WebUI would give', async () => {
    const made = await requests({
      prompt: 'a harbour',
      seed: 100,
      n_iter: 3,
      batch_size: 2,
      txt2img: {},
    })
    expect(made.map(({ seed, batch_size }) => [seed, batch_size])).toEqual([
      [100, 2],
      [102, 2],
      [104, 2],
    ])
    expect(made.every((request) => !('n_iter' in request))).toBe(true)
  })

  test('with a variation the seed stays and the subseed counts up', async () => {
    const made = await requests({
      prompt: 'a harbour',
      seed: 100,
      subseed: 900,
      subseed_strength: 0.3,
      n_iter: 2,
      batch_size: 4,
      txt2img: {},
    })
    expect(made.map(({ seed, subseed }) => [seed, subseed])).toEqual([
      [100, 900],
      [100, 904],
    ])
  })

  test('-1 becomes one number for the whole run, before the first call', async () => {
    const made = await requests({ prompt: 'a harbour', seed: -1, n_iter: 2, txt2img: {} }, 41)
    expect(made.map(({ seed }) => seed)).toEqual([41, 42])
  })

  test('every picture has its actual seed, and the settings it was made with', async () => {
    const fake = new FakePipeline({ stages: [txt2img] })
    const { images } = await fake.run({
      prompt: 'a harbour',
      seed: 5,
      steps: 9,
      batch_size: 2,
      n_iter: 2,
      txt2img: {},
    })
    expect(images.map(({ seed, settings }) => [seed, settings?.seed, settings?.steps])).toEqual([
      [5, 5, 9],
      [6, 6, 9],
      [7, 7, 9],
      [8, 8, 9],
    ])
  })

  test('a round that fails costs its own pictures only', async () => {
    const fake = new FakePipeline({
      stages: [txt2img],
      script: [{ call: 2, fail: new Error('no memory') }],
    })
    const result = await fake.run({ prompt: 'a harbour', seed: 5, n_iter: 3, txt2img: {} })
    expect(result.status).toBe('partial')
    expect(result.images.map(({ seed }) => seed)).toEqual([5, 7])
  })
})

type Config = Parameters<FakePipeline<readonly [typeof txt2img]>['run']>[0]

async function requests(config: Config, seed = 1) {
  const fake = new FakePipeline({ stages: [txt2img], randomSeed: () => seed })
  await fake.run(config)
  return fake.calls.map(({ request }) => request)
}
