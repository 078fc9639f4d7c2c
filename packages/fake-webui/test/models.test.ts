import { describe, expect, test } from 'vitest'

import { drawn, started } from './client.js'

const base = 'v1-5-pruned-emaonly.safetensors'
const xl = 'sd_xl_base_1.0.safetensors'
const refiner = 'sd_xl_refiner_1.0.safetensors'

describe('checkpoints', () => {
  test('hashes are null and titles without them until a model was loaded', async () => {
    await using client = await started({ dialect: 'a1111' })
    const before = (await client.get('/sdapi/v1/sd-models')).json[0]
    expect(before).toMatchObject({ title: base, hash: null, sha256: null })
    await client.txt2img({})
    const after = (await client.get('/sdapi/v1/sd-models')).json[0]
    expect(after.title).toBe(`${base} [${String(after.hash)}]`)
    expect(after.sha256.startsWith(after.hash)).toBe(true)
    const options = (await client.get('/sdapi/v1/options')).json
    expect(options.sd_model_checkpoint).toBe(after.title)
  })

  test.each(['a1111', 'forge', 'reforge'] as const)(
    '%s: an override holds for one request, its weights stay',
    async (dialect) => {
      await using client = await started({ dialect })
      const { json } = await client.txt2img({
        override_settings: { sd_model_checkpoint: 'sd_xl_base_1.0' },
      })
      expect(JSON.parse(json.info).sd_model_name).toBe('sd_xl_base_1.0')
      expect(client.fake.state.loaded).toBe(xl)
      expect(client.fake.state.options['sd_model_checkpoint']).toBe(base)
      const next = await client.txt2img({})
      expect(JSON.parse(next.json.info).sd_model_name).toBe('v1-5-pruned-emaonly')
      expect(client.fake.state.loads.map(({ model }) => model)).toEqual([xl, base])
    },
  )

  test('an unknown checkpoint in override_settings is ignored without a word', async () => {
    await using client = await started({ dialect: 'forge' })
    const { status, json } = await client.txt2img({
      override_settings: { sd_model_checkpoint: 'nope' },
    })
    expect(status).toBe(200)
    expect(JSON.parse(json.info).sd_model_name).toBe('v1-5-pruned-emaonly')
    expect(client.fake.ignored[0]!.fields[0]!.field).toBe('override_settings.sd_model_checkpoint')
  })

  test('an unknown checkpoint in POST /options is a RuntimeError, an unknown key a KeyError', async () => {
    await using client = await started({ dialect: 'a1111' })
    const bad = await client.post('/sdapi/v1/options', { sd_model_checkpoint: 'nope' })
    expect(bad).toMatchObject({
      status: 500,
      json: { error: 'RuntimeError', errors: "model 'nope' not found" },
    })
    expect((await client.post('/sdapi/v1/options', { nope: 1 })).json.error).toBe('KeyError')
  })

  test('POST /options loads at once in A1111, with the next generation in Forge', async () => {
    for (const [dialect, loaded] of [
      ['a1111', xl],
      ['forge', undefined],
    ] as const) {
      await using client = await started({ dialect })
      const answer = await client.post('/sdapi/v1/options', { sd_model_checkpoint: xl })
      expect(answer.text).toBe('null')
      expect(client.fake.state.loaded).toBe(loaded)
    }
  })

  test('options that clients must not set stay as they are', async () => {
    await using client = await started({ dialect: 'a1111' })
    const { headers } = await client.txt2img({ override_settings: { api_useragent: 'x' } })
    expect(headers['x-fake-ignored']).toBe('override_settings.api_useragent')
  })

  test('a refiner is found by a part of its title, and acts on the second pass only', async () => {
    for (const dialect of ['a1111', 'reforge'] as const) {
      await using client = await started({ dialect })
      const body = { refiner_checkpoint: 'xl_refiner', refiner_switch_at: 0.5, steps: 4 }
      await client.txt2img({ ...body, enable_hr: true })
      expect(client.fake.state.loads.map(({ model }) => model)).toEqual([base, refiner])
      const both = { override_settings: { hires_fix_refiner_pass: 'both passes' } }
      await client.txt2img({ ...body, ...both, enable_hr: true })
      // Between the passes the base model comes back.
      expect(client.fake.state.loads.map(({ model }) => model)).toEqual([
        base,
        refiner,
        base,
        refiner,
        base,
        refiner,
      ])
    }
  })

  test('without enable_hr the refiner acts on the one pass, and without a number from the first step', async () => {
    await using client = await started({ dialect: 'a1111' })
    const plain = await client.txt2img({ steps: 8 })
    const late = await client.txt2img({
      steps: 8,
      refiner_checkpoint: refiner,
      refiner_switch_at: 0.9,
    })
    const whole = await client.txt2img({ steps: 8, refiner_checkpoint: refiner })
    const pictures = [plain, late, whole].map(({ json }) => json.images[0])
    expect(new Set(pictures).size).toBe(3)
  })

  test('Forge goes on with the refiner after a first pass that it ended', async () => {
    await using client = await started({ dialect: 'forge' })
    await client.txt2img({
      enable_hr: true,
      hr_additional_modules: ['Use same choices'],
      refiner_checkpoint: refiner,
      refiner_switch_at: 0.5,
      override_settings: { hires_fix_refiner_pass: 'first pass' },
    })
    expect(client.fake.state.loaded).toBe(refiner)
    await using other = await started({ dialect: 'a1111' })
    await other.txt2img({
      enable_hr: true,
      refiner_checkpoint: refiner,
      refiner_switch_at: 0.5,
      override_settings: { hires_fix_refiner_pass: 'first pass' },
    })
    expect(other.fake.state.loaded).toBe(base)
  })

  test('hr_checkpoint_name is loaded for the second pass and stays in memory', async () => {
    await using client = await started({ dialect: 'a1111' })
    const { json } = await client.txt2img({ enable_hr: true, hr_checkpoint_name: 'xl_base' })
    expect(client.fake.state.loads.map(({ model }) => model)).toEqual([base, xl])
    expect(JSON.parse(json.info).sd_model_name).toBe('v1-5-pruned-emaonly')
  })
})

describe('samplers', () => {
  test('an old combined name is split in two', async () => {
    await using client = await started({ dialect: 'a1111' })
    const { json } = await client.txt2img({ sampler_name: 'DPM++ SDE Karras' })
    const { sampler_name, infotexts } = JSON.parse(json.info)
    expect(sampler_name).toBe('DPM++ SDE')
    expect(infotexts[0]).toContain('Schedule type: Karras')
    const loose = await client.txt2img({ sampler_name: 'dpm++ sde karras' })
    expect(JSON.parse(loose.json.info).sampler_name).toBe('DPM++ 2M')
    await using other = await started({ dialect: 'reforge' })
    const split = await other.txt2img({ sampler_name: 'dpm++ sde karras' })
    expect(JSON.parse(split.json.info).sampler_name).toBe('DPM++ SDE')
  })

  test('the schedule in an old combined name, by any of its names, outdoes the field', async () => {
    await using client = await started({ dialect: 'a1111' })
    for (const ending of ['sgm_uniform', 'SGMUniform']) {
      const { json } = await client.txt2img({
        sampler_name: `DPM++ SDE ${ending}`,
        scheduler: 'Karras',
      })
      const { sampler_name, infotexts } = JSON.parse(json.info)
      expect([sampler_name, infotexts[0]]).toEqual([
        'DPM++ SDE',
        expect.stringContaining('Schedule type: SGM Uniform'),
      ])
    }
    const fields = client.fake.ignored.map((one) => one.fields.map(({ field }) => field))
    expect(fields).toEqual([['scheduler'], ['scheduler']])
    const { headers } = await client.txt2img({ scheduler: 'SGMUniform' })
    expect(headers['x-fake-ignored']).toBe('scheduler')
  })

  test('an unknown sampler is DPM++ 2M, an unknown scheduler Automatic; an alias is not a name', async () => {
    await using client = await started({ dialect: 'forge' })
    for (const sampler_name of ['Nope', 'k_euler_a', 'euler a']) {
      const { json } = await client.txt2img({ sampler_name, scheduler: 'automatic!' })
      const info = JSON.parse(json.info)
      expect(info.sampler_name).toBe('DPM++ 2M')
      expect(info.infotexts[0]).toContain('Schedule type: Automatic')
    }
    expect(client.fake.ignored[0]!.fields.map(({ field }) => field)).toEqual([
      'scheduler',
      'sampler_name',
    ])
  })

  test('a scheduler goes by name or label', async () => {
    await using client = await started({ dialect: 'a1111' })
    for (const scheduler of ['karras', 'Karras']) {
      const { json } = await client.txt2img({ scheduler })
      expect(JSON.parse(json.info).infotexts[0]).toContain('Schedule type: Karras')
    }
  })
})

describe('telling one server from another', () => {
  test.each([
    ['a1111', { sdcpp: 404, version: 404, modules: 404, vae: 200, schedulers: 200, hrCfg: false }],
    ['forge', { sdcpp: 404, version: 404, modules: 200, vae: 404, schedulers: 200, hrCfg: true }],
    ['reforge', { sdcpp: 404, version: 404, modules: 404, vae: 200, schedulers: 200, hrCfg: true }],
    ['sdnext', { sdcpp: 404, version: 200, modules: 404, vae: 200, schedulers: 200, hrCfg: false }],
    ['sdcpp', { sdcpp: 200, version: 404, modules: 404, vae: 404, schedulers: 200, hrCfg: false }],
  ] as const)('%s', async (dialect, expected) => {
    await using client = await started({ dialect })
    const status = async (path: string): Promise<number> => (await client.get(path)).status
    const openapi = await client.get('/openapi.json')
    const properties =
      openapi.json?.components?.schemas?.StableDiffusionProcessingTxt2Img?.properties ?? {}
    expect({
      sdcpp: await status('/sdcpp/v1/capabilities'),
      version: await status('/sdapi/v1/version'),
      modules: await status('/sdapi/v1/sd-modules'),
      vae: await status('/sdapi/v1/sd-vae'),
      schedulers: await status('/sdapi/v1/schedulers'),
      hrCfg: 'hr_cfg' in properties,
    }).toEqual(expected)
  })

  test('option keys differ', async () => {
    const keys = async (dialect: 'a1111' | 'forge' | 'reforge'): Promise<string[]> => {
      await using client = await started({ dialect })
      return Object.keys((await client.get('/sdapi/v1/options')).json)
    }
    expect(await keys('a1111')).toContain('refiner_switch_by_sample_steps')
    expect(await keys('forge')).toEqual(
      expect.arrayContaining(['forge_preset', 'forge_additional_modules']),
    )
    expect(await keys('reforge')).toEqual(
      expect.arrayContaining(['sd_sampling', 'sd_text_encoder']),
    )
  })

  test.each(['a1111', 'forge', 'reforge'] as const)('%s lists all it has', async (dialect) => {
    await using client = await started({ dialect })
    for (const name of [
      'samplers',
      'schedulers',
      'upscalers',
      'latent-upscale-modes',
      'loras',
      'embeddings',
      'hypernetworks',
      'face-restorers',
      'realesrgan-models',
      'prompt-styles',
      'extensions',
      'scripts',
      'script-info',
      'memory',
    ])
      expect({ name, status: (await client.get(`/sdapi/v1/${name}`)).status }).toEqual({
        name,
        status: 200,
      })
    const scripts = (await client.get('/sdapi/v1/scripts')).json
    expect(scripts.img2img).toContain('sd upscale')
    expect(scripts.txt2img).not.toContain('sd upscale')
    const info = (await client.get('/sdapi/v1/script-info')).json
    const adetailer = info.filter(({ name }: { name: string }) => name === 'adetailer')
    expect(adetailer).toHaveLength(2)
    expect(adetailer[0].args).toHaveLength(6)
  })
})

test('long answers are compressed for a client that accepts it, by the Python servers', async () => {
  await using client = await started({ dialect: 'a1111' })
  const packed = await client.get('/sdapi/v1/samplers', { 'accept-encoding': 'gzip' })
  expect(packed.headers['content-encoding']).toBe('gzip')
  const plain = await client.get('/sdapi/v1/samplers')
  expect(plain.headers['content-encoding']).toBeUndefined()
  expect(plain.json).not.toHaveLength(0)
})

test('img2img takes an upscaler and its number of steps from the options', async () => {
  await using client = await started({ dialect: 'a1111' })
  const init_images = [await drawn(32, 32)]
  const { status } = await client.img2img({
    init_images,
    denoising_strength: 0.5,
    override_settings: { img2img_fix_steps: true, upscaler_for_img2img: 'Nearest' },
  })
  expect(status).toBe(200)
})
