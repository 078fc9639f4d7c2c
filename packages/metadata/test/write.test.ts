import { stageImage, type DetailRequest } from '@stagewright/core'
import { describe, expect, it } from 'vitest'

import {
  adetailerFacts,
  adetailerPairs,
  adetailerUnits,
  infotext,
  parseInfotext,
  upscalePairs,
  withPairs,
} from '../src/index.js'
import { sampling } from './facts.js'
import { picture } from './pictures.js'

const written = (pairs: ReturnType<typeof adetailerPairs>): Record<string, unknown> =>
  Object.fromEntries(pairs.filter(([, value]) => value !== undefined && value !== ''))

describe('the infotext of a picture', () => {
  it('tells the settings as the WebUI writes them', () => {
    expect(
      infotext({
        settings: { ...sampling, model: 'sub/base.safetensors', clip_skip: 2 },
        model_hash: '31e35c80fc',
        version: 'v1.10.1',
        stages: 'txt2img',
      }),
    ).toBe(
      [
        'a red cube',
        'Negative prompt: blurry',
        'Steps: 20, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 11, Size: 64x64, Model hash: 31e35c80fc, Model: base, Clip skip: 2, Version: v1.10.1, Stages: txt2img',
      ].join('\n'),
    )
  })

  it('tells of hires and refiner, and quotes what would break the line', () => {
    const text = infotext({
      settings: sampling,
      hires: {
        hr_scale: 1.5,
        hr_resize_x: 0,
        hr_resize_y: 0,
        hr_upscaler: 'Lanczos',
        hr_second_pass_steps: 7,
        denoising_strength: 0.4,
        hr_prompt: 'sharp, clear',
      },
      refiner: {
        refiner_checkpoint: 'refiner.safetensors',
        refiner_switch_at: 0.8,
        refiner_switch_by: 'steps',
        refiner_pass: 'both',
      },
    })
    expect(text).toContain('Denoising strength: 0.4, Hires upscale: 1.5, Hires steps: 7')
    expect(text).toContain('Hires prompt: "sharp, clear"')
    expect(text).toContain(
      'Refiner: refiner, Refiner switch at: 0.8, Refiner switch by sampling steps: True, Hires refiner pass: both passes',
    )
  })

  it('never tells a folder of the machine', () => {
    const settings = {
      ...sampling,
      model: '/home/ann/models/base.safetensors',
      vae: 'C:\\models\\fine.vae.pt',
      additional_modules: ['/srv/te/clip_l.safetensors'],
    }
    const adetailer = [
      { ad_model: '/home/ann/face.pt', ad_checkpoint: '\\\\srv\\base.safetensors' },
    ]
    expect(infotext({ settings, adetailer })).not.toMatch(/home|srv|C:/)
  })

  it('says how many lines are the prompt’s only where the grammar would split it elsewhere', () => {
    const plain = infotext({ settings: { ...sampling, prompt: 'a\nb, Negative prompt: c' } })
    expect(plain).not.toContain('Prompt lines')
    const prompt = 'a\nNegative prompt: b'
    const text = infotext({ settings: { ...sampling, prompt } })
    expect(text).toContain('Prompt lines: 2')
    expect(parseInfotext(text)).toMatchObject({ prompt, negative_prompt: 'blurry' })
  })

  it('is replaced pair by pair when more is known', () => {
    const text = withPairs('a cube\nSteps: 20, Stages: txt2img', [['Stages', 'txt2img > upscale']])
    expect(text).toBe('a cube\nSteps: 20, Stages: txt2img > upscale')
  })

  it('keeps what other tools have put behind the pairs, as pairs', () => {
    const text = 'a cube\nSteps: 20, Sampler: Euler, Seed: 1\nTemplate: a {red|blue} cube'
    expect(withPairs(text, [['Stages', 'upscale']])).toBe(
      'a cube\nSteps: 20, Sampler: Euler, Seed: 1, Template: a {red|blue} cube, Stages: upscale',
    )
  })
})

describe('an enlargement', () => {
  const extras = {
    mode: 'extras',
    resize_mode: 0,
    upscaling_crop: true,
    upscaler_1: 'R-ESRGAN 4x+',
    extras_upscaler_2_visibility: 0,
    gfpgan_visibility: 0,
    codeformer_visibility: 0,
    codeformer_weight: 0,
  } as const

  it('is told as the page for extras does', () => {
    expect(written(upscalePairs({ ...extras, upscaling_resize: 2 }))).toEqual({
      'Postprocess upscale by': 2,
      'Postprocess upscaler': 'R-ESRGAN 4x+',
    })
    const sized = { resize_mode: 1, upscaling_resize_w: 800, upscaling_resize_h: 600 } as const
    expect(written(upscalePairs({ ...extras, ...sized }))).toMatchObject({
      'Postprocess upscale to': '800x600',
      'Postprocess crop to': '800x600',
    })
  })

  it('by tiles is told as the script "SD upscale" does, with what it leaves out', () => {
    const tiles = {
      mode: 'sd_upscale',
      upscaling_resize: 2,
      upscaler_1: '/models/4x.pth',
      tile_width: 512,
      tile_height: 640,
      tile_overlap: 64,
      denoising_strength: 0.25,
    } as const
    expect(written(upscalePairs(tiles))).toEqual({
      'SD upscale by': 2,
      'SD upscale upscaler': '4x.pth',
      'SD upscale tile': '512x640',
      'SD upscale overlap': 64,
      'SD upscale denoising strength': 0.25,
    })
  })
})

describe('ADetailer’s units', () => {
  it('are numbered as the extension does, its defaults left out', () => {
    const face = { ad_model: 'face_yolov8n.pt', ad_confidence: 0.3, ad_denoising_strength: 0.4 }
    const hand = { ad_model: 'hand_yolov8n.pt', ad_prompt: 'a hand', ad_mask_max_ratio: 1 }
    expect(written(adetailerPairs(face))).toEqual({
      'ADetailer model': 'face_yolov8n.pt',
      'ADetailer confidence': 0.3,
      'ADetailer denoising strength': 0.4,
    })
    expect(written(adetailerPairs(hand, 1))).toEqual({
      'ADetailer model 2nd': 'hand_yolov8n.pt',
      'ADetailer prompt 2nd': 'a hand',
    })
    const last = (index: number): string => adetailerPairs(face, index)[0]?.[0] ?? ''
    expect([2, 3, 10, 11, 20, 21].map(last)).toEqual(
      ['3rd', '4th', '11th', '12th', '21st', '22nd'].map((one) => `ADetailer model ${one}`),
    )
    expect(adetailerUnits(['Steps', 'ADetailer model', 'ADetailer model 2nd'])).toBe(2)
  })

  it('tell of settings only where they are not the picture’s own', async () => {
    const image = stageImage(await picture('png'), { settings: sampling })
    const request = { ...unit, ...sampling, image } satisfies DetailRequest
    const own = written(adetailerPairs(adetailerFacts(request)))
    expect(Object.keys(own).filter((key) => key.includes('separate'))).toEqual([])
    const changed = { ...request, steps: 9, scheduler: 'Karras', width: 512, height: 512 }
    expect(written(adetailerPairs(adetailerFacts(changed)))).toMatchObject({
      'ADetailer use separate steps': 'True',
      'ADetailer steps': 9,
      'ADetailer use separate sampler': 'True',
      'ADetailer sampler': 'Euler',
      'ADetailer scheduler': 'Karras',
      'ADetailer use inpaint width height': 'True',
      'ADetailer inpaint width': 512,
    })
  })
})

const unit = {
  unit: 'face',
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
} as const
