import type { HiresPass, RefinerSwitch, Sampling } from '@stagewright/core'
import fc from 'fast-check'

import type { AdetailerFacts, InfotextFacts, UpscaleFacts } from '../src/index.js'

export const sampling: Sampling = {
  prompt: 'a red cube',
  negative_prompt: 'blurry',
  sampler_name: 'Euler',
  scheduler: 'Automatic',
  steps: 20,
  cfg_scale: 7,
  width: 64,
  height: 64,
  seed: 11,
  subseed: 0,
  subseed_strength: 0,
}

/** Texts that break readers: what the grammar itself writes, other scripts, blanks and line breaks anywhere. */
const phrase = fc.oneof(
  fc.constantFrom(
    'Negative prompt: x',
    '\nNegative prompt: ',
    'Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1',
    '\n',
    '\r\n',
    '\r',
    ', ',
    '"',
    '\\',
    ': ',
    ' ',
    '{"a": 1}',
    '<lora:detail:0.8>',
    '🐈‍⬛',
    'שלום',
    'مرحبا',
    'Prompt lines: 2',
    'Stages: txt2img',
    'Postprocess upscale by: 2',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ maxLength: 20 }),
)

export const prompts = fc.array(phrase, { maxLength: 6 }).map((parts) => parts.join(''))

const number = fc.double({ min: 0, max: 1, noNaN: true })
const side = fc.integer({ min: 64, max: 4096 })
const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => /^[^\\/[\].~]+$/u.test(text) && text.trim() === text)

export const samplings: fc.Arbitrary<Sampling> = fc.record(
  {
    prompt: prompts,
    negative_prompt: prompts,
    sampler_name: name,
    scheduler: name,
    steps: fc.integer({ min: 1, max: 150 }),
    cfg_scale: fc.double({ min: 0, max: 30, noNaN: true }),
    width: side,
    height: side,
    seed,
    subseed: seed,
    subseed_strength: number,
    model: name,
    vae: name,
    additional_modules: fc.array(name, { maxLength: 3 }),
    clip_skip: fc.integer({ min: 1, max: 12 }),
    distilled_cfg_scale: number,
  },
  {
    requiredKeys: [
      'prompt',
      'negative_prompt',
      'sampler_name',
      'scheduler',
      'steps',
      'cfg_scale',
      'width',
      'height',
      'seed',
      'subseed',
      'subseed_strength',
    ],
  },
)

const strength = fc.double({ min: 0.01, max: 1, noNaN: true })

export const hiresPasses: fc.Arbitrary<HiresPass> = fc.record(
  {
    hr_scale: fc.double({ min: 1, max: 4, noNaN: true }),
    hr_resize_x: fc.constantFrom(0, 1024),
    hr_resize_y: fc.constantFrom(0, 1536),
    hr_upscaler: name,
    hr_second_pass_steps: fc.integer({ min: 0, max: 150 }),
    denoising_strength: strength,
    hr_sampler_name: name,
    hr_scheduler: name,
    hr_prompt: prompts,
    hr_negative_prompt: prompts,
    hr_cfg: fc.double({ min: 0, max: 30, noNaN: true }),
    hr_distilled_cfg: fc.double({ min: 0, max: 30, noNaN: true }),
    hr_checkpoint_name: name,
    hr_additional_modules: fc.array(name, { minLength: 1, maxLength: 2 }),
  },
  {
    requiredKeys: [
      'hr_scale',
      'hr_resize_x',
      'hr_resize_y',
      'hr_upscaler',
      'hr_second_pass_steps',
      'denoising_strength',
    ],
  },
)

export const refiners: fc.Arbitrary<RefinerSwitch> = fc.record({
  refiner_checkpoint: name,
  refiner_switch_at: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
  refiner_switch_by: fc.constantFrom('steps', 'noise'),
  refiner_pass: fc.constantFrom('first', 'second', 'both'),
})

export const units: fc.Arbitrary<AdetailerFacts> = fc.record(
  {
    ad_model: name,
    ad_prompt: prompts,
    ad_negative_prompt: prompts,
    ad_confidence: number,
    ad_mask_filter_method: fc.constantFrom('Area', 'Confidence'),
    ad_mask_k: fc.integer({ min: 0, max: 9 }),
    ad_dilate_erode: fc.integer({ min: -128, max: 128 }),
    ad_mask_blur: fc.integer({ min: 0, max: 64 }),
    ad_denoising_strength: number,
    ad_inpaint_only_masked: fc.boolean(),
    ad_steps: fc.integer({ min: 1, max: 150 }),
    ad_sampler: name,
    ad_restore_face: fc.boolean(),
  },
  { requiredKeys: ['ad_model'] },
)

const upscales: fc.Arbitrary<UpscaleFacts> = fc.oneof(
  fc.record({
    mode: fc.constant('extras' as const),
    resize_mode: fc.constant(0 as const),
    upscaling_resize: fc.double({ min: 1, max: 8, noNaN: true }),
    upscaling_crop: fc.boolean(),
    upscaler_1: name,
    extras_upscaler_2_visibility: fc.constant(0),
    gfpgan_visibility: number,
    codeformer_visibility: number,
    codeformer_weight: number,
  }),
  fc.record({
    mode: fc.constant('sd_upscale' as const),
    upscaling_resize: fc.double({ min: 1, max: 4, noNaN: true }),
    upscaler_1: name,
    tile_width: side,
    tile_height: side,
    tile_overlap: fc.integer({ min: 0, max: 256 }),
    denoising_strength: number,
  }),
)

export const facts: fc.Arbitrary<InfotextFacts> = fc.record(
  {
    settings: samplings,
    denoising_strength: number,
    hires: hiresPasses,
    refiner: refiners,
    upscale: upscales,
    adetailer: fc.array(units, { maxLength: 3 }),
    version: fc.constantFrom('v1.10.1', 'f2.0.1v1.10.1-previous-635-gf5330788'),
    stages: fc.constantFrom('txt2img', 'txt2img > adetailer (face)'),
  },
  { requiredKeys: ['settings'] },
)
