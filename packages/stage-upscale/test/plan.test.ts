import {
  buildPipelinePlan,
  coreCapabilities,
  explainPlan,
  type Forecast,
  fromFlatRunConfig,
  isPipelineError,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { upscale } from '../src/index.js'

const lanczos = { upscaler_1: 'Lanczos' }
const tiles = { mode: 'sd_upscale', upscaler_1: 'Lanczos' }

describe('what the plan says', () => {
  test('it forecasts each picture at its new size', () => {
    const input = [picture(512, 768), picture(640, 512)]
    expect(planOf({ ...lanczos, upscaling_resize: 1.5 }, input)).toMatchObject({
      calls: 2,
      output: [
        { count: 1, width: 768, height: 1152 },
        { count: 1, width: 960, height: 768 },
      ],
    })
  })

  test('what is enlarged here is floored to a multiple of 8, whatever the grid of the server', () => {
    const capabilities = { ...coreCapabilities, grid: { multiple: 64, round: 'up' as const } }
    const sizes = (section: object) =>
      buildPipelinePlan({ upscale: { ...lanczos, upscaling_resize: 1.3, ...section } }, [upscale], {
        input: [picture(512, 768)],
        capabilities,
      }).stages[0]?.output
    expect(sizes({ where: 'client' })).toMatchObject([{ width: 664, height: 992 }])
    expect(sizes({})).toMatchObject([{ width: 704, height: 1024 }])
  })

  test('only tile diffusion loads a model, and it says what it does', () => {
    const text = (section: object) =>
      explainPlan(buildPipelinePlan({ upscale: section }, [upscale], { input: [picture()] }))
    expect(text(tiles)).toContain('upscales, then redraws tile by tile')
    expect(text(tiles)).toContain('loads base')
    expect(text(lanczos)).not.toContain('loads base')
    expect(text({ ...lanczos, where: 'client' })).toContain('resampled here, not on the server')
  })

  test('without a picture it is refused', () => {
    expect(errorOf(() => buildPipelinePlan({ upscale: lanczos }, [upscale]))?.kind).toBe('plan')
  })
})

describe('keys of the other mode are refused, not ignored', () => {
  test.each([
    'tile_width',
    'tile_height',
    'tile_overlap',
    'denoising_strength',
    'steps',
    'cfg_scale',
    'sampler_name',
    'scheduler',
    'prompt',
    'negative_prompt',
    'seed',
  ])('%s with extras', (key) => {
    const value = /name|scheduler|prompt/.test(key) ? 'Euler' : /tile/.test(key) ? 128 : 1
    const error = refusal({ ...lanczos, [key]: value })
    expect(error?.message).toContain(`upscale.${key}`)
    expect(error?.message).toContain('has no effect with mode: extras')
    expect(refusal({ ...tiles, [key]: value })).toBeUndefined()
  })

  test.each([
    ['upscaler_2', 'Nearest', {}],
    ['extras_upscaler_2_visibility', 0.5, { upscaler_2: 'Nearest' }],
    ['upscaling_resize_w', 512, {}],
    ['upscaling_resize_h', 512, {}],
    ['upscaling_crop', true, {}],
    ['gfpgan_visibility', 0.5, {}],
    ['codeformer_visibility', 0.5, {}],
    ['codeformer_weight', 0.5, {}],
  ])('%s with sd_upscale', (key, value, more) => {
    const error = refusal({ ...tiles, [key]: value })
    expect(error?.message).toContain('has no effect with mode: sd_upscale')
    expect(refusal({ ...lanczos, ...more, [key]: value })).toBeUndefined()
  })
})

describe('what else is refused', () => {
  test.each([
    ['upscaler_1 is missing', {}],
    ['enlarges nothing', { upscaler_1: 'None' }],
    ['either a factor or', { ...lanczos, upscaling_resize: 2, upscaling_resize_h: 512 }],
    ['from 1 to 4 with sd_upscale', { ...tiles, upscaling_resize: 4.5 }],
    ['from 1 to 4 with sd_upscale', { ...tiles, upscaling_resize: 0.5 }],
    ['tile_width is 64: must be larger than tile_overlap, 64', { ...tiles, tile_width: 64 }],
    [
      'tile_height is 72: must be larger than tile_overlap, 96',
      { ...tiles, tile_height: 72, tile_overlap: 96 },
    ],
    ['client cannot diffuse', { ...tiles, where: 'client' }],
    ['needs a server', { ...lanczos, where: 'client', gfpgan_visibility: 0.5 }],
    ['needs upscaler_2', { ...lanczos, extras_upscaler_2_visibility: 0.5 }],
    ['"extras", "sd_upscale"', { ...lanczos, mode: 'ultimate' }],
    ['above 0 up to 8', { ...lanczos, upscaling_resize: 9 }],
  ])('%s: %j', (words, section) => {
    expect(refusal(section)?.message).toContain(words)
  })

  test('a picture over 120 MP is refused', () => {
    const input = [picture(4096, 4096)]
    expect(errorOf(() => planOf({ ...lanczos, upscaling_resize: 3 }, input))?.code).toBe(
      'SW_PREFLIGHT_TOO_LARGE',
    )
  })

  test('the names people look for lead to the right one', () => {
    expect(refusal({ ...lanczos, scale: 2 })?.hint).toBe('write upscaling_resize')
    expect(refusal({ ...lanczos, upscaler: 'Lanczos' })?.hint).toBe('write upscaler_1')
  })
})

describe('needs', () => {
  const needs = (section: object) =>
    planOf(section).needs.map(({ kind, name, path }) => `${kind} ${name} ${path}`)

  test('extras needs its upscalers, and the face restorers that it uses', () => {
    const faces = { gfpgan_visibility: 0.5, codeformer_visibility: 0.5, codeformer_weight: 0 }
    expect(needs({ ...lanczos, upscaler_2: 'Nearest', ...faces })).toEqual([
      'upscaler Lanczos upscale.upscaler_1',
      'upscaler Nearest upscale.upscaler_2',
      'face_restorer GFPGAN upscale.gfpgan_visibility',
      'face_restorer CodeFormer upscale.codeformer_visibility',
    ])
    expect(needs({ ...lanczos, gfpgan_visibility: 0 })).toEqual([
      'upscaler Lanczos upscale.upscaler_1',
    ])
  })

  test('resampling here needs upscalers that need no server', () => {
    expect(needs({ ...lanczos, where: 'client', upscaler_2: 'Nearest' })).toEqual([
      'client_upscaler Lanczos upscale.upscaler_1',
      'client_upscaler Nearest upscale.upscaler_2',
    ])
  })

  test('tile diffusion needs the script, and what its fields name', () => {
    const section = { ...tiles, sampler_name: 'DPM++ 2M Karras', prompt: '<lora:ink:1>' }
    expect(needs(section)).toEqual([
      'upscaler Lanczos upscale.upscaler_1',
      'script SD upscale upscale.mode',
      'sampler DPM++ 2M upscale.sampler_name',
      'scheduler Karras upscale.scheduler',
      'lora ink upscale.prompt',
    ])
  })
})

describe('notes', () => {
  test.each([
    ['SW_NOTE_SAMPLER_SPLIT', { ...tiles, sampler_name: 'DPM++ 2M Karras' }],
    ['SW_NOTE_LARGE_CALL', { ...tiles, tile_width: 2304, tile_height: 2048 }],
    ['SW_NOTE_PROMPT_SYNTAX', { ...tiles, prompt: 'a {red|blue} boat' }],
    ['SW_NOTE_PROMPT_SYNTAX', { ...tiles, negative_prompt: '__bad__' }],
    ['SW_NOTE_LARGE_PICTURE', { ...lanczos, upscaling_resize_w: 7000, upscaling_resize_h: 6000 }],
  ])('%s comes for %j', (code, section) => {
    expect(planOf(section).notes.map((note) => note.code)).toEqual([code])
  })

  test.each([[lanczos], [tiles], [{ ...tiles, sampler_name: 'Euler a', prompt: 'sharp' }]])(
    'there is none for %j',
    (section) => expect(planOf(section).notes).toEqual([]),
  )
})

describe('the flat form', () => {
  const flat = (more: object) => fromFlatRunConfig(more, [upscale])['upscale'] as unknown

  test('its keys go to upscale when the flag is true', () => {
    const given = { upscaler_1: 'Lanczos', upscaling_resize: 2, upscale_mode: 'extras' }
    expect(flat({ upscale_enabled: true, ...given })).toEqual({
      upscaler_1: 'Lanczos',
      upscaling_resize: 2,
      mode: 'extras',
    })
    expect(flat(given)).toBeUndefined()
  })

  test('zeros of the target mean unset', () => {
    const zeros = { upscaling_resize_w: 0, upscaling_resize_h: 0 }
    expect(flat({ upscale_enabled: true, upscaler_1: 'Lanczos', ...zeros })).toEqual(lanczos)
  })
})

function picture(width = 512, height = 512) {
  return { width, height, settings: { model: 'base' } as never }
}

function planOf(section: object, input: Forecast = [picture()]) {
  const [plan] = buildPipelinePlan({ upscale: section }, [upscale], { input }).stages
  return plan as NonNullable<typeof plan>
}

function refusal(section: object) {
  return errorOf(() => planOf(section))
}

function errorOf(work: () => unknown) {
  try {
    work()
    return undefined
  } catch (error) {
    if (isPipelineError(error)) return error
    throw error
  }
}
