import { buildPipelinePlan, coreCapabilities, fromFlatRunConfig } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { refiner } from '../src/index.js'
import { errorOf, pixel, planOf, refusal, second } from './planning.js'

describe('what switches the stage on', () => {
  test.each([[{ enable_hr: true }], [second], [{ ...second, enable_hr: true }]])(
    '%j does',
    (section) => expect(planOf(section).enabled).toBe(true),
  )

  test.each([
    [{}],
    [{ enable_hr: false, hr_scale: 2 }],
    [{ refiner_enabled: false, refiner_model_name: 'leftover' }],
  ])('%j leaves it off, quietly', (section) => {
    expect(planOf(section)).toMatchObject({ enabled: false, notes: [] })
  })

  test.each([[{ hr_scale: 2 }], [{ refiner_model_name: 'leftover' }]])(
    '%j leaves it off, with a note that names the flags',
    (section) => {
      const { enabled, notes } = planOf(section)
      expect(enabled).toBe(false)
      expect(notes.map(({ code }) => code)).toEqual(['SW_NOTE_SECTION_IDLE'])
      expect(notes[0]?.message).toContain('"refiner_enabled" or "enable_hr"')
    },
  )

  test('enabled: true with neither flag is an error', () => {
    expect(refusal({ enabled: true })?.code).toBe('SW_CONFIG_NOT_SWITCHED_ON')
  })

  test('a section hires is told where hires lives', () => {
    const error = refusal({}, {}, { hires: { hr_scale: 2 } })
    expect(error?.code).toBe('SW_CONFIG_UNKNOWN_KEY')
    expect(error?.hint).toContain('refiner: { enable_hr: true')
  })
})

describe('what is refused', () => {
  test.each([
    ['refiner_model_name', { refiner_enabled: true }],
    ['refiner_model_name', { refiner_enabled: true, refiner_model_name: '' }],
    ['refiner_model_name', { refiner_enabled: true, refiner_model_name: 'None' }],
    ['refiner_switch_at', { ...second, refiner_switch_at: 0 }],
    ['refiner_switch_at', { ...second, refiner_switch_at: 1 }],
    ['hr_scale', { enable_hr: true, hr_scale: 2, hr_resize_x: 1024 }],
    ['denoising_strength', { enable_hr: true, denoising_strength: 0 }],
  ])('%s in %j', (key, section) => {
    const error = refusal(section)
    expect(error?.kind).toBe('config')
    expect(error?.message).toContain(`refiner.${key}`)
  })

  test('a factor beside two zeros is no contradiction', () => {
    expect(
      refusal({ enable_hr: true, hr_scale: 2, hr_resize_x: 0, hr_resize_y: 0 }),
    ).toBeUndefined()
  })
})

describe('a refiner that is the model of its own pass', () => {
  const model = 'xl/base_1.0.safetensors [31e35c80fc]'
  const as = (refiner_model_name: string, more: object = {}) =>
    refusal({ refiner_enabled: true, refiner_model_name, ...more }, { model })?.code

  test.each([
    model,
    'base_1.0',
    'xl/base_1.0',
    'BASE_1.0.safetensors',
    'other\\base_1.0.ckpt',
    'base_1.0 [0123456789]',
  ])('is refused as %s', (name) => {
    expect(as(name)).toBe('SW_REFINER_SAME_MODEL')
  })

  test.each(['base_1.1', 'base_1.0_refiner.safetensors', 'xl'])('is not meant by %s', (name) => {
    expect(as(name)).toBeUndefined()
  })

  test('is found by the aliases that the backend tells', () => {
    const capabilities = { ...coreCapabilities, aliases: { model: { '31e35c80fc': model } } }
    const section = { refiner_enabled: true, refiner_model_name: '31e35c80fc' }
    expect(refusal(section, { model }, {}, capabilities)?.code).toBe('SW_REFINER_SAME_MODEL')
    expect(refusal(section, { model })).toBeUndefined()
  })

  test('is the checkpoint of the second pass, where the refiner acts on that', () => {
    const hires = { ...pixel, hr_checkpoint_name: 'other' }
    expect(as('other', hires)).toBe('SW_REFINER_SAME_MODEL')
    expect(as('other', { ...hires, refiner_pass: 'first' })).toBeUndefined()
    expect(as('base_1.0', hires)).toBeUndefined()
    expect(as('base_1.0', { ...hires, refiner_pass: 'both' })).toBe('SW_REFINER_SAME_MODEL')
  })

  test('is found behind the first picture too', () => {
    const picture = (name: string) => ({
      width: 512,
      height: 512,
      settings: { model: name } as never,
    })
    const error = errorOf(() =>
      buildPipelinePlan({ refiner: { ...pixel, ...second } }, [refiner], {
        input: [picture('first'), picture('second')],
      }),
    )
    expect(error?.code).toBe('SW_REFINER_SAME_MODEL')
  })
})

describe('the flat form', () => {
  const flat = (more: object) => fromFlatRunConfig(more, [refiner])['refiner'] as unknown

  test('zeros of hr_resize_x and hr_resize_y mean unset', () => {
    expect(flat({ enable_hr: true, hr_scale: 1.5, hr_resize_x: 0, hr_resize_y: 0 })).toEqual({
      enable_hr: true,
      hr_scale: 1.5,
    })
    expect(flat({ enable_hr: true, hr_resize_x: 1024 })).toEqual({
      enable_hr: true,
      hr_resize_x: 1024,
    })
  })

  test('denoising_strength is the pass’s when hires is on', () => {
    expect(flat({ enable_hr: true, denoising_strength: 0.3 })).toEqual({
      enable_hr: true,
      denoising_strength: 0.3,
    })
    const on = { refiner_enabled: true, refiner_model_name: 'second' }
    expect(flat({ ...on, denoising_strength: 0.3 })).toEqual(on)
  })

  test('a leftover refiner model is left out when the refiner is off', () => {
    const leftover = { refiner_model_name: 'leftover', refiner_switch_at: 0.5 }
    expect(flat({ enable_hr: true, refiner_enabled: false, ...leftover })).toEqual({
      enable_hr: true,
      refiner_enabled: false,
    })
    expect(flat(leftover)).toBeUndefined()
  })
})
