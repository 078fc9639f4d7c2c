import {
  buildPipelinePlan,
  explainPlan,
  fromFlatRunConfig,
  type GivenForecast,
  isPipelineError,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { img2img } from '../src/index.js'
import { source } from './source.js'

type Pictures = Readonly<Record<string, readonly GivenForecast[]>>

const photo: Pictures = { 'photo.png': [{ width: 640, height: 480, name: 'photo.png' }] }
const start = { init_images: ['photo.png'] }

describe('what the plan says', () => {
  test('the pictures that will come out are forecast, with the settings they will have', () => {
    const plan = planOf({ ...start, width: 320, n_iter: 2, batch_size: 2 })
    expect(plan.output).toEqual([{ count: 4, width: 320, height: 240 }])
    expect(plan.calls).toBe(2)
  })

  test.each([
    [{}, '16 of 20 steps run at denoising 0.75'],
    [{ denoising_strength: 0.5, steps: 30 }, '16 of 30 steps run at denoising 0.5'],
    [{ denoising_strength: 1 }, '20 of 20 steps run at denoising 1'],
    [{ denoising_strength: 0 }, '1 of 20 steps run at denoising 0'],
  ])('with %j it tells that %s', (section, words) => {
    const plan = buildPipelinePlan(
      { prompt: 'a harbour', img2img: { ...start, ...section } },
      [img2img],
      facts(photo),
    )
    expect(explainPlan(plan)).toContain(words)
  })

  test('names that the backend must know are told where they are written', () => {
    const { needs } = planOf({ ...start, model: 'base', script_name: 'Loopback', vae: 'soft' })
    expect(needs.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'model img2img.model',
      'vae img2img.vae',
      'sampler sampler_name',
      'scheduler scheduler',
      'script img2img.script_name',
    ])
  })
})

describe('where the pictures come from', () => {
  test('without any it is refused', () => {
    expect(refusal({})?.code).toBe('SW_PLAN_NO_PICTURES')
  })

  test('init_images behind a stage that makes pictures are refused', () => {
    const error = refusal(start, photo, { test_source: {} })
    expect(error?.code).toBe('SW_IMG2IMG_TWO_SOURCES')
    expect(error?.hint).toContain('remove init_images')
  })

  test('a prompt that stands only in the other generating stage is not taken', () => {
    const error = codeOf(() =>
      buildPipelinePlan({ test_source: {}, img2img: {} }, [source, img2img]),
    )
    expect(error?.code).toBe('SW_CONFIG_MISSING')
    expect(error?.message).toContain('prompt is missing, and img2img needs it')
  })

  test('resize_by beside a width is refused', () => {
    expect(refusal({ ...start, resize_by: 2, width: 512 })?.message).toContain(
      'give either resize_by or width/height',
    )
  })

  test('inpaint as a section is told to be img2img with a mask', () => {
    const error = codeOf(() => buildPipelinePlan({ inpaint: {} }, [img2img]))
    expect(error?.hint).toContain('img2img: { init_images: […], mask: … }')
  })
})

describe('masks', () => {
  const mask = (coverage: number, width = 640, height = 480): Pictures => ({
    ...photo,
    'mask:mask.png': [{ width, height, coverage }],
  })
  const section = { ...start, mask: 'mask.png' }

  test('a mask of the picture’s size is accepted, without a note', () => {
    expect(planOf(section, mask(0.4)).notes).toEqual([])
  })

  test('a mask of another size is refused with both sizes', () => {
    const error = refusal(section, mask(0.4, 480, 640))
    expect(error?.code).toBe('SW_IMG2IMG_MASK_SIZE')
    expect(error?.message).toContain('480x640, but its picture is 640x480')
  })

  test('an all black mask is refused, an all white one noted', () => {
    expect(refusal(section, mask(0))?.code).toBe('SW_IMG2IMG_MASK_EMPTY')
    expect(planOf(section, mask(1)).notes.map(({ code }) => code)).toEqual(['SW_NOTE_MASK_FULL'])
  })

  test('inverted, it is the other way round', () => {
    const inverted = { ...section, inpainting_mask_invert: true }
    expect(refusal(inverted, mask(1))?.message).toBe(
      'img2img.mask is all white: nothing would be redrawn',
    )
    expect(planOf(inverted, mask(0)).notes).toMatchObject([
      {
        code: 'SW_NOTE_MASK_FULL',
        message: 'img2img.mask is all black: everything is redrawn, as without a mask',
      },
    ])
  })

  test('two masks for three pictures are refused', () => {
    const one = { width: 640, height: 480, coverage: 0.4 }
    const pictures = { folder: [one, one, one], 'mask:masks': [one, one] }
    const error = refusal({ init_images: ['folder'], mask: 'masks' }, pictures)
    expect(error?.code).toBe('SW_IMG2IMG_MASK_COUNT')
    expect(error?.message).toContain('2 masks for 3 pictures')
  })

  test('one mask does for three pictures of its size', () => {
    const one = { width: 640, height: 480, coverage: 0.4 }
    const pictures = { folder: [one, one, one], 'mask:one.png': [one] }
    expect(refusal({ init_images: ['folder'], mask: 'one.png' }, pictures)).toBeUndefined()
  })

  test('a mask that is not there is refused', () => {
    expect(refusal(section)?.code).toBe('SW_IMAGE_NONE_FOUND')
  })
})

describe('notes', () => {
  test.each([
    ['SW_NOTE_SIZE_ROUNDED', { width: 321 }],
    ['SW_NOTE_SAMPLER_SPLIT', { sampler_name: 'DPM++ 2M Karras' }],
    ['SW_NOTE_NEGATIVE_UNUSED', { cfg_scale: 1, negative_prompt: 'blurry' }],
    ['SW_NOTE_LARGE_CALL', { width: 1280, batch_size: 4 }],
    ['SW_NOTE_PROMPT_SYNTAX', { prompt: 'a {red|blue} boat' }],
  ])('%s comes for %j', (code, section) => {
    expect(planOf({ ...start, ...section }).notes.map((note) => note.code)).toEqual([code])
  })

  test('n_iter behind another stage says that it multiplies', () => {
    const { notes } = planOf({ n_iter: 3 }, {}, { test_source: {} })
    expect(notes.map(({ code }) => code)).toEqual(['SW_NOTE_LATER_N_ITER'])
    expect(notes[0]?.message).toContain('3 variations of every picture')
  })

  test('as the first generating stage n_iter is not worth a note', () => {
    expect(planOf({ ...start, n_iter: 3 }).notes).toEqual([])
  })
})

describe('the flat form', () => {
  test('its denoising_strength and init_images go to img2img when its flag is true', () => {
    const flat = { prompt: 'a harbour', denoising_strength: 0.4, init_images: ['photo.png'] }
    expect(fromFlatRunConfig({ ...flat, img2img_enabled: true }, [img2img])).toEqual({
      prompt: 'a harbour',
      img2img: { denoising_strength: 0.4, init_images: ['photo.png'] },
    })
    expect(fromFlatRunConfig(flat, [img2img])).toEqual({ prompt: 'a harbour' })
  })
})

function facts(pictures: Pictures) {
  return { pictures: new Map(Object.entries(pictures)) }
}

function planOf(section: object, pictures = photo, others: object = {}) {
  const config = { prompt: 'a harbour', ...others, img2img: section }
  const { stages } = buildPipelinePlan(config, [source, img2img], facts(pictures))
  const plan = stages.find(({ name }) => name === 'img2img')
  return plan as NonNullable<typeof plan>
}

function refusal(section: object, pictures = photo, others: object = {}) {
  return codeOf(() => planOf(section, pictures, others))
}

function codeOf(work: () => unknown) {
  try {
    work()
    return undefined
  } catch (error) {
    if (isPipelineError(error)) return error
    throw error
  }
}
