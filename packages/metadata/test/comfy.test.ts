import { describe, expect, it } from 'vitest'

import { parseComfy } from '../src/index.js'

const node = (class_type: string, inputs: object) => ({ class_type, inputs })

const basic = {
  3: node('KSampler', {
    seed: 156680208700286,
    steps: 20,
    cfg: 8,
    sampler_name: 'dpmpp_2m',
    scheduler: 'karras',
    denoise: 1,
    model: ['10', 0],
    positive: ['6', 0],
    negative: ['7', 0],
    latent_image: ['5', 0],
  }),
  4: node('CheckpointLoaderSimple', { ckpt_name: 'sub/base.safetensors' }),
  5: node('EmptyLatentImage', { width: 512, height: 768, batch_size: 2 }),
  6: node('CLIPTextEncode', { text: 'a castle, кот', clip: ['11', 0] }),
  7: node('CLIPTextEncode', { text: 'text', clip: ['11', 0] }),
  8: node('VAEDecode', { samples: ['3', 0], vae: ['4', 2] }),
  9: node('SaveImage', { filename_prefix: 'x', images: ['8', 0] }),
  10: node('LoraLoader', {
    lora_name: 'style/ink.safetensors',
    strength_model: 0.8,
    strength_clip: 0.5,
    model: ['4', 0],
    clip: ['4', 1],
  }),
  11: node('CLIPSetLastLayer', { stop_at_clip_layer: -2, clip: ['10', 1] }),
}

const read = (graph: object) => {
  const parsed = parseComfy(JSON.stringify(graph))
  return { ...parsed, told: Object.fromEntries(parsed?.pairs ?? []) }
}

describe('ComfyUI’s graph in the WebUI’s words', () => {
  it('one sampler with a checkpoint, a LoRA and clip skip', () => {
    expect(read(basic)).toMatchObject({
      prompt: 'a castle, кот <lora:ink:0.5:0.8>',
      negative_prompt: 'text',
      dialect: 'comfyui',
      unmapped: [],
      told: {
        Steps: '20',
        Sampler: 'DPM++ 2M',
        'Schedule type': 'Karras',
        'CFG scale': '8',
        Seed: '156680208700286',
        Size: '512x768',
        Model: 'base',
        'Clip skip': '2',
        'Batch size': '2',
        Version: 'ComfyUI',
      },
    })
  })

  it('a second sampler behind a latent upscale is a high-res pass', () => {
    const graph = {
      ...basic,
      8: node('VAEDecode', { samples: ['21', 0], vae: ['4', 2] }),
      20: node('LatentUpscaleBy', { samples: ['3', 0], upscale_method: 'bislerp', scale_by: 1.5 }),
      21: node('KSampler', {
        ...basic[3].inputs,
        steps: 12,
        denoise: 0.4,
        sampler_name: 'euler',
        latent_image: ['20', 0],
      }),
    }
    const { told, unmapped } = read(graph)
    expect(unmapped).toEqual([])
    expect(told).toMatchObject({
      Steps: '20',
      Sampler: 'DPM++ 2M',
      'Denoising strength': '0.4',
      'Hires upscale': '1.5',
      'Hires steps': '12',
      'Hires upscaler': 'Latent',
      'Hires sampler': 'Euler',
    })
    expect(told).not.toHaveProperty('Hires schedule type')
  })

  it('one behind an upscaler and a decoded picture too', () => {
    const graph = {
      ...basic,
      8: node('VAEDecode', { samples: ['24', 0], vae: ['4', 2] }),
      20: node('VAEDecode', { samples: ['3', 0], vae: ['4', 2] }),
      21: node('UpscaleModelLoader', { model_name: '4x-UltraSharp.pth' }),
      22: node('ImageUpscaleWithModel', { upscale_model: ['21', 0], image: ['20', 0] }),
      25: node('ImageScale', { image: ['22', 0], width: 1024, height: 1536 }),
      23: node('VAEEncode', { pixels: ['25', 0], vae: ['4', 2] }),
      24: node('KSampler', { ...basic[3].inputs, denoise: 0.4, latent_image: ['23', 0] }),
    }
    expect(read(graph).told).toMatchObject({
      'Hires resize': '1024x1536',
      'Hires upscaler': '4x-UltraSharp',
      'Denoising strength': '0.4',
    })
  })

  it('a second sampler on another model is a refiner', () => {
    const advanced = (inputs: object) =>
      node('KSamplerAdvanced', {
        noise_seed: 9,
        steps: 25,
        cfg: 8,
        sampler_name: 'euler',
        scheduler: 'normal',
        positive: ['6', 0],
        negative: ['7', 0],
        ...inputs,
      })
    const graph = {
      ...basic,
      3: advanced({
        start_at_step: 0,
        end_at_step: 20,
        model: ['4', 0],
        latent_image: ['5', 0],
      }),
      8: node('VAEDecode', { samples: ['21', 0], vae: ['4', 2] }),
      20: node('CheckpointLoaderSimple', { ckpt_name: 'refiner.safetensors' }),
      21: advanced({
        start_at_step: 20,
        end_at_step: 10000,
        model: ['20', 0],
        latent_image: ['3', 0],
      }),
    }
    const { told, unmapped } = read(graph)
    expect(unmapped).toEqual([{ id: '10', class_type: 'LoraLoader' }])
    expect(told).toMatchObject({
      Seed: '9',
      Refiner: 'refiner',
      'Refiner switch at': '0.8',
      'Schedule type': 'Normal',
    })
  })

  it('Flux: custom sampler, guidance, encoders as modules', () => {
    const graph = {
      1: node('UNETLoader', { unet_name: 'flux1-dev.safetensors', weight_dtype: 'default' }),
      2: node('DualCLIPLoader', {
        clip_name1: 't5xxl_fp16.safetensors',
        clip_name2: 'clip_l.safetensors',
        type: 'flux',
      }),
      3: node('VAELoader', { vae_name: 'ae.safetensors' }),
      4: node('CLIPTextEncode', { text: ['20', 0], clip: ['2', 0] }),
      5: node('FluxGuidance', { guidance: 3.5, conditioning: ['4', 0] }),
      6: node('BasicGuider', { model: ['1', 0], conditioning: ['5', 0] }),
      7: node('RandomNoise', { noise_seed: 42 }),
      8: node('KSamplerSelect', { sampler_name: 'euler' }),
      9: node('BasicScheduler', { scheduler: 'simple', steps: 20, denoise: 1, model: ['1', 0] }),
      10: node('EmptySD3LatentImage', { width: 896, height: 1152, batch_size: 1 }),
      11: node('SamplerCustomAdvanced', {
        noise: ['7', 0],
        guider: ['6', 0],
        sampler: ['8', 0],
        sigmas: ['9', 0],
        latent_image: ['10', 0],
      }),
      12: node('VAEDecode', { samples: ['11', 0], vae: ['3', 0] }),
      13: node('SaveImage', { images: ['12', 0] }),
      20: node('PrimitiveString', { value: 'a sign' }),
    }
    expect(read(graph)).toMatchObject({
      prompt: 'a sign',
      unmapped: [],
      told: {
        'CFG scale': '1',
        'Distilled CFG Scale': '3.5',
        Seed: '42',
        Size: '896x1152',
        Model: 'flux1-dev',
        'Schedule type': 'Simple',
        'Module 1': 't5xxl_fp16',
        'Module 3': 'ae',
      },
    })
  })

  it('a sampler that starts from a picture has a denoising strength and no size', () => {
    const graph = {
      ...basic,
      3: node('KSampler', { ...basic[3].inputs, denoise: 0.6, latent_image: ['21', 0] }),
      20: node('LoadImage', { image: 'photo.png' }),
      21: node('VAEEncode', { pixels: ['20', 0], vae: ['4', 2] }),
    }
    const { told, unmapped } = read(graph)
    expect(told).toMatchObject({ 'Denoising strength': '0.6' })
    expect(told).not.toHaveProperty('Size')
    expect(unmapped?.map(({ class_type }) => class_type)).toEqual([
      'EmptyLatentImage',
      'LoadImage',
      'VAEEncode',
    ])
  })

  it('an upscaler behind the last sampler is an enlargement', () => {
    const graph = {
      ...basic,
      9: node('SaveImage', { images: ['21', 0] }),
      20: node('UpscaleModelLoader', { model_name: '4x.pth' }),
      21: node('ImageUpscaleWithModel', { upscale_model: ['20', 0], image: ['8', 0] }),
    }
    expect(read(graph).told).toMatchObject({ 'Postprocess upscaler': '4x' })
  })

  it('what it has no words for is listed', () => {
    const graph = {
      ...basic,
      6: node('ControlNetApply', { conditioning: ['30', 0], strength: 1, control_net: ['31', 0] }),
      30: node('CLIPTextEncode', { text: 'a castle', clip: ['4', 1] }),
      31: node('ControlNetLoader', { control_net_name: 'canny.pth' }),
    }
    const { prompt, unmapped } = read(graph)
    expect(prompt).toContain('a castle')
    expect(unmapped?.map(({ class_type }) => class_type)).toContain('ControlNetApply')
    expect(unmapped?.map(({ class_type }) => class_type)).toContain('ControlNetLoader')
  })

  it('Python’s NaN, loops and things that are no graph do no harm', () => {
    expect(
      parseComfy('{"1":{"class_type":"KSampler","inputs":{},"is_changed":[NaN]}}'),
    ).toBeDefined()
    const loop = {
      1: node('KSampler', { model: ['1', 0], positive: ['1', 0], latent_image: ['1', 0] }),
    }
    expect(parseComfy(JSON.stringify(loop))?.pairs).toEqual([['Version', 'ComfyUI']])
    for (const text of ['', 'a cat', '[]', '{}', '{"a":1}', 'null'])
      expect(parseComfy(text)).toBeUndefined()
  })
})
