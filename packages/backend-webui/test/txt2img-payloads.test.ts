import { Hires, type HiresPass, Refiner, type RefinerSwitch } from '@stagewright/core'
import { describe, expect, it } from 'vitest'

import { type DialectName, dialectNames } from '../src/index.js'
import { failing, stubServer } from './stub-server.js'

const pass: HiresPass = {
  hr_scale: 2,
  hr_resize_x: 0,
  hr_resize_y: 0,
  hr_upscaler: 'Lanczos',
  hr_second_pass_steps: 0,
  denoising_strength: 0.4,
}
const swap: RefinerSwitch = {
  refiner_checkpoint: 'refiner',
  refiner_switch_at: 0.8,
  refiner_switch_by: 'steps',
  refiner_pass: 'second',
}
const carrying = (...contributions: ReturnType<typeof Hires.with>[]) => ({ contributions })
const webuis: readonly DialectName[] = ['a1111', 'forge', 'reforge']
const off = { ADetailer: { args: [false] } }
const settings = (body: Record<string, unknown>) =>
  body['override_settings'] as Record<string, unknown>

describe('the body of txt2img', () => {
  it.each(webuis)('says every default to %s, and pins the model', async (dialect) => {
    const server = stubServer(dialect)
    await server.txt2img({ model: 'base', clip_skip: 2 })
    expect(server.posts[0]?.path).toBe('/sdapi/v1/txt2img')
    expect(server.sent()).toEqual({
      prompt: 'a red cube',
      negative_prompt: 'blurry',
      seed: 11,
      subseed: 0,
      subseed_strength: 0,
      sampler_name: 'Euler',
      scheduler: 'Automatic',
      steps: 20,
      cfg_scale: 7,
      width: 64,
      height: 64,
      batch_size: 1,
      n_iter: 1,
      restore_faces: false,
      tiling: false,
      override_settings: {
        sd_model_checkpoint: 'base.safetensors [a1a1a1a1a1]',
        CLIP_stop_at_last_layers: 2,
      },
      alwayson_scripts: off,
    })
  })

  it('says to SD.Next the schedule and clip skip by its own fields', async () => {
    const server = stubServer('sdnext')
    await server.txt2img({ scheduler: 'Karras', clip_skip: 2, model: 'sub_other' })
    const body = server.sent()
    expect(body).toMatchObject({ schedulers_sigma: 'karras', clip_skip: 2 })
    expect(body).toMatchObject({
      override_settings: { sd_model_checkpoint: 'sub/other.safetensors' },
    })
    expect(Object.keys(body)).not.toContain('scheduler')
    expect(Object.keys(body)).not.toContain('alwayson_scripts')
  })

  it('says to sd-server only what it reads, by its own names', async () => {
    const server = stubServer('sdcpp')
    await server.txt2img({
      sampler_name: 'DPM++ 2M',
      scheduler: 'Karras',
      model: 'tiny-sd15-random',
    })
    expect(server.sent()).toEqual({
      prompt: 'a red cube',
      negative_prompt: 'blurry',
      seed: 11,
      sampler_name: 'dpm++2m',
      scheduler: 'karras',
      steps: 20,
      cfg_scale: 7,
      width: 64,
      height: 64,
      batch_size: 1,
    })
  })

  it.each(dialectNames)(
    'holds no null and nothing of a feature that is off, on %s',
    async (dialect) => {
      const server = stubServer(dialect)
      await server.txt2img()
      const body = server.sent()
      expect(JSON.stringify(body)).not.toContain('null')
      const hires = Object.keys(body).filter((key) =>
        /^(enable_hr|hr_|refiner|denoising)/.test(key),
      )
      expect(hires).toEqual([])
    },
  )

  it('makes a VAE one of the modules on Forge, in the place of another VAE', async () => {
    const server = stubServer('forge')
    const modules = ['ae.safetensors', 'clip_l.safetensors']
    await server.txt2img({ vae: 'fine', additional_modules: modules, distilled_cfg_scale: 3.5 })
    expect(server.sent()).toMatchObject({
      distilled_cfg_scale: 3.5,
      override_settings: { forge_additional_modules: ['clip_l.safetensors', 'fine.safetensors'] },
    })
    expect(settings(server.sent())).not.toHaveProperty('sd_vae')
  })

  it.each(['a1111', 'reforge', 'sdnext'] as const)(
    'sends the VAE as sd_vae to %s',
    async (dialect) => {
      const server = stubServer(dialect)
      await server.txt2img({ vae: 'fine.vae.pt' })
      expect(settings(server.sent())).toMatchObject({ sd_vae: 'fine.vae.pt' })
    },
  )

  it('takes LoRA tags out of the prompt for sd-server, after it has listed its LoRAs', async () => {
    const server = stubServer('sdcpp')
    const { images } = await server.txt2img({ prompt: 'a cube <lora:detail:0.7>, red' })
    expect(server.sent()).toMatchObject({
      prompt: 'a cube , red',
      lora: [{ path: 'detail.safetensors', multiplier: 0.7 }],
    })
    expect(server.reads.filter((path) => path === '/sdapi/v1/loras')).toHaveLength(2)
    // What comes later must still know of the LoRA.
    expect(images[0]?.settings?.prompt).toBe('a cube <lora:detail:0.7>, red')
  })

  it('splits a batch over eight for sd-server, counting the seeds on', async () => {
    const server = stubServer('sdcpp')
    const { images } = await server.txt2img({ batch_size: 10 })
    expect(server.posts.map(({ body }) => [body['batch_size'], body['seed']])).toEqual([
      [8, 11],
      [2, 19],
    ])
    expect(images.map(({ seed }) => seed)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  })

  it('writes sampler and schedule in one name where the server has no scheduler field', async () => {
    const reads = {
      '/sdapi/v1/schedulers': undefined,
      '/sdapi/v1/samplers': [{ name: 'Euler' }, { name: 'DPM++ 2M' }, { name: 'DPM++ 2M Karras' }],
    }
    const server = stubServer('a1111', { reads })
    await server.txt2img({ sampler_name: 'DPM++ 2M', scheduler: 'Karras' })
    expect(server.sent()).toMatchObject({ sampler_name: 'DPM++ 2M Karras' })
    await server.txt2img({ sampler_name: 'Euler', scheduler: 'automatic' })
    expect(server.sent(1)).toMatchObject({ sampler_name: 'Euler' })
    const without = {
      field: 'scheduler',
      beside: { sampler_name: 'Euler' },
      only: ['Automatic', 'automatic'],
    }
    expect((await server.backend.describe()).settings).toContainEqual(
      expect.objectContaining(without),
    )
    const error = await failing(server.txt2img({ sampler_name: 'Euler', scheduler: 'Karras' }))
    expect([error.code, server.posts.length]).toEqual(['SW_BACKEND_UNSUPPORTED', 2])
    expect(server.sent()).not.toHaveProperty('scheduler')
  })
})

describe('a high-res pass', () => {
  it('goes to AUTOMATIC1111 with the sizes as they are', async () => {
    const server = stubServer('a1111')
    await server.txt2img({}, carrying(Hires.with(pass)))
    expect(server.sent()).toMatchObject({
      enable_hr: true,
      denoising_strength: 0.4,
      hr_scale: 2,
      hr_resize_x: 0,
      hr_resize_y: 0,
      hr_upscaler: 'Lanczos',
      hr_second_pass_steps: 0,
      override_settings: { use_old_hires_fix_width_height: false },
    })
    expect(Object.keys(server.sent()).filter((key) => /^hr_(cfg|dist|add)/.test(key))).toEqual([])
  })

  it('always tells Forge its CFG and its modules', async () => {
    const server = stubServer('forge')
    await server.txt2img({ cfg_scale: 5, distilled_cfg_scale: 3 }, carrying(Hires.with(pass)))
    expect(server.sent()).toMatchObject({
      hr_cfg: 5,
      hr_distilled_cfg: 3,
      hr_additional_modules: ['Use same choices'],
    })
  })

  it('always tells reForge its CFG', async () => {
    const server = stubServer('reforge')
    await server.txt2img({}, carrying(Hires.with({ ...pass, hr_cfg: 4 })))
    expect(server.sent()).toMatchObject({ hr_cfg: 4 })
    expect(server.sent()).not.toHaveProperty('hr_additional_modules')
  })

  it('makes SD.Next enlarge and diffuse', async () => {
    const server = stubServer('sdnext')
    await server.txt2img({}, carrying(Hires.with({ ...pass, hr_prompt: 'sharp' })))
    expect(server.sent()).toMatchObject({
      hr_resize_mode: 1,
      hr_force: true,
      hr_resize_x: 128,
      hr_resize_y: 128,
      hr_second_pass_steps: 20,
      hr_denoising_strength: 0.4,
      hr_sampler_name: 'Euler',
      refiner_prompt: 'sharp',
    })
  })

  it('goes to sd-server with hr_steps and both sides', async () => {
    const server = stubServer('sdcpp')
    await server.txt2img({ height: 96 }, carrying(Hires.with({ ...pass, hr_second_pass_steps: 7 })))
    expect(server.sent()).toMatchObject({ hr_steps: 7, hr_resize_x: 128, hr_resize_y: 256 })
    expect(server.sent()).not.toHaveProperty('hr_second_pass_steps')
  })

  it('is refused where the server would drop a part of it', async () => {
    const server = stubServer('a1111')
    const error = await failing(server.txt2img({}, carrying(Hires.with({ ...pass, hr_cfg: 3 }))))
    expect([error.code, error.hint]).toEqual([
      'SW_BACKEND_UNSUPPORTED',
      'remove hr_cfg, or set hr_strategy: own',
    ])
    expect(server.posts).toEqual([])
  })

  it('names no sampler that the server would fail on after the first pass', async () => {
    const server = stubServer('a1111')
    const wrong = { ...pass, hr_sampler_name: 'Eular' }
    const error = await failing(server.txt2img({}, carrying(Hires.with(wrong))))
    expect([error.code, server.posts.length]).toEqual(['SW_PREFLIGHT_UNKNOWN_NAME', 0])
    expect(error.message).toContain('Did you mean "Euler"')
  })
})

describe('a refiner', () => {
  it('is never the model of its call, and its pass is said', async () => {
    const server = stubServer('a1111')
    await server.txt2img({ model: 'base' }, carrying(Hires.with(pass), Refiner.with(swap)))
    expect(server.sent()).toMatchObject({
      refiner_checkpoint: 'refiner.safetensors',
      refiner_switch_at: 0.8,
      override_settings: {
        sd_model_checkpoint: 'base.safetensors [a1a1a1a1a1]',
        hires_fix_refiner_pass: 'second pass',
        refiner_switch_by_sample_steps: true,
      },
    })
  })

  it('is counted by steps on Forge, which has no option for it', async () => {
    const server = stubServer('forge')
    await server.txt2img({}, carrying(Refiner.with(swap)))
    expect(settings(server.sent()) ?? {}).not.toHaveProperty('refiner_switch_by_sample_steps')
    const noise = { ...swap, refiner_switch_by: 'noise' } as const
    const error = await failing(server.txt2img({}, carrying(Refiner.with(noise))))
    expect(error.hint).toBe('use refiner_switch_by: steps')
  })

  it('of the first pass alone makes the second a call of its own on Forge', async () => {
    const server = stubServer('forge')
    const told: number[] = []
    const first = Refiner.with({ ...swap, refiner_pass: 'first' })
    const result = await server.txt2img(
      { batch_size: 2 },
      { ...carrying(Hires.with(pass), first), progress: (now) => void told.push(now) },
    )
    expect(server.posts.map(({ path }) => path.replace('/sdapi/v1/', ''))).toEqual([
      'txt2img',
      'img2img',
      'img2img',
    ])
    expect(server.sent(0)).toMatchObject({ refiner_checkpoint: 'refiner.safetensors' })
    expect(server.sent(0)).not.toHaveProperty('enable_hr')
    expect(server.sent(2)).toMatchObject({ width: 128, seed: 12, steps: 20, resize_mode: 0 })
    expect(server.sent(2)).not.toHaveProperty('refiner_checkpoint')
    expect(result.images.map(({ width, seed }) => [width, seed])).toEqual([
      [128, 11],
      [128, 12],
    ])
    expect(result.images[0]?.settings?.width).toBe(64)
    expect(result.before?.['hires']?.map(({ width }) => width)).toEqual([64, 64])
    expect(told).toEqual(told.toSorted((a, b) => a - b))
  })

  it.each(['sdnext', 'sdcpp'] as const)('is refused on %s with what to do', async (dialect) => {
    const server = stubServer(dialect)
    const error = await failing(server.txt2img({}, carrying(Refiner.with(swap))))
    expect(error.code).toBe('SW_BACKEND_UNSUPPORTED')
    expect(error.hint).toContain('disable refiner_enabled')
    expect(server.posts).toEqual([])
  })
})
