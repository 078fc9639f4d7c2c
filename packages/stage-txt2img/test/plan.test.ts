import {
  buildPipelinePlan,
  explainPlan,
  fromFlatRunConfig,
  type PipelineError,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { txt2img } from '../src/index.js'

describe('what the plan says', () => {
  test('it forecasts the pictures of all rounds at their real size', () => {
    const plan = planOf({ width: 519, height: 390, n_iter: 3, batch_size: 2 })
    expect(plan.output).toEqual([{ count: 6, width: 512, height: 384 }])
    expect(plan.calls).toBe(3)
  })

  test('it is explained with its size, its calls and its model', () => {
    const config = { prompt: 'a harbour', model: 'base', n_iter: 2, txt2img: {} }
    expect(explainPlan(buildPipelinePlan(config, [txt2img]))).toContain(
      [
        '1. txt2img      Generate@100 · 2 calls · 2 pictures 512x512',
        '   rank of Generate',
        '   loads base',
      ].join('\n'),
    )
  })

  test('it names all that the backend must know, each where it is written', () => {
    const config = {
      prompt: 'a harbour <lora:ink:0.8> <lora:fog>',
      model: 'base',
      additional_modules: ['ae', 'clip'],
      txt2img: {
        negative_prompt: '<lora:bad:1>',
        vae: 'soft',
        styles: ['Ink', 'Fog'],
        sampler_name: 'Euler a',
        scheduler: 'Karras',
        distilled_cfg_scale: 3,
        override_settings: { eta_ddim: 0.1 },
        alwayson_scripts: { Tiler: { args: [] } },
        script_name: 'Loopback',
      },
    }
    const [plan] = buildPipelinePlan(config, [txt2img]).stages
    expect(plan?.needs.map(({ kind, name, path }) => `${kind} ${name} ${path}`)).toEqual([
      'model base model',
      'vae soft txt2img.vae',
      'module ae additional_modules[0]',
      'module clip additional_modules[1]',
      'style Ink txt2img.styles[0]',
      'style Fog txt2img.styles[1]',
      'sampler Euler a txt2img.sampler_name',
      'scheduler Karras txt2img.scheduler',
      'field distilled_cfg_scale txt2img.distilled_cfg_scale',
      'field additional_modules additional_modules',
      'lora ink prompt',
      'lora fog prompt',
      'lora bad txt2img.negative_prompt',
      'script Tiler txt2img.alwayson_scripts.Tiler',
      'script Loopback txt2img.script_name',
      'option eta_ddim txt2img.override_settings.eta_ddim',
    ])
  })
})

describe('notes', () => {
  test.each([
    ['SW_NOTE_SIZE_ROUNDED', { width: 519 }],
    ['SW_NOTE_SAMPLER_SPLIT', { sampler_name: 'DPM++ 2M Karras' }],
    ['SW_NOTE_NEGATIVE_UNUSED', { cfg_scale: 1, negative_prompt: 'blurry' }],
    ['SW_NOTE_LARGE_CALL', { width: 1024, height: 1024, batch_size: 5 }],
    ['SW_NOTE_PROMPT_SYNTAX', { prompt: 'a {red|blue} boat' }],
    ['SW_NOTE_PROMPT_SYNTAX', { prompt: 'a boat on __surface__' }],
    ['SW_NOTE_PROMPT_SYNTAX', { negative_prompt: '[[slot]]' }],
  ])('%s comes for %j', (code, section) => {
    expect(planOf(section).notes.map((note) => note.code)).toEqual([code])
  })

  test.each([
    {},
    { width: 640, height: 512 },
    { cfg_scale: 1 },
    { cfg_scale: 1.5, negative_prompt: 'blurry' },
    { width: 1024, height: 1024, batch_size: 4 },
    { prompt: 'a (boat:1.2) [red] <lora:ink:0.8> __init' },
  ])('there is none for %j', (section) => {
    expect(planOf(section).notes).toEqual([])
  })

  test('the note of a split sampler names both parts', () => {
    const [note] = planOf({ sampler_name: 'DPM++ 2M SDE Exponential' }).notes
    expect(note?.message).toContain('"DPM++ 2M SDE" with the scheduler "Exponential"')
  })
})

describe('what is refused', () => {
  test('a missing prompt is asked for where it can be shared', () => {
    expect(refusal({ txt2img: {} })).toMatchObject({ code: 'SW_CONFIG_MISSING' })
    expect(refusal({ txt2img: {} })?.message).toContain('prompt is missing, and txt2img needs it')
  })

  test.each([
    ['steps', 0, 'from 1 to 150'],
    ['cfg_scale', 31, 'from 0 to 30'],
    ['width', 32, 'from 64 to 16384'],
    ['seed', -2, 'from -1 to 4294967295'],
    ['subseed_strength', 1.1, 'from 0 to 1'],
    ['batch_size', 0, 'from 1 to 64'],
    ['clip_skip', 13, 'from 1 to 12'],
  ])('%s %j is refused, and the range is told', (key, value, range) => {
    const error = refusal({ prompt: 'a harbour', txt2img: { [key]: value } })
    expect(error?.message).toContain(`txt2img.${key} is ${value}`)
    expect(error?.message).toContain(range)
  })
})

describe('the flat form', () => {
  test('txt2img is on only where its flag is true', () => {
    const flat = { prompt: 'a harbour', steps: 30 }
    expect(fromFlatRunConfig({ ...flat, txt2img_enabled: true }, [txt2img])).toEqual({
      ...flat,
      txt2img: {},
    })
    expect(fromFlatRunConfig({ ...flat, txt2img_enabled: false }, [txt2img])).toEqual(flat)
    expect(fromFlatRunConfig(flat, [txt2img])).toEqual(flat)
  })
})

function planOf(section: Readonly<Record<string, unknown>>) {
  const config = { prompt: 'a harbour', txt2img: section }
  const [plan] = buildPipelinePlan(config, [txt2img]).stages
  return plan as NonNullable<typeof plan>
}

function refusal(config: unknown): PipelineError | undefined {
  try {
    buildPipelinePlan(config, [txt2img])
    return undefined
  } catch (error) {
    return error as PipelineError
  }
}
