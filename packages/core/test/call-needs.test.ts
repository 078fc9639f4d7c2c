import {
  type Backend,
  type CallNeeds,
  createPipeline,
  errors,
  isPipelineError,
  type Need,
  Phase,
  Upscale,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { recordingBackend } from './recording-backend.js'
import { draw, enlarge, plain } from './stages.js'

const unit = (name: string): Need => ({
  kind: 'detector',
  name,
  path: `units.${name}`,
  label: name,
})

/** Makes two calls on each picture, each with a label; one name is needed by both. */
const repair = plain('repair', Phase.Detail, {
  plan: (_c: unknown, { input }: { input: readonly unknown[] }) => ({
    call: { operation: Upscale, times: input.length * 2 },
    needs: [unit('face'), unit('hand'), { kind: 'model', name: 'both', path: 'model' }],
  }),
  execute: (ctx, images) =>
    ctx.each(images, async (image) => {
      let now = [image]
      for (const label of ['face', 'hand'])
        now = [...(await ctx.call(Upscale, { image: now[0] } as never, { label }))]
      return now
    }),
})
const noRepair = { prompt: 'x', seed: 5, width: 64, height: 64, draw: {} }
const config = { ...noRepair, repair: {} }
const resources = { model: 'any' as const, detector: 'any' as const }

describe('what a call needs', () => {
  test('is told with it: what all calls of the stage need, and what only this one does', async () => {
    const told: string[][] = []
    const backend = recordingBackend({ capabilities: { resources } })
    const listening: Backend = {
      ...backend,
      call: (operation, request, ctx) => {
        if (ctx.stage === 'repair') told.push((ctx.needs ?? []).map(({ name }) => name))
        return backend.call(operation, request, ctx)
      },
    }
    const pipeline = createPipeline({ backend: listening, stages: [draw, repair] })
    await pipeline.run(config)
    expect(told).toEqual([
      ['face', 'both'],
      ['hand', 'both'],
    ])
  })

  test('is asked of a backend that may refuse, one kind of call at a time, before the first call', async () => {
    const asked: CallNeeds[] = []
    const backend = recordingBackend()
    const pipeline = createPipeline({
      backend: {
        ...backend,
        refuses: (call) => {
          asked.push(call)
          return call.needs.some(({ name }) => name === 'hand')
            ? errors.SW_BACKEND_UNSUPPORTED({ backend: 'parts', what: 'hands' })
            : undefined
        },
      },
      stages: [draw, repair],
    })
    const error: unknown = await pipeline.run(config).catch((thrown: unknown) => thrown)
    expect(isPipelineError(error) && error.message).toContain('cannot do hands')
    expect(backend.calls).toEqual([])
    expect(
      asked.map(({ stage, operation, needs }) => [stage, operation, needs.map(({ name }) => name)]),
    ).toEqual([
      ['draw', 'txt2img', []],
      ['repair', 'upscale', ['face', 'both']],
      ['repair', 'upscale', ['hand', 'both']],
    ])
    expect(asked.map(({ seed, sides }) => ({ seed, sides }))).toEqual([
      { seed: 5, sides: [64] },
      { seed: undefined, sides: undefined },
      { seed: undefined, sides: undefined },
    ])
  })

  test('is its largest seed too, and the sides that a pass in the same call aims at', async () => {
    const asked: CallNeeds[] = []
    const backend: Backend = { ...recordingBackend(), refuses: (call) => void asked.push(call) }
    const pipeline = createPipeline({ backend, stages: [draw, enlarge] })
    await pipeline.plan({
      ...noRepair,
      batch_size: 2,
      n_iter: 2,
      enlarge: { on: true, scale: 1.5 },
    })
    expect(asked).toMatchObject([{ stage: 'draw', seed: 8, sides: [64, 96] }])
  })
})
