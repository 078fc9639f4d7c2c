import {
  buildPipelinePlan,
  createPipeline,
  Phase,
  PipelineRunner,
  Upscale,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { picture, recordingBackend } from './recording-backend.js'
import { failure, stages, three } from './runs.js'
import { draw, plain } from './stages.js'

describe('a run', () => {
  test('hands every picture on: one in, one out, in order, with its lineage and settings', async () => {
    const backend = recordingBackend()
    const result = await createPipeline({ backend, stages }).run({
      ...three,
      redraw: {},
      grow: {},
    } as never)
    expect(result.status).toBe('done')
    expect(result.images.map(({ seed }) => seed)).toEqual([6, 7, 8])
    expect(result.images.map(({ lineage }) => lineage)).toEqual(
      [0, 1, 2].map(() => ['draw', 'redraw', 'grow']),
    )
    expect(backend.calls.map(({ stage }) => stage)).toEqual([
      'draw',
      'draw',
      'draw',
      'redraw',
      'redraw',
      'redraw',
      'grow',
      'grow',
      'grow',
    ])
    const [, redrawn, grown] = result.stages
    expect(grown?.calls.flatMap(({ inputs }) => inputs)).toEqual(
      redrawn?.images.map(({ digest }) => digest),
    )
  })

  test('unrolls n_iter into calls with the seeds that one job would have', async () => {
    const backend = recordingBackend()
    await createPipeline({ backend, stages }).run({ ...three, batch_size: 2 })
    expect(backend.calls.map(({ request }) => [request['seed'], request['batch_size']])).toEqual([
      [5, 2],
      [7, 2],
      [9, 2],
    ])
  })

  test('makes −1 a number once, pins the server’s model, and gives back the config that repeats it', async () => {
    const backend = recordingBackend({ capabilities: { current: { model: 'loaded' } } })
    const pipeline = createPipeline({ backend, stages, randomSeed: () => 42 })
    const first = await pipeline.run({ prompt: 'x', draw: {}, redraw: { seed: -1 } })
    expect(first.config).toMatchObject({ seed: 42, model: 'loaded', redraw: { seed: 42 } })
    expect(backend.calls.map(({ request }) => request['model'])).toEqual(['loaded', 'loaded'])
    expect((await pipeline.run({ prompt: 'x', model: 'mine', draw: {} })).config).toMatchObject({
      model: 'mine',
    })
    const again = await pipeline.run(first.config as never)
    expect(again.images.map(({ digest }) => digest)).toEqual(
      first.images.map(({ digest }) => digest),
    )
    expect(again.config).toEqual(first.config)
  })

  test('gives a merged stage its host’s pictures, and the host those from before the pass', async () => {
    const backend = recordingBackend({
      answer: (call) =>
        call.slots.includes('hires')
          ? {
              images: [picture(128, 128, 5, 'after')],
              before: { hires: [picture(64, 64, 5, 'before')] },
            }
          : undefined,
    })
    const result = await createPipeline({ backend, stages }).run({
      ...three,
      n_iter: 1,
      enlarge: { on: true },
    })
    expect(backend.calls).toHaveLength(1)
    expect(
      result.stages.map(({ name, images, mergedInto }) => [name, images[0]?.width, mergedInto]),
    ).toEqual([
      ['draw', 64, []],
      ['enlarge', 128, ['draw']],
    ])
    expect(result.images[0]?.lineage).toEqual(['draw', 'enlarge'])
  })

  test('warns when the pixels are not what was planned', async () => {
    const backend = recordingBackend({ answer: () => ({ images: [picture(72, 64)] }) })
    const result = await createPipeline({ backend, stages }).run({ ...three, n_iter: 1 })
    expect(result.warnings).toEqual(['draw: expected 64x64, got a picture of 72x64'])
  })

  test('does not say unchanged while one call changed something, or may have', async () => {
    for (const states of [
      [true, false],
      [true, 'unknown' as const],
    ]) {
      const left = [...states]
      const backend = recordingBackend({
        answer: (call) =>
          call.stage === 'grow'
            ? { images: [picture(64, 64, 5)], unchanged: left.shift() as boolean }
            : undefined,
      })
      const result = await createPipeline({ backend, stages }).run({
        ...three,
        n_iter: 2,
        grow: {},
      } as never)
      expect(result.stages.at(-1)?.outcome).toBe('done')
    }
  })

  test('says unchanged when every call is known to have changed nothing', async () => {
    const backend = recordingBackend({
      answer: (call) =>
        call.stage === 'grow' ? { images: [picture(64, 64, 5)], unchanged: true } : undefined,
    })
    const result = await createPipeline({ backend, stages }).run({
      ...three,
      n_iter: 1,
      grow: {},
    } as never)
    expect(result.stages.map(({ outcome }) => outcome)).toEqual(['done', 'unchanged'])
    expect(result.status).toBe('done')
  })
})

describe('several calls on one picture', () => {
  const twice = plain('twice', Phase.Upscale, {
    plan: () => ({ call: { operation: Upscale, times: 2 } }),
    execute: (ctx, images) =>
      ctx.each(images, async (image) => {
        const [first = image] = await ctx.call(Upscale, { image } as never, { label: 'one' })
        return ctx.call(Upscale, { image: first } as never, { label: 'two' })
      }),
  })
  const run = { ...three, n_iter: 1, twice: {} } as never

  test('are told apart by label, in lineage and summary', async () => {
    const backend = recordingBackend({
      answer: (call) =>
        call.label === 'two' ? { images: [picture(64, 64, 5)], unchanged: true } : undefined,
    })
    const result = await createPipeline({ backend, stages: [draw, twice] }).run(run)
    expect(result.images[0]?.lineage).toEqual(['draw', 'twice:one', 'twice:two'])
    expect(result.stages[1]?.summary).toEqual(['one: changed in 1', 'two: nothing found in 1'])
    expect(result.stages[1]?.outcome).toBe('done')
  })

  test('keep what the earlier ones made when a later one fails', async () => {
    const backend = recordingBackend({
      answer: (call) => {
        if (call.label === 'two') throw new Error('no')
        return undefined
      },
    })
    const error = await failure(createPipeline({ backend, stages: [draw, twice] }).run(run))
    expect(error.result?.unfinished[0]?.image?.lineage).toEqual(['draw', 'twice:one'])
  })
})

test('a runner takes a plan by itself, and checks it', async () => {
  const backend = recordingBackend()
  const plan = buildPipelinePlan(three, stages)
  const result = await new PipelineRunner({ backend, stages }).run(plan)
  expect(result.images).toHaveLength(3)
  const broken = {
    ...plan,
    stages: plan.stages.map((stage) => ({ ...stage, enabled: stage.name === 'grow' })),
  }
  await expect(new PipelineRunner({ backend, stages }).run(broken)).rejects.toMatchObject({
    code: 'SW_PLAN_NO_GENERATING_STAGE',
  })
})
