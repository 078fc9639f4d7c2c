import { buildPipelinePlan, fromFlatRunConfig, isPipelineError } from '@stagewright/core'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { describe, expect, test } from 'vitest'

const stages = [txt2img, img2img, refiner, upscale, adetailer]

/** Every key of the specification's flat form, as a host with a settings page writes it. */
const everything = {
  prompt: 'a harbour',
  seed: 7,
  txt2img_enabled: true,
  img2img_enabled: false,
  refiner_enabled: false,
  refiner_model_name: 'leftover',
  refiner_switch_at: 0.8,
  enable_hr: true,
  hr_scale: 1.5,
  hr_resize_x: 0,
  hr_resize_y: 0,
  hr_upscaler: 'R-ESRGAN 4x+',
  hr_second_pass_steps: 0,
  hr_sampler_name: 'Use same sampler',
  denoising_strength: 0.3,
  upscale_enabled: false,
  upscaler_1: 'None',
  upscaling_resize: 2,
  adetailer_enabled: true,
  adetailer_model: 'face_yolov8n.pt',
}

describe('the flat form with all five stages', () => {
  test('only what is on gets a section, and a whole form makes a plan', () => {
    const config = fromFlatRunConfig(everything, stages)
    expect(Object.keys(config).toSorted()).toEqual([
      'adetailer',
      'prompt',
      'refiner',
      'seed',
      'txt2img',
    ])
    expect(JSON.stringify(config)).not.toContain('leftover')
    const enabled = buildPipelinePlan(config, stages).stages.filter((stage) => stage.enabled)
    expect(enabled.map(({ name }) => name)).toEqual(['txt2img', 'refiner', 'adetailer'])
  })

  test('without a flag every stage is off', () => {
    const { txt2img_enabled: _t, enable_hr: _h, adetailer_enabled: _a, ...rest } = everything
    expect(fromFlatRunConfig(rest, stages)).toEqual({ prompt: 'a harbour', seed: 7 })
  })
})

describe('a flat denoising_strength', () => {
  const of = (flags: object) =>
    fromFlatRunConfig({ prompt: 'a harbour', denoising_strength: 0.3, ...flags }, stages)

  test('is that of hires when only hires is on', () => {
    expect(of({ txt2img_enabled: true, enable_hr: true })).toMatchObject({
      refiner: { denoising_strength: 0.3 },
    })
  })

  test('is that of img2img when only img2img is on', () => {
    const config = of({ img2img_enabled: true, refiner_enabled: true })
    expect(config['img2img']).toEqual({ denoising_strength: 0.3 })
    expect(config['refiner']).toEqual({ refiner_enabled: true })
  })

  test('is ambiguous when both are on, and both nested paths are named', () => {
    const error = errorOf(() => of({ img2img_enabled: true, enable_hr: true }))
    expect(error?.code).toBe('SW_CONFIG_FLAT_AMBIGUOUS')
    expect(error?.message).toContain('"img2img.denoising_strength" or "refiner.denoising_strength"')
  })

  test('is left out when neither is on', () => {
    expect(of({ txt2img_enabled: true })).toEqual({ prompt: 'a harbour', txt2img: {} })
  })
})

test('a flat key that no stage declares is refused with the nearest one', () => {
  const error = errorOf(() => fromFlatRunConfig({ hr_scal: 2 }, stages))
  expect(error?.code).toBe('SW_CONFIG_UNKNOWN_KEY')
  expect(error?.message).toContain('"hr_scale"')
})

function errorOf(work: () => unknown) {
  try {
    work()
    return undefined
  } catch (error) {
    if (isPipelineError(error)) return error
    throw error
  }
}
