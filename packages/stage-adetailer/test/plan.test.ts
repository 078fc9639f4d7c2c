import {
  buildPipelinePlan,
  explainPlan,
  type Forecast,
  fromFlatRunConfig,
  isPipelineError,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { adetailer } from '../src/index.js'

const face = { ad_model: 'face_yolov8n.pt' }
const hands = { ad_model: 'hand_yolov8n.pt' }

describe('what the plan says', () => {
  test('one call for each picture and unit, and the pictures keep their size', () => {
    const plan = planOf([face, hands], [picture(), picture(640, 512)])
    expect(plan).toMatchObject({
      terminal: true,
      calls: 4,
      cycle: 2,
      output: [
        { count: 1, width: 512, height: 768 },
        { count: 1, width: 640, height: 512 },
      ],
    })
  })

  test('a unit on another checkpoint loads it, and the next one the picture’s again', () => {
    const units = [{ ...face, ad_checkpoint: 'other' }, hands]
    const config = { adetailer: { units } }
    const input = [picture(), picture()]
    const text = explainPlan(buildPipelinePlan(config, [adetailer], { input }))
    expect(text).toContain('loads other, base, other, base')
    expect(text).toContain('units in order: face_yolov8n, hand_yolov8n')
    expect(text).toContain('always last')
  })

  test('names that the backend must know are told with their place in the list', () => {
    const unit = {
      ...hands,
      ad_checkpoint: 'other',
      ad_vae: 'soft',
      ad_sampler: 'DPM++ 2M Karras',
      ad_controlnet_model: 'inpaint',
      ad_controlnet_module: 'inpaint_global',
      ad_prompt: '<lora:ink:1>',
      ad_negative_prompt: '<lora:bad:1>',
    }
    const { needs } = planOf([face, unit])
    expect(needs.map(({ kind, name, path }) => `${kind} ${name} ${path}`)).toEqual([
      'detector face_yolov8n.pt adetailer.units[0].ad_model',
      'detector hand_yolov8n.pt adetailer.units[1].ad_model',
      'model other adetailer.units[1].ad_checkpoint',
      'vae soft adetailer.units[1].ad_vae',
      'sampler DPM++ 2M adetailer.units[1].ad_sampler',
      'scheduler Karras adetailer.units[1].ad_scheduler',
      'controlnet_model inpaint adetailer.units[1].ad_controlnet_model',
      'controlnet_module inpaint_global adetailer.units[1].ad_controlnet_module',
      'lora ink adetailer.units[1].ad_prompt',
      'lora bad adetailer.units[1].ad_negative_prompt',
    ])
  })
})

describe('flags and what they switch', () => {
  const pairs: [string, object][] = [
    ['ad_use_steps', { ad_steps: 9 }],
    ['ad_use_cfg_scale', { ad_cfg_scale: 3 }],
    ['ad_use_sampler', { ad_sampler: 'Euler a' }],
    ['ad_use_checkpoint', { ad_checkpoint: 'other' }],
    ['ad_use_vae', { ad_vae: 'soft' }],
    ['ad_use_inpaint_width_height', { ad_inpaint_width: 768, ad_inpaint_height: 768 }],
    ['ad_use_noise_multiplier', { ad_noise_multiplier: 1.1 }],
    ['ad_use_clip_skip', { ad_clip_skip: 2 }],
  ]

  test.each(pairs)('%s: false beside %j is a contradiction', (flag, set) => {
    const error = refusal([{ ...face, ...set, [flag]: false }])
    expect(error?.message).toContain(`adetailer.units[0].${flag}`)
    expect(error?.message).toContain(`${Object.keys(set).join(' and ')} is set: remove one`)
  })

  test.each(pairs)('%s: true without its fields is a contradiction', (flag, set) => {
    const error = refusal([{ ...face, [flag]: true }])
    expect(error?.message).toContain(`${Object.keys(set).join(' and ')} is not set`)
  })

  test.each(pairs)('%s may be left out, or agree', (flag, set) => {
    expect(refusal([{ ...face, ...set }])).toBeUndefined()
    expect(refusal([{ ...face, ...set, [flag]: true }])).toBeUndefined()
    expect(refusal([{ ...face, [flag]: false }])).toBeUndefined()
  })

  test('the flag of the sampler covers the scheduler too', () => {
    const unit = { ...face, ad_scheduler: 'Karras' }
    expect(refusal([{ ...unit, ad_use_sampler: false }])?.message).toContain('ad_scheduler is set')
    expect(refusal([unit])).toBeUndefined()
  })

  test('"Use same sampler" sets nothing', () => {
    const unit = { ...face, ad_sampler: 'Use same sampler' }
    expect(refusal([{ ...unit, ad_use_sampler: false }])).toBeUndefined()
    expect(refusal([{ ...unit, ad_use_sampler: true }])?.message).toContain('is not set')
  })
})

describe('what else is refused', () => {
  test.each([
    ['units[0].ad_model is missing', [{}]],
    ['detects nothing', [{ ad_model: 'None' }]],
    ['at least 1', []],
    ['"face_yolov8n" names two units', [face, face]],
    [
      '"face" names two units',
      [
        { ...face, name: 'face' },
        { ...hands, name: 'face' },
      ],
    ],
    [
      'must not be above ad_mask_max_ratio',
      [{ ...face, ad_mask_min_ratio: 0.5, ad_mask_max_ratio: 0.2 }],
    ],
    ['needs ad_controlnet_model', [{ ...face, ad_controlnet_weight: 0.5 }]],
    ['from 0 to 1', [{ ...face, ad_confidence: 1.5 }]],
    ['from 1 to 12', [{ ...face, ad_clip_skip: 13 }]],
    ['1 to 40 letters', [{ ...face, name: 'a/b' }]],
  ])('%s: %j', (words, units) => {
    expect(refusal(units)?.message).toContain(words)
  })

  test('a unit’s field outside of units is told where it belongs', () => {
    const error = errorOf(() =>
      buildPipelinePlan({ adetailer: { units: [face], ad_prompt: 'x' } }, [adetailer], {
        input: [picture()],
      }),
    )
    expect(error?.hint).toContain('adetailer: { units: [{ ad_prompt: … }] }')
  })

  test('a retired key of the extension is unknown, and its successor is named', () => {
    const error = refusal([{ ...face, ad_mask_k_largest: 2 }])
    expect(error?.code).toBe('SW_CONFIG_UNKNOWN_KEY')
    expect(error?.message).toContain('"ad_mask_k"')
  })
})

describe('the name of a unit', () => {
  test.each([
    [{ ad_model: 'face_yolov8n.pt' }, 'face_yolov8n'],
    [{ ad_model: 'mediapipe_face_full' }, 'mediapipe_face_full'],
    [{ ad_model: 'bbox/hand_yolov8s.pt' }, 'hand_yolov8s'],
    [{ ad_model: 'face_yolov8n.pt', name: 'left face' }, 'left face'],
  ])('of %j is %s', (unit, name) => {
    expect(planOf([unit]).why).toBe(`units in order: ${name}`)
  })
})

describe('notes', () => {
  const codes = (units: readonly object[], input: Forecast = [picture()]) =>
    planOf(units, input).notes.map(({ code }) => code)

  test('a picture more than twice the working size is noted, for each unit that it concerns', () => {
    const large = [picture(1032, 1544)]
    expect(codes([face], [picture(1024, 1536)])).toEqual([])
    expect(codes([face], large)).toEqual(['SW_NOTE_DETAIL_SMALL'])
    const raised = { ...hands, ad_inpaint_width: 1024, ad_inpaint_height: 1024 }
    const [note, ...more] = planOf([face, raised], large).notes
    expect(more).toEqual([])
    expect(note?.message).toContain('face_yolov8n works at 512x768 on pictures of 1032x1544')
  })

  test('it is noted behind smaller pictures too', () => {
    expect(codes([face], [picture(), picture(2048, 3072)])).toEqual(['SW_NOTE_DETAIL_SMALL'])
  })

  test('faces that the generating call restores are noted', () => {
    const input = [{ ...picture(), marks: ['restore_faces'] }]
    expect(codes([face], input)).toEqual(['SW_NOTE_DETAIL_AND_RESTORE'])
  })

  test.each([
    ['SW_NOTE_SAMPLER_SPLIT', { ad_sampler: 'DPM++ 2M Karras' }],
    ['SW_NOTE_PROMPT_SYNTAX', { ad_prompt: '{blue|green} eyes' }],
    ['SW_NOTE_PROMPT_SYNTAX', { ad_negative_prompt: '__bad__' }],
  ])('%s comes for %j', (code, unit) => {
    expect(codes([{ ...face, ...unit }])).toEqual([code])
  })

  test('the extension’s own [SEP], [SKIP] and [PROMPT] are no syntax of a sweep', () => {
    expect(codes([{ ...face, ad_prompt: '[PROMPT], smile [SEP] [SKIP]' }])).toEqual([])
  })
})

describe('the flat form', () => {
  const flat = (more: object) => fromFlatRunConfig(more, [adetailer])['adetailer'] as unknown

  test('its keys go to the first unit when the flag is true', () => {
    const given = { adetailer_model: 'face_yolov8n.pt', ad_confidence: 0.4 }
    expect(flat({ adetailer_enabled: true, ...given })).toEqual({
      units: [{ ad_model: 'face_yolov8n.pt', ad_confidence: 0.4 }],
    })
    expect(flat(given)).toBeUndefined()
  })
})

function picture(width = 512, height = 768) {
  const settings = { model: 'base', width: 512, height: 768 }
  return { width, height, settings: settings as never }
}

function planOf(units: readonly object[], input: Forecast = [picture()]) {
  const [plan] = buildPipelinePlan({ adetailer: { units } }, [adetailer], { input }).stages
  return plan as NonNullable<typeof plan>
}

function refusal(units: readonly object[]) {
  return errorOf(() => planOf(units))
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
