import {
  buildPipelinePlan,
  coreCapabilities,
  createPipeline,
  errors,
  type Interceptor,
  isPipelineError,
  LearningRecorder,
  Phase,
  type PipelineError,
  PipelineRunner,
  type RunEvent,
  type SettingLimit,
  Upscale,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { refusedSettings } from '../src/run/setting-limits.js'
import { picture, recordingBackend } from './recording-backend.js'
import { draw, enlarge, plain, redraw } from './stages.js'

const grow = plain('grow', Phase.Upscale, {
  plan: (_c: unknown, { input }: { input: readonly unknown[] }) => ({
    call: { operation: Upscale, times: input.length },
  }),
  execute: (ctx, images) =>
    ctx.each(images, (image) => ctx.call(Upscale, { image, upscaling_resize: 2 } as never)),
})
const stages = [draw, redraw, enlarge, grow] as const
const three = { prompt: 'x', seed: 5, width: 64, height: 64, n_iter: 3, draw: {} }

async function failure(run: Promise<unknown>): Promise<PipelineError> {
  try {
    await run
  } catch (error) {
    if (isPipelineError(error)) return error
    throw error
  }
  throw new Error('the run did not fail')
}

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

describe('what can be refused', () => {
  const refuses = async (config: unknown, capabilities = {}) => {
    const backend = recordingBackend({ capabilities })
    const error = await failure(createPipeline({ backend, stages }).run(config as never))
    expect(backend.calls).toEqual([])
    return error
  }

  test('is refused before the first call: config, plan, names, operations, seeds', async () => {
    expect((await refuses({ draw: {} })).code).toBe('SW_CONFIG_MISSING')
    expect((await refuses({ prompt: 'x' })).code).toBe('SW_PLAN_NO_GENERATING_STAGE')
    expect(
      (
        await refuses(
          { ...three, model: 'sd_xl' },
          { resources: { model: ['sd_xl_base', 'anything_v5'] } },
        )
      ).message,
    ).toBe('model: the backend has no model "sd_xl". Did you mean "sd_xl_base"?')
    expect(
      (await refuses({ ...three, draw: { model: 'sd_xl' } }, { resources: {} })).message,
    ).toContain('draw.model: "sd_xl" is a model')
    expect((await refuses({ ...three, grow: {} }, { operations: ['txt2img'] })).code).toBe(
      'SW_PREFLIGHT_NO_OPERATION',
    )
    expect((await refuses({ ...three, seed: 2 ** 31 }, { maxSeed: 2 ** 31 - 1 })).code).toBe(
      'SW_PREFLIGHT_SEED_RANGE',
    )
    const last = await refuses({ ...three, seed: 2 ** 31 - 2 }, { maxSeed: 2 ** 31 - 1 })
    expect(last.message).toContain('is 2147483646, and counts up to 2147483648')
  })

  test('tells of settings that the backend cannot have, each with its reason and remedy', async () => {
    const limit = { on: ['txt2img'], reason: 'it makes at most 2', remedy: 'use n_iter: 2' }
    const settings = [{ ...limit, field: 'n_iter', most: 2 }]
    const error = await refuses({ ...three, redraw: {} }, { settings })
    expect([error.code, error.message, error.hint]).toEqual([
      'SW_PREFLIGHT_SETTING',
      'draw.n_iter: it makes at most 2',
      'use n_iter: 2',
    ])
    const [plan] = buildPipelinePlan(three, stages).stages
    const refused = (more: Partial<SettingLimit>) =>
      refusedSettings(
        {
          ...plan!,
          config: {
            units: [
              { a: 1, b: 'x' },
              { a: 2, b: 'y' },
            ],
          },
        },
        { ...coreCapabilities, settings: [{ ...limit, field: 'units[].a', ...more }] },
        'it',
      ).map(({ details }) => details['path'])
    expect(refused({ only: [1] })).toEqual(['draw.units[1].a'])
    expect(refused({ only: [] })).toEqual(['draw.units[0].a', 'draw.units[1].a'])
    expect(refused({ only: [], beside: { b: 'x' } })).toEqual(['draw.units[0].a'])
    expect(refused({ least: 2 })).toEqual(['draw.units[0].a'])
    expect(refused({ only: [], on: ['upscale'] })).toEqual([])
    expect(refused({ only: [], field: 'none' })).toEqual([])
  })

  test('comes with the backend’s own reason and remedy, where it gives one', async () => {
    const remedies = {
      upscale: 'start the server with an upscaler',
      model: 'give the server a checkpoint',
    }
    expect(
      (await refuses({ ...three, grow: {} }, { operations: ['txt2img'], remedies })).hint,
    ).toBe(remedies.upscale)
    expect((await refuses({ ...three, model: 'x' }, { resources: {}, remedies })).hint).toBe(
      remedies.model,
    )
    expect(
      (
        await refuses(
          { ...three, enlarge: { on: true } },
          { slots: [], remedies: { hires: 'use img2img' } },
        )
      ).hint,
    ).toBe('use img2img')
    expect(
      (await refuses({ ...three, model: 'x' }, { refused: { model: { x: 'it is locked' } } }))
        .message,
    ).toBe('model: the model "x" cannot be used: it is locked')
  })

  test('passes with a warning when names are to be lenient; a missing operation never does', async () => {
    const run = (capabilities: object, config: object) =>
      createPipeline({ backend: recordingBackend({ capabilities }), stages, lenient: true }).run(
        config as never,
      )
    const unknown = { resources: { model: ['sd'] } }
    expect((await run(unknown, { ...three, model: 'mine' })).warnings).toEqual([
      'model: the backend has no model "mine". (SW_PREFLIGHT_UNKNOWN_NAME)',
    ])
    expect((await failure(run({ operations: ['txt2img'] }, { ...three, grow: {} }))).code).toBe(
      'SW_PREFLIGHT_NO_OPERATION',
    )
    const exact = { ...unknown, exact: ['model'], remedies: { model: 'load it first' } }
    const { code, hint } = await failure(run(exact, { ...three, model: 'mine' }))
    expect([code, hint]).toEqual(['SW_PREFLIGHT_UNKNOWN_NAME', 'it has: sd; load it first'])
  })

  test('takes a name in other letters where the backend compares without regard to case', async () => {
    const capabilities = { resources: { model: ['SD XL'] }, anyCase: ['model'] }
    const backend = recordingBackend({ capabilities })
    await expect(
      createPipeline({ backend, stages }).run({ ...three, model: 'sd xl' }),
    ).resolves.toMatchObject({ status: 'done' })
    await refuses({ ...three, model: 'sd xl' }, { resources: { model: ['SD XL'] } })
  })

  test('takes an alias that the backend tells', async () => {
    const backend = recordingBackend({
      capabilities: {
        resources: { model: ['base.safetensors [1a2b]'] },
        aliases: { model: { base: 'base.safetensors [1a2b]' } },
      },
    })
    await expect(
      createPipeline({ backend, stages }).run({ ...three, model: 'base' }),
    ).resolves.toMatchObject({ status: 'done' })
  })

  test('comes with the reason when the backend does not describe itself', async () => {
    const backend = {
      ...recordingBackend(),
      describe: () => Promise.reject(new Error('ECONNREFUSED')),
    }
    expect(await failure(createPipeline({ backend, stages }).run(three))).toMatchObject({
      code: 'SW_PREFLIGHT_DESCRIBE',
      kind: 'backend',
    })
  })

  test('names the place of a picture that nothing can open', async () => {
    expect((await refuses({ prompt: 'x', redraw: { init: 'a.png' } })).message).toContain(
      'redraw.init names "a.png"',
    )
  })
})

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

describe('interceptors and observers', () => {
  test('an interceptor may answer instead of the backend, or of a whole stage; the first given is outermost', async () => {
    const backend = recordingBackend()
    const trace: string[] = []
    const tracing = (name: string): Interceptor => ({
      call: (operation, _request, _ctx, next) => {
        trace.push(`${name} ${operation}`)
        return next()
      },
    })
    const cache: Interceptor = {
      stage: (plan, images, next) => (plan.name === 'grow' ? Promise.resolve(images) : next()),
      call: (operation, _request, _ctx, next) =>
        operation === 'img2img' ? Promise.resolve({ images: [picture(64, 64, 99)] }) : next(),
    }
    const result = await createPipeline({
      backend,
      stages,
      interceptors: [tracing('a'), tracing('b'), cache],
    }).run({ ...three, n_iter: 1, redraw: {}, grow: {} } as never)
    expect(trace).toEqual(['a txt2img', 'b txt2img', 'a img2img', 'b img2img'])
    expect(backend.calls).toHaveLength(1)
    expect(result.images[0]).toMatchObject({ seed: 99, lineage: ['draw', 'redraw', 'grow'] })
  })

  test('a run’s own interceptors stand within the pipeline’s, and see no other run', async () => {
    const trace: string[] = []
    const tracing = (name: string): Interceptor => ({
      call: (operation, _request, { id }, next) => {
        trace.push(`${name} ${operation}`)
        ids.add(id)
        return next()
      },
    })
    const ids = new Set<string>()
    const pipeline = createPipeline({
      backend: recordingBackend(),
      stages,
      interceptors: [tracing('all')],
    })
    await pipeline.run(three, { interceptors: [tracing('this')] })
    await pipeline.run({ ...three, n_iter: 1 })
    expect(trace).toEqual([
      ...[1, 2, 3].flatMap(() => ['all txt2img', 'this txt2img']),
      'all txt2img',
    ])
    expect(ids.size).toBe(4)
  })

  test('an observer learns at the start what is run and on what: settled config, backend, capabilities', async () => {
    const seen: RunEvent[] = []
    const backend = recordingBackend({ capabilities: { identity: { server: 'here' } } })
    await createPipeline({ backend, stages, randomSeed: () => 7 }).run(
      { ...three, seed: -1 },
      { observers: [(event) => void seen.push(event)] },
    )
    expect(seen[0]).toMatchObject({
      type: 'run-started',
      config: { seed: 7 },
      backend: 'recording',
      capabilities: { identity: { server: 'here' } },
    })
  })

  test('an observer is told everything in order, and what it throws becomes a warning', async () => {
    const events: string[] = []
    const observers = [
      (event: RunEvent) =>
        void events.push(
          'stage' in event && event.stage !== undefined
            ? `${event.type} ${event.stage}`
            : event.type,
        ),
      (event: RunEvent) => {
        if (event.type === 'stage-started') throw new Error('oops')
      },
    ]
    const result = await createPipeline({ backend: recordingBackend(), stages, observers }).run({
      ...three,
      n_iter: 1,
    })
    expect(events).toEqual([
      'run-started',
      'stage-started draw',
      'stage-progress draw',
      'call-finished draw',
      'stage-finished draw',
      'run-finished',
    ])
    expect(result.warnings).toEqual(['an observer threw at stage-started: oops'])
  })

  test('progress never falls, and stays between 0 and 1', async () => {
    const backend = recordingBackend({
      answer: (_call, ctx) => {
        for (const p of [0.5, 0.2, NaN, 2, -1]) ctx.progress(p)
        return undefined
      },
    })
    const seen: number[] = []
    const observers = [
      (event: RunEvent) => {
        if (event.type === 'stage-progress') seen.push(event.fraction)
      },
    ]
    await createPipeline({ backend, stages, observers }).run(three)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)
  })

  test('progress says while a model is being loaded, though it does not move', async () => {
    const backend = recordingBackend({
      answer: (_call, ctx) => {
        ctx.progress(0, { loading: true })
        ctx.progress(0, { loading: true })
        ctx.progress(0)
        ctx.progress(0.5)
        return undefined
      },
    })
    const seen: object[] = []
    const observers = [
      (event: RunEvent) => void (event.type === 'stage-progress' && seen.push(event)),
    ]
    await createPipeline({ backend, stages, observers }).run({ ...three, n_iter: 1 })
    const at = { type: 'stage-progress', stage: 'draw' }
    expect(seen).toEqual([
      { ...at, fraction: 0, loading: true },
      { ...at, fraction: 0 },
      { ...at, fraction: 0.5 },
      { ...at, fraction: 1 },
    ])
  })

  test('pictures on their way are shown only where somebody asked', async () => {
    const bytes = new Uint8Array([1, 2, 3])
    const asked: boolean[] = []
    const backend = recordingBackend({
      answer: (_call, ctx) => {
        asked.push(ctx.preview !== undefined)
        ctx.preview?.({ bytes, mediaType: 'image/png' })
        return undefined
      },
    })
    const seen: RunEvent[] = []
    const observers = [(event: RunEvent) => void (event.type === 'preview' && seen.push(event))]
    const shown = { type: 'preview', stage: 'draw', bytes, mediaType: 'image/png' }
    const one = { ...three, n_iter: 1 }
    const pipeline = createPipeline({ backend, stages, observers })
    await pipeline.run(one)
    expect([asked, seen]).toEqual([[false], []])
    await pipeline.run(one, { previews: true })
    expect([asked, seen]).toEqual([[false, true], [shown]])
    const showing = createPipeline({ backend, stages, observers, previews: true })
    await showing.run(one)
    await showing.run(one, { previews: false })
    expect([asked, seen]).toEqual([
      [false, true, true, false],
      [shown, shown],
    ])
  })

  test('two runs at once do not share state', async () => {
    const pipeline = createPipeline({ backend: recordingBackend(), stages })
    const [a, b] = await Promise.all([
      pipeline.run(three),
      pipeline.run({ ...three, seed: 100, n_iter: 2 }),
    ])
    expect([a.images.length, b.images.length]).toEqual([3, 2])
    expect(a.runId).not.toBe(b.runId)
  })
})

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

describe('the learning record', () => {
  const recorder = (write: (line: string) => void) => {
    const called: string[] = []
    return {
      called,
      learning: new LearningRecorder({
        write,
        onRecord: (record) => void called.push(record.run_id),
        now: () => new Date(0),
      }),
    }
  }

  test('is one JSON line for a run that is done, then the callback', async () => {
    const lines: string[] = []
    const { learning, called } = recorder((line) => void lines.push(line))
    const result = await createPipeline({ backend: recordingBackend(), stages, learning }).run(
      { ...three, model: 'base', metadata: { shoot: 3 } },
      { runId: 'run-1' },
    )
    expect(lines).toHaveLength(1)
    expect(lines[0]?.endsWith('}\n')).toBe(true)
    expect(JSON.parse(lines[0] as string)).toEqual({
      run_id: 'run-1',
      timestamp: '1970-01-01T00:00:00.000Z',
      config: result.config,
      stages: [{ name: 'draw', outcome: 'done', ms: expect.any(Number) as number }],
      primary_model: 'base',
      sampler_name: 'DPM++ 2M',
      scheduler: 'Automatic',
      steps: 20,
      cfg_scale: 7,
      seeds: [5, 6, 7],
      outputs: result.images.map(({ digest }) => digest),
      metadata: { shoot: 3 },
    })
    expect(called).toEqual(['run-1'])
  })

  test('is not written for a run that failed', async () => {
    const lines: string[] = []
    const { learning } = recorder((line) => void lines.push(line))
    const backend = recordingBackend({
      answer: () => {
        throw new Error('no')
      },
    })
    await failure(createPipeline({ backend, stages, learning }).run(three))
    expect(lines).toEqual([])
  })

  test('changes nothing when its writer throws', async () => {
    const { learning, called } = recorder(() => {
      throw new Error('disk full')
    })
    const result = await createPipeline({ backend: recordingBackend(), stages, learning }).run(
      three,
    )
    expect(result).toMatchObject({
      status: 'done',
      warnings: ['the learning record was not written: disk full'],
    })
    expect(called).toEqual([])
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
