import { buildPipelinePlan } from '@stagewright/core'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { FakePipeline } from '@stagewright/testkit'
import { describe, expect, test } from 'vitest'

const stages = [txt2img, img2img, refiner, upscale, adetailer] as const
const prompt = 'a harbour'
const hires = { enable_hr: true, hr_upscaler: 'Lanczos', denoising_strength: 0.3 }
const face = { units: [{ name: 'face', ad_model: 'face_yolov8n.pt' }] }

describe('what a stage says of the pictures before it', () => {
  test('hires behind a masked img2img says that it redraws outside the mask too, once', () => {
    const given = [{ width: 640, height: 480, coverage: 0.4 }]
    const pictures = new Map([
      ['photo.png', given],
      ['mask:mask.png', given],
    ])
    const inpaint = { init_images: ['photo.png'], mask: 'mask.png' }
    const config = { prompt, img2img: inpaint, refiner: hires, upscale: { upscaler_1: 'Lanczos' } }
    expect(notes(config, { pictures })).toEqual([['refiner', 'SW_NOTE_HIRES_OUTSIDE_MASK']])
  })

  test('restore_faces in the stage that generated last is noted by adetailer', () => {
    const restored = { restore_faces: true }
    const noted = [['adetailer', 'SW_NOTE_DETAIL_AND_RESTORE']]
    expect(notes({ prompt, txt2img: restored, refiner: hires, adetailer: face })).toEqual(noted)
    expect(notes({ prompt, txt2img: {}, img2img: restored, adetailer: face })).toEqual(noted)
    expect(notes({ prompt, txt2img: restored, img2img: {}, adetailer: face })).toEqual([])
  })
})

describe('settings travel with the pictures', () => {
  test('adetailer starts from the last generating stage, at its size, on its model', async () => {
    const fake = new FakePipeline({ stages })
    await fake.run({
      prompt,
      model: 'first',
      seed: 7,
      txt2img: { width: 512, height: 512 },
      img2img: { prompt: 'an oil painting', model: 'second', steps: 31 },
      refiner: { ...hires, hr_scale: 1.5, hr_checkpoint_name: 'third' },
      adetailer: face,
    })
    const detail = fake.calls.find(({ operation }) => operation === 'detail')
    expect(detail?.request).toMatchObject({
      prompt: 'an oil painting',
      model: 'second',
      steps: 31,
      width: 512,
      height: 512,
      seed: 8,
    })
    expect(detail?.inputs.map(({ width }) => width)).toEqual([768])
  })

  test('hires keeps the seed of its picture, in both strategies', async () => {
    for (const hr_strategy of ['merged', 'own'] as const) {
      const fake = new FakePipeline({ stages })
      const { images } = await fake.run({
        prompt,
        seed: 7,
        txt2img: { batch_size: 2 },
        refiner: { ...hires, hr_strategy },
      })
      expect(images.map(({ seed }) => seed)).toEqual([7, 8])
    }
  })
})

function notes(config: object, facts: Parameters<typeof buildPipelinePlan>[2] = {}) {
  return buildPipelinePlan(config, stages, facts).stages.flatMap(({ name, notes: found }) =>
    found.map(({ code }) => [name, code]),
  )
}
