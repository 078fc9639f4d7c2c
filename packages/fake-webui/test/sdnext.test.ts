import { describe, expect, test } from 'vitest'

import { manualClock } from '../src/index.js'
import { drawn, pixelsOf, sizeOf, started } from './client.js'

test('pictures are JPEG unless an option says otherwise', async () => {
  await using client = await started({ dialect: 'sdnext' })
  expect(await sizeOf((await client.txt2img({})).json.images[0])).toBe('jpeg 64x64')
})

test('sizes are rounded down, and reported so', async () => {
  await using client = await started({ dialect: 'sdnext', samplesFormat: 'png' })
  const { json } = await client.txt2img({ width: 100, height: 70 })
  expect(await sizeOf(json.images[0])).toBe('png 96x64')
  expect(JSON.parse(json.info)).toMatchObject({ width: 96, height: 64 })
})

describe('hires', () => {
  test.each([
    [{}, 'png 64x64', 'enable_hr'],
    [{ hr_resize_mode: 1 }, 'png 128x128', 'hr_second_pass_steps'],
    [{ hr_resize_mode: 1, hr_force: true }, 'png 128x128', undefined],
    [{ hr_resize_mode: 1, hr_upscaler: 'Latent Nearest' }, 'png 128x128', undefined],
    [
      { hr_resize_mode: 1, hr_force: true, hr_resize_x: 128, hr_resize_y: 96 },
      'png 128x96',
      undefined,
    ],
  ])('%j gives %s', async (body, size, ignored) => {
    await using client = await started({ dialect: 'sdnext', samplesFormat: 'png' })
    const { json, headers } = await client.txt2img({
      enable_hr: true,
      hr_upscaler: 'Resize Lanczos',
      ...body,
    })
    expect(await sizeOf(json.images[0])).toBe(size)
    expect(headers['x-fake-ignored']).toBe(ignored)
  })

  test('img2img honours it', async () => {
    await using client = await started({ dialect: 'sdnext', samplesFormat: 'png' })
    const { json } = await client.img2img({
      init_images: [await drawn(64, 64)],
      enable_hr: true,
      hr_resize_mode: 1,
      hr_upscaler: 'Resize Lanczos',
    })
    expect(await sizeOf(json.images[0])).toBe('png 128x128')
  })
})

describe('img2img', () => {
  const redrawn = async (body: object): Promise<unknown> => {
    await using client = await started({ dialect: 'sdnext', samplesFormat: 'png' })
    const init_images = [await drawn(96, 64)]
    const { json, headers } = await client.img2img({ init_images, width: 64, height: 128, ...body })
    return [await sizeOf(json.images[0]), headers['x-fake-ignored']]
  }

  test.each([
    ['no resize_mode', {}, 'png 96x64', 'width, height'],
    ['resize_mode 0, which is none', { resize_mode: 0 }, 'png 96x64', 'width, height'],
    ['resize_mode 1, which stretches', { resize_mode: 1 }, 'png 64x128', undefined],
    ['resize_mode 2, which crops', { resize_mode: 2 }, 'png 64x128', undefined],
    ['an upscaler', { resize_mode: 1, resize_name: 'Lanczos' }, 'png 64x128', undefined],
  ])('with %s', async (_, body, size, ignored) => {
    expect(await redrawn(body)).toEqual([size, ignored])
  })

  test.each([0.3, 0.5, 0.75])('runs as many steps as asked for at a denoising of %d', async (d) => {
    await using client = await started({ dialect: 'sdnext' })
    client.fake.faults.add({ kind: 'stall', at: 'during', step: 3 })
    const init_images = [await drawn(64, 64)]
    const answer = client.img2img({ init_images, steps: 7, denoising_strength: d })
    await client.fake.until(({ samplingStep }) => samplingStep === 2)
    const { json } = await client.get('/sdapi/v1/progress')
    expect(json.state.sampling_steps).toBe(7)
    client.fake.faults.release()
    expect((await answer).status).toBe(200)
  })
})

describe('a field that it lacks or reads nothing of', () => {
  test.each([
    ['s_churn', 2],
    ['s_tmin', 1],
    ['s_tmax', 1],
    ['s_noise', 1.1],
    ['s_min_uncond', 1],
    ['disable_extra_networks', true],
    ['restore_faces', true],
    ['eta', 0.5],
    ['subseed_strength', 0.5],
    ['seed_resize_from_w', 32],
    ['seed_resize_from_h', 32],
  ])('%s changes no picture, and the fake tells it', async (field, value) => {
    await using client = await started({ dialect: 'sdnext', samplesFormat: 'png' })
    const plain = await client.txt2img({})
    const asked = await client.txt2img({ [field]: value })
    expect(await pixelsOf(asked.json.images[0])).toBe(await pixelsOf(plain.json.images[0]))
    expect(asked.headers['x-fake-ignored']).toBe(field)
  })

  test.each([
    ['initial_noise_multiplier', 1.1],
    ['inpainting_fill', 2],
    ['mask_round', false],
    ['mask_blur_x', 8],
    ['image_cfg_scale', 1.5],
  ])('%s of img2img is ignored', async (field, value) => {
    await using client = await started({ dialect: 'sdnext' })
    const [init_images, mask] = [[await drawn(64, 64)], await drawn(64, 64)]
    const { headers } = await client.img2img({ init_images, mask, resize_mode: 1, [field]: value })
    expect(headers['x-fake-ignored']).toBe(field)
  })
})

describe('schedules', () => {
  const base = { sampler_name: 'DPM++ 2M', steps: 4 }
  const cases = {
    schedulers_sigma: ['karras', 'betas', 'exponential', 'lambdas', 'flowmatch'],
    schedulers_timestep_spacing: ['linspace', 'leading', 'trailing'],
    schedulers_beta_schedule: ['linear', 'scaled', 'cosine', 'sigmoid'],
  }

  test('are fields of three kinds; each choice is honoured, and told in the infotext', async () => {
    await using client = await started({ dialect: 'sdnext', samplesFormat: 'png' })
    const words = ['Sampler sigma', 'Sampler spacing', 'Sampler beta schedule']
    const plain = await pixelsOf((await client.txt2img(base)).json.images[0])
    for (const [at, [field, choices]] of Object.entries(cases).entries())
      for (const choice of choices) {
        const { json } = await client.txt2img({ ...base, [field]: choice })
        expect(JSON.parse(json.info).infotexts[0]).toContain(`${words[at]!}: ${choice}`)
        expect(await pixelsOf(json.images[0])).not.toBe(plain)
      }
    expect(client.fake.ignored).toEqual([])
  })

  test('an option of the server holds where the request says nothing, and "default" undoes it', async () => {
    const settings = { schedulers_sigma: 'karras' }
    await using client = await started({ dialect: 'sdnext', samplesFormat: 'png', settings })
    const textOf = async (body: object): Promise<string> =>
      JSON.parse((await client.txt2img({ ...base, ...body })).json.info).infotexts[0] as string
    expect(await textOf({})).toContain('Sampler sigma: karras')
    expect(await textOf({ schedulers_sigma: 'default' })).not.toContain('Sampler sigma')
    const override_settings = { schedulers_sigma: 'betas' }
    expect(await textOf({ override_settings })).toContain('Sampler sigma: betas')
  })

  test.each([
    ['an unknown one', { schedulers_sigma: 'beta' }, '"beta" is unknown'],
    [
      'one that the sampler lacks',
      { sampler_name: 'Euler a', schedulers_sigma: 'karras' },
      'Euler',
    ],
    [
      'any with the default sampler',
      { sampler_name: 'Default', schedulers_sigma: 'karras' },
      'def',
    ],
  ])('%s changes nothing, and the fake tells it', async (_, body, why) => {
    await using client = await started({ dialect: 'sdnext', samplesFormat: 'png' })
    const { schedulers_sigma: _sigma, ...without } = { ...base, ...body }
    const plain = await client.txt2img(without)
    const asked = await client.txt2img({ ...base, ...body })
    expect(await pixelsOf(asked.json.images[0])).toBe(await pixelsOf(plain.json.images[0]))
    expect(client.fake.ignored.at(-1)!.fields).toEqual([
      { field: 'schedulers_sigma', why: expect.stringContaining(why) },
    ])
  })

  test('`scheduler` is not a field', async () => {
    await using client = await started({ dialect: 'sdnext' })
    expect((await client.txt2img({ scheduler: 'Karras' })).headers['x-fake-ignored']).toBe(
      'scheduler',
    )
  })
})

test('a seed of 0 is taken for none: noise is random, and a batch with one fails in silence', async () => {
  await using client = await started({ dialect: 'sdnext', samplesFormat: 'png' })
  const [a, b] = [await client.txt2img({ seed: 0 }), await client.txt2img({ seed: 0 })]
  expect(await pixelsOf(a.json.images[0])).not.toBe(await pixelsOf(b.json.images[0]))
  expect(a.headers['x-fake-ignored']).toBe('seed')
  const batch = await client.txt2img({ seed: 0, batch_size: 2 })
  expect([batch.status, batch.json.images]).toEqual([200, []])
})

test('the model is told in the infotext alone', async () => {
  await using client = await started({ dialect: 'sdnext' })
  const info = JSON.parse((await client.txt2img({})).json.info)
  expect(info).not.toHaveProperty('sd_model_name')
  expect(info.infotexts[0]).toContain('Model: v1-5-pruned-emaonly,')
})

test('the refiner of a request is ignored; the server’s own is a third stage', async () => {
  const settings = { sd_model_refiner: 'sd_xl_refiner_1.0' }
  await using client = await started({ dialect: 'sdnext', settings })
  const { headers } = await client.txt2img({ refiner_checkpoint: 'x', refiner_switch_at: 0.5 })
  expect(headers['x-fake-ignored']).toBe('refiner_checkpoint, refiner_switch_at')
  expect(client.fake.state.loads).toHaveLength(1)
  await client.txt2img({ enable_hr: true, refiner_start: 0.8 })
  expect(client.fake.state.loaded).toBe('sd_xl_refiner_1.0.safetensors')
})

test('an unknown sampler is 404, and names go in any case', async () => {
  await using client = await started({ dialect: 'sdnext' })
  const bad = await client.txt2img({ sampler_name: 'Nope' })
  expect(bad).toMatchObject({
    status: 404,
    json: { error: 'HTTPException', code: 404, detail: 'Sampler not found' },
  })
  const { json } = await client.txt2img({ sampler_name: 'euler A' })
  expect(JSON.parse(json.info).sampler_name).toBe('Euler a')
})

test('an unknown checkpoint is only ignored, an unknown option where it is set for good', async () => {
  await using client = await started({ dialect: 'sdnext' })
  const override_settings = { sd_model_checkpoint: 'nope' }
  const { status, headers } = await client.txt2img({ override_settings })
  expect(status).toBe(200)
  expect(headers['x-fake-ignored']).toBe('override_settings.sd_model_checkpoint')
  expect(await client.txt2img({ override_settings: { nope: 1 } })).toMatchObject({
    status: 500,
    json: { error: 'KeyError', code: 500, errors: "'nope'" },
  })
  const { json } = await client.post('/sdapi/v1/options', { nope: 1, samples_format: 'png' })
  expect(json).toEqual({ updated: [{ nope: false }, { samples_format: true }] })
})

describe('its own detailer', () => {
  test('acts in a generation', async () => {
    await using client = await started({ dialect: 'sdnext', samplesFormat: 'png' })
    const plain = await client.txt2img({})
    const detailed = await client.txt2img({ detailer_enabled: true })
    expect(await pixelsOf(detailed.json.images[0])).not.toBe(await pixelsOf(plain.json.images[0]))
  })

  test('acts alone on a picture, and does not tell how much it found', async () => {
    await using client = await started({ dialect: 'sdnext', samplesFormat: 'png' })
    const image = await drawn(96, 64)
    const found = await client.post('/sdapi/v1/detail', {
      image,
      seed: 5,
      detailer_models: ['face-yolo8n'],
      detailer_resolution: 64,
    })
    expect(found.json).toMatchObject({ detections: null, seed: 5 })
    expect(await sizeOf(found.json.image)).toBe('png 96x64')
    client.fake.faults.add({ kind: 'nothing' })
    const none = await client.post('/sdapi/v1/detail', { image, detailer_resolution: 64 })
    expect(await pixelsOf(none.json.image)).toBe(await pixelsOf(image))
  })
})

test('the rate limiter answers 429 in place of a finished picture', async () => {
  const clock = manualClock()
  await using client = await started({ dialect: 'sdnext', rateLimit: 10, clock })
  expect((await client.txt2img({})).status).toBe(200)
  expect((await client.txt2img({})).status).toBe(200)
  const third = await client.txt2img({})
  expect(third.status).toBe(429)
  expect(third.json.detail).toContain('rate limit exceeded')
  expect(client.fake.state.finished).toBe(3)
  await clock.advance(60_000)
  expect((await client.txt2img({})).status).toBe(200)
})

test('after an exception it does not look idle', async () => {
  await using client = await started({ dialect: 'sdnext' })
  await client.img2img({ init_images: ['aGVsbG8='] })
  expect((await client.get('/sdapi/v1/progress')).json.state.job_count).toBe(1)
})

test('a model is switched by a route of its own', async () => {
  await using client = await started({ dialect: 'sdnext' })
  const path = '/sdapi/v1/checkpoint'
  const good = await client.post(path, { sd_model_checkpoint: 'sd_xl_base_1.0' })
  expect(good.json).toEqual({ ok: true })
  expect((await client.get(path)).json.title).toContain('sd_xl_base_1.0')
  expect((await client.post(path, { sd_model_checkpoint: 'nope' })).json).toEqual({ ok: false })
  expect((await client.get('/sdapi/v1/status')).json).toMatchObject({ status: 'idle', queued: 0 })
  expect((await client.post('/sdapi/v1/control', {})).status).toBe(501)
})
