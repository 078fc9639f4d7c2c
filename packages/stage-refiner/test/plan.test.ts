import { coreCapabilities } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { codes, explained, pixel, planOf, refusal, second } from './planning.js'

describe('merged or a call of its own', () => {
  test.each([
    ['auto behind txt2img is merged', {}, {}, 'merged'],
    ['auto behind img2img is its own call', {}, { operation: 'img2img' }, 'call'],
    ['merged behind txt2img is merged', { hr_strategy: 'merged' }, {}, 'merged'],
    ['own behind txt2img is its own call', { hr_strategy: 'own' }, {}, 'call'],
  ])('%s', (_, strategy, before, kind) => {
    expect(planOf({ ...pixel, ...strategy }, before).execution.kind).toBe(kind)
  })

  test('merged where the call before cannot carry it is refused, and the reason told', () => {
    const error = refusal({ ...pixel, hr_strategy: 'merged' }, { operation: 'img2img' })
    expect(error?.code).toBe('SW_PLAN_SLOT_NOT_CARRIED')
    expect(error?.message).toContain('test_source calls img2img')
  })

  test('auto on a backend without the slot is its own call', () => {
    const capabilities = { ...coreCapabilities, slots: ['refiner'] }
    expect(planOf(pixel, {}, capabilities).execution.kind).toBe('call')
  })

  test('auto takes its own call where a merged one cannot have the refiner on the pass asked for', () => {
    const capabilities = { ...coreCapabilities, limits: { refiner: ['first'] } }
    const plan = (refiner_pass: string) =>
      planOf({ ...pixel, ...second, refiner_pass }, {}, capabilities)
    expect(plan('first').execution).toEqual({ kind: 'call', into: ['test_source'] })
    expect(plan('first').why).toContain(
      'with hires, test_source cannot have the refiner on the first pass',
    )
    expect(plan('second').execution.kind).toBe('merged')
  })

  test('a second model without a second pass always joins the call before it', () => {
    expect(planOf(second, { operation: 'img2img' }).execution).toEqual({
      kind: 'merged',
      into: ['test_source'],
    })
  })

  test.each(['merged', 'own'])(
    'the forecast starts from the picture’s own size on the grid, whatever was asked for: %s',
    (hr_strategy) => {
      const { output } = planOf({ ...pixel, hr_strategy }, { width: 519, height: 519 })
      expect(output).toEqual([{ count: 1, width: 1024, height: 1024 }])
    },
  )

  test('each pass of the refiner is planned on the call that makes it', () => {
    const to = (refiner_pass: string, hr_strategy: string) =>
      planOf({ ...pixel, ...second, refiner_pass, hr_strategy })
        .contributions.filter(({ slot }) => slot === 'refiner')
        .map((one) => one.to)
    expect(to('first', 'own')).toEqual([['test_source']])
    expect(to('second', 'own')).toEqual([['refiner']])
    expect(to('both', 'own')).toEqual([['test_source'], ['refiner']])
    expect(to('both', 'merged')).toEqual([['test_source']])
  })

  test.each(['Latent (nearest)', 'Latent (bicubic antialiased)'])(
    '%s is refused in a call of its own, and what can do it is named',
    (hr_upscaler) => {
      const error = refusal({ enable_hr: true, hr_upscaler }, { operation: 'img2img' })
      expect(error?.code).toBe('SW_REFINER_LATENT_MODE')
      expect(error?.message).toContain('test_source cannot carry hires')
      expect(error?.hint).toContain('"Latent" or a pixel upscaler')
      expect(refusal({ enable_hr: true, hr_upscaler })).toBeUndefined()
    },
  )
})

describe('what the plan explains', () => {
  test('the refiner’s share of a merged pass', () => {
    const text = explained({ ...pixel, ...second, hr_second_pass_steps: 14 }, { model: 'base' })
    expect(text).toContain(
      'test_source carries the hires pass; the refiner renders 2 of 14 hires steps',
    )
    expect(text).toContain('merged into test_source · 1 picture 1024x1536')
    expect(text).toContain('loads base, second')
  })

  test('the reason for a call of its own', () => {
    expect(explained({ ...pixel, hr_strategy: 'own' })).toContain(
      'a call of its own: hr_strategy: own',
    )
    expect(explained(pixel, { operation: 'img2img' })).toContain(
      'a call of its own: test_source cannot carry hires',
    )
  })

  test('the refiner’s share of a single pass', () => {
    expect(explained({ ...second, refiner_switch_at: 0.5 })).toContain(
      'the refiner renders 10 of 20 steps',
    )
    expect(explained(second, { operation: 'img2img' })).toContain('takes over at 0.8 of the pass')
  })
})

describe('notes', () => {
  test.each([
    ['SW_NOTE_HIRES_PIXEL_STRONG', { ...pixel, denoising_strength: 0.51 }],
    ['SW_NOTE_HIRES_LATENT_WEAK', { enable_hr: true, denoising_strength: 0.49 }],
    ['SW_NOTE_HIRES_NOT_LARGER', { ...pixel, hr_scale: 1 }],
    ['SW_NOTE_REFINER_SHARE', { ...pixel, ...second, hr_second_pass_steps: 14 }],
    ['SW_NOTE_REFINER_SHARE', { ...second, refiner_switch_at: 0.8 }],
    ['SW_NOTE_SAMPLER_SPLIT', { ...pixel, hr_sampler_name: 'DPM++ 2M Karras' }],
    ['SW_NOTE_LARGE_CALL', { ...pixel, hr_scale: 3.5 }],
    ['SW_NOTE_PROMPT_SYNTAX', { ...pixel, hr_prompt: 'a {red|blue} boat' }],
  ])('%s comes for %j', (code, section) => {
    expect(codes(section)).toEqual([code])
  })

  test.each([
    [{ ...pixel, denoising_strength: 0.5 }],
    [{ enable_hr: true, denoising_strength: 0.5 }],
    [{ ...pixel, ...second, refiner_switch_at: 0.75 }],
    [{ ...second, refiner_switch_at: 0.75 }],
  ])('there is none for %j', (section) => {
    expect(codes(section)).toEqual([])
  })

  test('behind a masked picture it says that it redraws outside the mask too', () => {
    expect(codes(pixel, { marks: ['masked'] })).toEqual(['SW_NOTE_HIRES_OUTSIDE_MASK'])
  })
})

describe('needs', () => {
  const needs = (section: object, before: object = {}) =>
    planOf(section, before).needs.map(({ kind, name, path }) => `${kind} ${name} ${path}`)

  test('a merged pass needs a hires upscaler, a call of its own an upscaler', () => {
    expect(needs(pixel)).toEqual(['hires_upscaler R-ESRGAN 4x+ refiner.hr_upscaler'])
    expect(needs({ ...pixel, hr_strategy: 'own' })).toEqual([
      'upscaler R-ESRGAN 4x+ refiner.hr_upscaler',
    ])
  })

  test('every name of the pass is told', () => {
    const section = {
      ...pixel,
      ...second,
      hr_checkpoint_name: 'other',
      hr_sampler_name: 'DPM++ 2M Karras',
      hr_additional_modules: ['ae', 'clip'],
      hr_prompt: '<lora:ink:1>',
    }
    expect(needs(section)).toEqual([
      'model second refiner.refiner_model_name',
      'hires_upscaler R-ESRGAN 4x+ refiner.hr_upscaler',
      'model other refiner.hr_checkpoint_name',
      'sampler DPM++ 2M refiner.hr_sampler_name',
      'scheduler Karras refiner.hr_scheduler',
      'module ae refiner.hr_additional_modules[0]',
      'module clip refiner.hr_additional_modules[1]',
      'field hr_additional_modules refiner.hr_additional_modules',
      'lora ink refiner.hr_prompt',
    ])
  })

  test('fields that only some servers have are told by the name that the call has for them', () => {
    const section = { ...pixel, hr_cfg: 4, hr_distilled_cfg: 3 }
    const fields = (more: object) =>
      needs({ ...section, ...more }).filter((one) => one.startsWith('field'))
    expect(fields({})).toEqual([
      'field hr_cfg refiner.hr_cfg',
      'field hr_distilled_cfg refiner.hr_distilled_cfg',
    ])
    expect(fields({ hr_strategy: 'own' })).toEqual([
      'field distilled_cfg_scale refiner.hr_distilled_cfg',
    ])
  })

  test('what is switched off is not needed', () => {
    const leftover = { refiner_model_name: 'leftover', hr_checkpoint_name: 'other' }
    expect(needs({ ...pixel, refiner_model_name: 'leftover' }).join()).not.toContain('leftover')
    expect(needs({ ...second, ...leftover, refiner_model_name: 'second' })).toEqual([
      'model second refiner.refiner_model_name',
    ])
  })
})
