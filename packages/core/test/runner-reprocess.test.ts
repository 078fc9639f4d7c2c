import { createPipeline } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { picture, recordingBackend } from './recording-backend.js'
import { failure, stages, three } from './runs.js'

describe('a reprocess run', () => {
  test('starts from given pictures, with settings from the shared fields, and generates nothing', async () => {
    const backend = recordingBackend()
    const pipeline = createPipeline({ backend, stages })
    const result = await pipeline.reprocess([picture(64, 64), picture(96, 64, 0, 'other')], {
      prompt: 'x',
      seed: 9,
      steps: 30,
      grow: {},
    } as never)
    expect(backend.calls.map(({ operation }) => operation)).toEqual(['upscale', 'upscale'])
    expect(
      result.images.map(({ seed, settings }) => [seed, settings?.steps, settings?.width]),
    ).toEqual([
      [9, 30, 512],
      [10, 30, 512],
    ])
  })

  test('refuses shared fields that are wrong, although no enabled stage inherits them', async () => {
    const error = await failure(
      createPipeline({ backend: recordingBackend(), stages }).reprocess([picture(64, 64)], {
        steps: 900,
        grow: {},
      } as never),
    )
    expect(error).toMatchObject({
      code: 'SW_CONFIG_INVALID_VALUE',
      details: { path: 'steps', value: 900 },
    })
  })

  test('keeps the settings and the seed that a picture brings along', async () => {
    const backend = recordingBackend()
    const pipeline = createPipeline({ backend, stages })
    const made = await pipeline.run({ ...three, n_iter: 1, steps: 33 })
    const result = await pipeline.reprocess(made.images, {
      prompt: 'other',
      seed: 900,
      grow: {},
    } as never)
    expect(result.images[0]).toMatchObject({ seed: 5, settings: { prompt: 'x', steps: 33 } })
  })

  test('refuses a stage that starts from nothing', async () => {
    const error = await failure(
      createPipeline({ backend: recordingBackend(), stages }).reprocess([picture(64, 64)], three),
    )
    expect(error.code).toBe('SW_PLAN_PICTURES_DISCARDED')
  })
})
