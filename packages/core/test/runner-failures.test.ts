import { createPipeline, errors, Phase, type RunEvent } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { picture, recordingBackend } from './recording-backend.js'
import { failure, stages, three } from './runs.js'
import { draw, plain } from './stages.js'

describe('when something fails', () => {
  const failing = (stage: string, number: number, error: Error) => {
    let seen = 0
    return recordingBackend({
      answer: (call) => {
        if (call.stage === stage && ++seen === number) throw error
        return undefined
      },
    })
  }

  test('a picture that fails leaves the batch, the others go on, and its newest good version is kept', async () => {
    const backend = failing('redraw', 2, new Error('CUDA error'))
    const result = await createPipeline({ backend, stages }).run({
      ...three,
      redraw: {},
      grow: {},
    } as never)
    expect(result.status).toBe('partial')
    expect(result.images.map(({ seed }) => seed)).toEqual([6, 8])
    expect(result.stages.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['draw', 'done'],
      ['redraw', 'partial'],
      ['grow', 'done'],
    ])
    expect(result.unfinished).toMatchObject([
      {
        stage: 'redraw',
        image: { seed: 6, lineage: ['draw'] },
        error: {
          code: 'SW_BACKEND_FAILED',
          message: 'redraw failed: img2img failed on the recording backend: CUDA error',
        },
      },
    ])
  })

  test('a stage of which nothing is left fails the run, with what was made before it', async () => {
    const backend = recordingBackend({
      answer: (call) => {
        if (call.stage === 'grow') throw new Error('no')
        return undefined
      },
    })
    const error = await failure(
      createPipeline({ backend, stages }).run({ ...three, grow: {} } as never),
    )
    expect(error.result).toMatchObject({
      status: 'failed',
      images: [],
      stages: [{ outcome: 'done' }, { outcome: 'failed' }],
    })
    expect(error.result?.unfinished.map(({ image }) => image?.seed)).toEqual([5, 6, 7])
  })

  test('a lost backend stops at once: no picture is tried again, all are kept', async () => {
    const backend = failing(
      'grow',
      1,
      errors.SW_BACKEND_LOST({ backend: 'recording', reason: 'reset' }),
    )
    const error = await failure(
      createPipeline({ backend, stages }).run({ ...three, grow: {} } as never),
    )
    expect(backend.calls.filter(({ stage }) => stage === 'grow')).toHaveLength(1)
    expect(error).toMatchObject({
      code: 'SW_BACKEND_LOST',
      kind: 'backend',
      details: { stage: 'grow' },
    })
    expect(error.message).toContain('grow failed')
    expect(error.result?.unfinished.map(({ image }) => image?.lineage)).toEqual([
      ['draw'],
      ['draw'],
      ['draw'],
    ])
  })

  test('an error in a merged call names host and contributors', async () => {
    const backend = failing('draw', 1, new Error('boom'))
    const error = await failure(
      createPipeline({ backend, stages }).run({ ...three, n_iter: 1, enlarge: { on: true } }),
    )
    expect(error.message).toContain('draw (with enlarge) failed')
  })

  test('a plugin’s own code is kept', async () => {
    const bad = plain('bad', Phase.Upscale, {
      execute: () => Promise.reject(Object.assign(new Error('no disk'), { code: 'ACME_NO_DISK' })),
    })
    const error = await failure(
      createPipeline({ backend: recordingBackend(), stages: [draw, bad] }).run({
        ...three,
        bad: {},
      } as never),
    )
    expect(error).toMatchObject({ code: 'ACME_NO_DISK', kind: 'stage', details: { stage: 'bad' } })
  })

  test('a result that is not pictures is refused', async () => {
    for (const images of [undefined, [null], [], [picture(8, 8), picture(8, 8)]]) {
      const backend = recordingBackend({ answer: () => ({ images }) as never })
      const error = await failure(createPipeline({ backend, stages }).run({ ...three, n_iter: 1 }))
      expect(error.code).toBe('SW_BACKEND_BAD_RESULT')
    }
  })

  test('fewer pictures than asked are kept, with a warning', async () => {
    const backend = recordingBackend({ answer: () => ({ images: [picture(64, 64, 5)] }) })
    const result = await createPipeline({ backend, stages }).run({
      ...three,
      n_iter: 1,
      batch_size: 2,
    })
    expect(result.warnings).toEqual(['draw: asked for 2 pictures, got 1'])
  })

  test('a stage that hands on nothing is an error, never an empty success', async () => {
    const empty = plain('empty', Phase.Upscale, { execute: () => Promise.resolve([]) })
    const error = await failure(
      createPipeline({ backend: recordingBackend(), stages: [draw, empty] }).run({
        ...three,
        empty: {},
      } as never),
    )
    expect(error.code).toBe('SW_STAGE_NO_PICTURES')
    expect(error.result?.unfinished).toHaveLength(3)
  })
})

describe('a cancel', () => {
  test('while the backend is asked what it can do is told as one', async () => {
    const controller = new AbortController()
    const backend = {
      ...recordingBackend(),
      describe: (signal?: AbortSignal): Promise<never> => {
        controller.abort()
        return Promise.reject(signal?.reason as Error)
      },
    }
    const { signal } = controller
    const error = await failure(createPipeline({ backend, stages }).run(three, { signal }))
    expect(error).toMatchObject({ code: 'SW_RUN_CANCELLED', kind: 'aborted' })
  })

  test('between stages keeps what was made', async () => {
    const controller = new AbortController()
    const backend = recordingBackend()
    const observers = [
      (event: RunEvent) => {
        if (event.type === 'stage-finished' && event.stage === 'draw') controller.abort()
      },
    ]
    const error = await failure(
      createPipeline({ backend, stages, observers }).run({ ...three, grow: {} } as never, {
        signal: controller.signal,
      }),
    )
    expect(error).toMatchObject({
      code: 'SW_RUN_CANCELLED',
      kind: 'aborted',
      result: { status: 'cancelled' },
    })
    expect(error.result?.unfinished).toHaveLength(3)
    expect(backend.calls.every(({ stage }) => stage === 'draw')).toBe(true)
  })

  test('during the second picture of a stage keeps the first one as that stage made it', async () => {
    const controller = new AbortController()
    let seen = 0
    const backend = recordingBackend({
      answer: (call, ctx) => {
        if (call.stage !== 'grow' || ++seen < 2) return undefined
        controller.abort()
        throw ctx.signal.reason
      },
    })
    const error = await failure(
      createPipeline({ backend, stages }).run({ ...three, grow: {} } as never, {
        signal: controller.signal,
      }),
    )
    expect(error.code).toBe('SW_RUN_CANCELLED')
    const kept = error.result?.unfinished.map(({ image }) => [image?.seed, image?.lineage.at(-1)])
    expect(kept?.toSorted()).toEqual([
      [5, 'grow'],
      [6, 'draw'],
      [7, 'draw'],
    ])
  })
})

describe('a stage that works without the backend', () => {
  test('stops between pictures when the run is cancelled', async () => {
    const controller = new AbortController()
    const own = plain('own', Phase.Upscale, {
      execute: (ctx, images) =>
        ctx.each(images, (image) => {
          controller.abort()
          return Promise.resolve([image])
        }),
    })
    const error = await failure(
      createPipeline({ backend: recordingBackend(), stages: [draw, own] }).run(
        { ...three, own: {} } as never,
        { signal: controller.signal },
      ),
    )
    expect(
      error.result?.unfinished.map(({ image }) => [image?.seed, image?.lineage.at(-1)]).toSorted(),
    ).toEqual([
      [5, 'own'],
      [6, 'draw'],
      [7, 'draw'],
    ])
  })
})
