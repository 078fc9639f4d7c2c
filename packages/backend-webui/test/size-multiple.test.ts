import { createPipeline } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { describe, expect, it } from 'vitest'

import { webui } from '../src/index.js'

const words = { prompt: 'a harbour', seed: 7, steps: 2, txt2img: { width: 100, height: 72 } }

/** A run on sd-server whose model rounds to `model`, and that is said to round to `stated`. */
async function ran(model: number | undefined, stated: number | undefined, config: object = {}) {
  await using fake = await startFakeWebui({
    dialect: 'sdcpp',
    sizeMultiple: model,
    tinyPictures: true,
  })
  await using backend = webui({ url: fake.url, sizeMultiple: stated })
  await using pipeline = createPipeline({ backend, stages: [txt2img, refiner] })
  const { images, warnings, plan } = await pipeline.run({ ...words, ...config })
  const { grid, identity } = await backend.describe()
  // Part of what a kept call is known by: the same request gives another size.
  expect(identity?.options?.['size_multiple']).toBe(grid.multiple)
  const { output } = plan.stages.findLast(({ enabled }) => enabled)!
  const forecast = output.map((one) => `${one.width}x${one.height}`)
  return {
    sizes: images.map(({ width, height }) => `${width}x${height}`),
    warnings,
    grid,
    forecast,
  }
}

describe('sizes on sd-server', () => {
  it('are raised to 64 for a model of which nothing is said: right for a UNet', async () => {
    expect(await ran(undefined, undefined)).toEqual({
      sizes: ['128x128'],
      forecast: ['128x128'],
      warnings: [],
      grid: { multiple: 64, round: 'up' },
    })
  })

  it('are so for another model too, which then makes what was asked of it', async () => {
    expect(await ran(16, undefined)).toMatchObject({ sizes: ['128x128'], warnings: [] })
  })

  it('are raised to what the user states of the model, as forecast', async () => {
    expect(await ran(16, 16)).toEqual({
      sizes: ['112x80'],
      forecast: ['112x80'],
      warnings: [],
      grid: { multiple: 16, round: 'up' },
    })
  })

  it('in the second pass too', async () => {
    const hires = { enable_hr: true, hr_scale: 1.5, hr_upscaler: 'Lanczos' }
    const config = { txt2img: { width: 80, height: 64 }, refiner: hires }
    expect(await ran(16, 16, config)).toMatchObject({
      sizes: ['128x96'],
      forecast: ['128x96'],
      warnings: [],
    })
  })

  it('that come back otherwise are a warning that names the option and the multiple', async () => {
    const { sizes, warnings } = await ran(64, 16)
    expect(sizes).toEqual(['128x128'])
    expect(warnings).toEqual([
      'txt2img: a picture is 128x128, and 112x80 was asked for: the model rounds to 64, so set sizeMultiple (--size-multiple, or size_multiple in the config file) to that',
      'txt2img: expected 112x80, got a picture of 128x128',
    ])
  })

  it.each([0, 7, 20, 264, Number.NaN])('cannot be rounded to %d', (sizeMultiple) => {
    expect(() => webui({ url: 'http://127.0.0.1:1', sizeMultiple })).toThrow(TypeError)
  })
})
