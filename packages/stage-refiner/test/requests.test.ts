import { Hires, Refiner } from '@stagewright/core'
import { FakePipeline, givenPictures } from '@stagewright/testkit'
import { describe, expect, test } from 'vitest'

import { refiner } from '../src/index.js'
import { settingsOf, source } from './source.js'

const pixel = { enable_hr: true, hr_upscaler: 'R-ESRGAN 4x+' }
const second = { refiner_enabled: true, refiner_model_name: 'second', refiner_switch_at: 0.6 }

describe('merged into the call before it', () => {
  test('the high-res pass is carried with every default written out', async () => {
    const [call, ...more] = await calls({ enable_hr: true })
    expect(more).toEqual([])
    expect(call?.operation).toBe('txt2img')
    expect(call?.contributions.map(({ slot }) => slot)).toEqual(['hires'])
    expect(Hires.from(call?.contributions ?? [])).toEqual({
      hr_scale: 2,
      hr_resize_x: 0,
      hr_resize_y: 0,
      hr_upscaler: 'Latent',
      hr_second_pass_steps: 0,
      denoising_strength: 0.7,
    })
  })

  test('what is set of the pass is carried, and its labels "Use same …" are not', async () => {
    const [call] = await calls({
      ...pixel,
      hr_prompt: 'sharp',
      hr_cfg: 4,
      hr_second_pass_steps: 9,
      hr_checkpoint_name: 'Use same checkpoint',
      hr_sampler_name: 'Use same sampler',
      hr_scheduler: 'Use same scheduler',
      hr_additional_modules: ['ae'],
    })
    const pass = Hires.from(call?.contributions ?? [])
    expect(pass).toMatchObject({
      hr_prompt: 'sharp',
      hr_cfg: 4,
      hr_second_pass_steps: 9,
      hr_additional_modules: ['ae'],
    })
    for (const key of [
      'hr_checkpoint_name',
      'hr_sampler_name',
      'hr_scheduler',
      'hr_negative_prompt',
    ])
      expect(pass).not.toHaveProperty(key)
  })

  test('a combined sampler name is split', async () => {
    const [call] = await calls({ ...pixel, hr_sampler_name: 'DPM++ 2M Karras' })
    expect(Hires.from(call?.contributions ?? [])).toMatchObject({
      hr_sampler_name: 'DPM++ 2M',
      hr_scheduler: 'Karras',
    })
  })

  test('the request of the call is as without the refiner: its model is never the call’s', async () => {
    const [merged] = await calls({ ...pixel, ...second }, { model: 'base' })
    const [alone] = await calls({}, { model: 'base' })
    expect(merged?.request).toEqual(alone?.request)
    expect(Refiner.from(merged?.contributions ?? [])).toEqual({
      refiner_checkpoint: 'second',
      refiner_switch_at: 0.6,
      refiner_switch_by: 'steps',
      refiner_pass: 'second',
    })
  })

  test('without hires the second model alone rides on the call', async () => {
    const [call, ...more] = await calls({ refiner_enabled: true, refiner_model_name: 'second' })
    expect(more).toEqual([])
    expect(call?.contributions.map(({ slot }) => slot)).toEqual(['refiner'])
    expect(Refiner.from(call?.contributions ?? [])).toMatchObject({ refiner_switch_at: 0.8 })
  })
})

describe('as a call of its own', () => {
  test('it is an img2img on each picture, with its seed, its settings and the noise of the pass', async () => {
    const made = await own({ ...pixel, denoising_strength: 0.35, hr_scale: 1.25 }, { count: 2 })
    expect(made.map(({ request }) => request['seed'])).toEqual([100, 100])
    expect(made[0]?.request).toEqual({
      ...settingsOf(),
      width: 640,
      height: 960,
      images: [expect.objectContaining({ width: 512, height: 768 })],
      batch_size: 1,
      denoising_strength: 0.35,
      resize_mode: 0,
      img2img_fix_steps: true,
      initial_noise_multiplier: 1,
      upscaler_for_img2img: 'R-ESRGAN 4x+',
    })
  })

  test('hr fields become the call’s own', async () => {
    const [call] = await own({
      ...pixel,
      hr_prompt: 'sharp',
      hr_negative_prompt: 'soft',
      hr_cfg: 4,
      hr_distilled_cfg: 3,
      hr_second_pass_steps: 9,
      hr_sampler_name: 'DPM++ SDE Karras',
      hr_checkpoint_name: 'other',
      hr_additional_modules: ['ae'],
    })
    expect(call?.request).toMatchObject({
      prompt: 'sharp',
      negative_prompt: 'soft',
      cfg_scale: 4,
      distilled_cfg_scale: 3,
      steps: 9,
      sampler_name: 'DPM++ SDE',
      scheduler: 'Karras',
      model: 'other',
      additional_modules: ['ae'],
    })
  })

  test('steps 0 are the picture’s own', async () => {
    const [call] = await own({ ...pixel, hr_second_pass_steps: 0 }, { steps: 31 })
    expect(call?.request).toMatchObject({ steps: 31, img2img_fix_steps: true })
  })

  test('both sides of another aspect scale to cover and crop', async () => {
    const [call] = await own({ ...pixel, hr_resize_x: 1024, hr_resize_y: 1024 })
    expect(call?.request).toMatchObject({ width: 1024, height: 1024, resize_mode: 1 })
  })

  test('"Latent" resizes in latent space, and names no upscaler', async () => {
    const [call] = await own({ enable_hr: true, hr_upscaler: 'Latent' })
    expect(call?.request).toMatchObject({ resize_mode: 3 })
    expect(call?.request).not.toHaveProperty('upscaler_for_img2img')
  })

  test('the refiner takes over in the call, whose model stays the base', async () => {
    const [call] = await own({ ...pixel, ...second }, { model: 'base' })
    expect(call?.request).toMatchObject({ model: 'base' })
    expect(Refiner.from(call?.contributions ?? [])?.refiner_checkpoint).toBe('second')
  })

  test('the pictures keep the settings of the call that generated them', async () => {
    const fake = new FakePipeline({ stages: [source, refiner] })
    const section = {
      ...pixel,
      hr_strategy: 'own',
      hr_prompt: 'sharp',
      hr_checkpoint_name: 'other',
    } as const
    const { images } = await fake.run({ test_source: { model: 'base' }, refiner: section })
    expect(images[0]?.settings).toMatchObject({
      prompt: 'of the source',
      model: 'base',
      width: 512,
    })
  })

  test('both strategies give pictures of the size that was forecast, and of the same', async () => {
    const made = async (width: number, hr_strategy: 'merged' | 'own') => {
      const fake = new FakePipeline({ stages: [source, refiner] })
      const section = { ...pixel, hr_scale: 1.7, hr_strategy }
      const { images, warnings } = await fake.run({ test_source: { width }, refiner: section })
      return { sizes: images.map((image) => [image.width, image.height]), warnings }
    }
    expect(await made(512, 'merged')).toEqual(await made(512, 'own'))
    for (const strategy of ['merged', 'own'] as const)
      expect(await made(519, strategy)).toEqual({ sizes: [[864, 1304]], warnings: [] })
  })
})

describe('the pass that the refiner acts on', () => {
  const where = async (
    refiner_pass: 'first' | 'second' | 'both',
    hr_strategy: 'merged' | 'own',
  ) => {
    const made = await calls({ ...pixel, ...second, refiner_pass, hr_strategy })
    return made.map(({ operation, contributions }) => [
      operation,
      Refiner.from(contributions)?.refiner_pass,
    ])
  }

  test.each(['first', 'second', 'both'] as const)(
    'merged, %s is told to the one call',
    async (pass) => {
      expect(await where(pass, 'merged')).toEqual([['txt2img', pass]])
    },
  )

  test('in two calls, first is on the call before, second on its own, both on both', async () => {
    expect(await where('first', 'own')).toEqual([
      ['txt2img', 'first'],
      ['img2img', undefined],
    ])
    expect(await where('second', 'own')).toEqual([
      ['txt2img', undefined],
      ['img2img', 'second'],
    ])
    expect(await where('both', 'own')).toEqual([
      ['txt2img', 'both'],
      ['img2img', 'both'],
    ])
  })
})

describe('a reprocess run', () => {
  test('the given picture gets a high-res pass of its own, from its settings', async () => {
    const fake = new FakePipeline({ stages: [source, refiner] })
    const settings = { ...settingsOf({ width: 512, height: 512 }), seed: 77 }
    const images = givenPictures({ width: 512, height: 512, settings })
    await fake.reprocess(images, { refiner: { ...pixel, hr_scale: 1.5 } })
    expect(fake.calls.map(({ request }) => request)).toEqual([
      expect.objectContaining({ seed: 77, prompt: 'of the source', width: 768, height: 768 }),
    ])
  })
})

describe('a leftover model name', () => {
  test.each(['merged', 'own'] as const)('never reaches the wire (%s)', async (hr_strategy) => {
    const made = await calls({
      ...pixel,
      hr_strategy,
      refiner_model_name: 'leftover',
      refiner_switch_at: 0.5,
    })
    expect(JSON.stringify(made)).not.toMatch(/leftover|refiner_/)
  })

  test('does not switch the stage on', async () => {
    const made = await calls({ refiner_model_name: 'leftover' })
    expect(made.map(({ contributions }) => contributions)).toEqual([[]])
  })
})

type Config = Parameters<FakePipeline<readonly [typeof source, typeof refiner]>['run']>[0]
type Section = NonNullable<Config['refiner']>

async function calls(section: Section, before: NonNullable<Config['test_source']> = {}) {
  const fake = new FakePipeline({ stages: [source, refiner] })
  await fake.run({ test_source: before, refiner: section })
  return fake.calls.map(({ operation, request, contributions }) => ({
    operation,
    request,
    contributions,
  }))
}

/** The calls of the refiner's own. */
async function own(section: Section, before: NonNullable<Config['test_source']> = {}) {
  return (await calls({ ...section, hr_strategy: 'own' }, before)).slice(1)
}
