import { createPipeline, type Interceptor, type RunEvent } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { picture, recordingBackend } from './recording-backend.js'
import { stages, three } from './runs.js'

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
