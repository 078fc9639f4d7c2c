import { Upscale } from '@stagewright/core'
import { describe, expect, it } from 'vitest'

import { type DialectName } from '../src/index.js'
import { failing, picture, sampling, stubServer } from './stub-server.js'

const webuis: readonly DialectName[] = ['a1111', 'forge', 'reforge']
const off = { ADetailer: { args: [false] } }
const settings = (body: Record<string, unknown>) =>
  body['override_settings'] as Record<string, unknown>

describe('the body of img2img', () => {
  it.each(webuis)('carries a hires pass of its own on %s', async (dialect) => {
    const server = stubServer(dialect)
    await server.img2img({
      width: 128,
      height: 128,
      img2img_fix_steps: true,
      initial_noise_multiplier: 1,
      upscaler_for_img2img: 'R-ESRGAN 4x+',
    })
    const body = server.sent()
    expect(body['init_images']).toEqual([await picture().bytes()])
    expect(body).toMatchObject({
      width: 128,
      height: 128,
      resize_mode: 0,
      denoising_strength: 0.5,
      initial_noise_multiplier: 1,
      alwayson_scripts: off,
      override_settings: {
        img2img_fix_steps: true,
        upscaler_for_img2img: 'R-ESRGAN 4x+',
        img2img_color_correction: false,
        return_mask: false,
        return_mask_composite: false,
      },
    })
    expect(Object.keys(body).filter((key) => /^(mask|inpaint|enable_hr|hr_)/.test(key))).toEqual([])
  })

  it('carries a mask with all that it means', async () => {
    const server = stubServer('a1111')
    const mask = picture({ colour: 0 })
    const inpaint = { inpainting_fill: 1, inpaint_full_res: false, inpaint_full_res_padding: 32 }
    await server.img2img({ mask, mask_blur: 4, inpainting_mask_invert: 0, ...inpaint })
    expect(server.sent()).toMatchObject({ mask_blur: 4, inpainting_mask_invert: 0, ...inpaint })
    expect(server.sent()['mask']).toEqual(await mask.bytes())
  })

  it('takes several pictures in one call, or one each where only the first would be read', async () => {
    const images = [picture(), picture({ filter: 2 })]
    const group = stubServer('a1111')
    await group.img2img({ images, batch_size: 2 })
    expect(group.sent()['init_images']).toHaveLength(2)
    const single = stubServer('sdcpp')
    await single.img2img({ images, batch_size: 2 })
    expect(single.posts.map(({ body }) => [body['batch_size'], body['seed']])).toEqual([
      [1, 11],
      [1, 12],
    ])
  })

  it('is refused where sd-server would generate from nothing', async () => {
    const server = stubServer('sdcpp')
    const grey = await failing(server.img2img({ images: [picture({ colour: 0 })] }))
    const cut = await failing(server.img2img({ images: [picture({ cut: true })] }))
    expect([grey.code, cut.code]).toEqual(['SW_WEBUI_PICTURE_UNFIT', 'SW_WEBUI_PICTURE_UNFIT'])
    expect(server.posts).toEqual([])
  })
})

describe('upscale', () => {
  it('by extras sends no redraw', async () => {
    const server = stubServer('a1111')
    await server.extras()
    expect(server.posts[0]?.path).toBe('/sdapi/v1/extra-single-image')
    const { image, ...body } = server.sent()
    expect(image).toEqual(await picture().bytes())
    expect(body).toEqual({
      resize_mode: 0,
      upscaling_resize: 2,
      upscaler_1: 'Lanczos',
      gfpgan_visibility: 0,
      codeformer_visibility: 0,
      codeformer_weight: 0,
    })
    expect(server.posts[0]?.options).toMatchObject({ progress: 'none' })
  })

  it('by SD upscale sends the tile size, four arguments, and ADetailer off', async () => {
    const server = stubServer('a1111')
    await server.call(Upscale, {
      ...sampling,
      mode: 'sd_upscale',
      image: picture(),
      upscaler_1: 'Lanczos',
      upscaling_resize: 2,
      tile_width: 512,
      tile_height: 512,
      tile_overlap: 64,
      denoising_strength: 0.25,
    })
    expect(server.sent()).toMatchObject({
      width: 512,
      height: 512,
      script_name: 'SD upscale',
      script_args: [null, 64, 'Lanczos', 2],
      alwayson_scripts: off,
      override_settings: { img2img_fix_steps: false },
    })
  })

  it('of sd-server is refused with what to do', async () => {
    const error = await failing(stubServer('sdcpp').extras())
    expect([error.code, error.hint]).toEqual([
      'SW_BACKEND_UNSUPPORTED',
      'use where: client in upscale (mode: extras), hr_strategy: merged in refiner, or another server',
    ])
  })

  it('by "None" is refused: it would answer 200 and enlarge nothing', async () => {
    const server = stubServer('a1111')
    expect((await failing(server.extras({ upscaler_1: 'None' }))).code).toBe(
      'SW_BACKEND_UNSUPPORTED',
    )
  })
})

describe('a detail call', () => {
  it('runs ADetailer alone, at the working size, with safeguards', async () => {
    const server = stubServer('a1111')
    await server.detail({ width: 512, height: 768, image: picture() })
    const body = server.sent()
    const { ADetailer } = body['alwayson_scripts'] as Record<string, { args: unknown[] }>
    expect(body).toMatchObject({ width: 512, height: 768, denoising_strength: 0.01, n_iter: 1 })
    expect(ADetailer?.args).toHaveLength(3)
    expect(ADetailer?.args.slice(0, 2)).toEqual([true, true])
    expect(ADetailer?.args[2]).toMatchObject({
      ad_model: 'face_yolov8n.pt',
      ad_use_inpaint_width_height: true,
      ad_inpaint_width: 512,
      ad_inpaint_height: 768,
    })
    expect(body).not.toHaveProperty('mask')
    expect(settings(body)).toMatchObject({ ad_match_inpaint_bbox_size: 'Off' })
  }, 20_000)

  it('sends no key that the installed extension would reject the unit for', async () => {
    const keys = { ad_model: {}, ad_mask_k_largest: {}, ad_confidence: {} }
    const reads = { '/adetailer/v1/schema': { properties: keys } }
    const server = stubServer('a1111', { reads, lenient: true })
    await server.detail({ ad_mask_k: 2 })
    const { ADetailer } = server.sent()['alwayson_scripts'] as Record<string, { args: unknown[] }>
    expect(ADetailer?.args[2]).toEqual({
      ad_model: 'face_yolov8n.pt',
      ad_mask_k_largest: 2,
      ad_confidence: 0.3,
    })
  })

  it('goes to SD.Next by its own route', async () => {
    const server = stubServer('sdnext')
    await server.detail({ ad_model: 'face-yolo8n', ad_prompt: 'a face' })
    expect(server.posts[0]?.path).toBe('/sdapi/v1/detail')
    expect(server.sent()).toMatchObject({
      seed: 11,
      detailer_models: ['face-yolo8n'],
      detailer_prompt: 'a face',
      detailer_steps: 20,
      detailer_strength: 0.4,
    })
    const error = await failing(server.detail({ ad_model: 'face-yolo8n', ad_mask_blur: 9 }))
    expect(error.hint).toContain('remove ad_mask_blur')
  })

  it('is refused without the extension, with what to do', async () => {
    const server = stubServer('a1111', { reads: { '/adetailer/v1/ad_model': undefined } })
    expect(await server.backend.describe()).toMatchObject({
      operations: ['txt2img', 'img2img', 'upscale'],
    })
    const error = await failing(server.detail())
    expect(error.hint).toContain('install the ADetailer extension')
  })
})

describe('the user’s own settings and scripts', () => {
  it('pass through where the server has them', async () => {
    const server = stubServer('a1111')
    await server.txt2img({
      override_settings: { eta_noise_seed_delta: 31337 },
      alwayson_scripts: { ControlNet: { args: [{ module: 'canny' }] } },
      script_name: 'Prompt matrix',
      script_args: [false, false, 'positive', 'comma', 0],
    })
    expect(server.sent()).toMatchObject({
      override_settings: { eta_noise_seed_delta: 31337 },
      alwayson_scripts: { ...off, ControlNet: { args: [{ module: 'canny' }] } },
      script_name: 'Prompt matrix',
    })
  })

  it('may not take what the framework sets', async () => {
    const server = stubServer('a1111')
    const error = await failing(
      server.txt2img({ override_settings: { sd_model_checkpoint: 'other' } }),
    )
    expect([error.code, server.posts.length]).toEqual(['SW_WEBUI_OPTION_OWNED', 0])
    const { resources } = await server.backend.describe()
    expect(resources['option']).not.toContain('sd_model_checkpoint')
  })

  it('are errors where the server would fail on them or misplace them', async () => {
    const server = stubServer('a1111')
    const codes = await Promise.all(
      [
        { override_settings: { no_such_key: 1 } },
        { alwayson_scripts: { Nonesuch: { args: [] } } },
        { alwayson_scripts: { 'prompt matrix': { args: [] } } },
        { alwayson_scripts: { controlnet: { args: [1, 2, 3, 4] } } },
        { alwayson_scripts: { controlnet: [1] } },
        { script_name: 'Prompt matrix', script_args: [1] },
        { script_name: 'ControlNet', script_args: [] },
      ].map(async (changes) => (await failing(server.txt2img(changes))).code),
    )
    expect(codes).toEqual([
      'SW_WEBUI_OPTION_UNKNOWN',
      'SW_WEBUI_SCRIPT_UNKNOWN',
      'SW_WEBUI_SCRIPT_KIND',
      'SW_WEBUI_SCRIPT_ARGS',
      'SW_WEBUI_SCRIPT_FORM',
      'SW_WEBUI_SCRIPT_ARGS',
      'SW_WEBUI_SCRIPT_KIND',
    ])
    expect(server.posts).toEqual([])
  })

  it('become warnings when the composer is lenient', async () => {
    const server = stubServer('a1111', { lenient: true })
    const { warnings } = await server.txt2img({ sampler_name: 'Eular', distilled_cfg_scale: 3 })
    expect(server.sent()).toMatchObject({ sampler_name: 'Eular' })
    expect(warnings).toHaveLength(2)
    expect((await server.backend.describe()).resources['sampler']).toBe('any')
  })

  it('cannot carry commands to sd-server in a prompt', async () => {
    const server = stubServer('sdcpp')
    const prompt = 'a cat <sd_cpp_extra_args>{"steps":1}</sd_cpp_extra_args>'
    expect((await failing(server.txt2img({ prompt }))).code).toBe('SW_WEBUI_PROMPT_COMMAND')
  })
})
