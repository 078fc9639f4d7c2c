import { webui } from '@stagewright/backend-webui'
import { type Backend, createPipeline, errors } from '@stagewright/core'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { describe, expect, it, onTestFinished } from 'vitest'

import { pool } from '../../src/index.js'
import { draw, failure, fakes, poolOf, prompts, servers, until } from './servers.js'

describe('a call that every server answers with an error', () => {
  it('ends with what each of them said', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    for (const [fake, said] of [
      [a, 'no room left'],
      [b, 'a broken file'],
    ] as const) {
      const body = JSON.stringify({ error: 'RuntimeError', errors: said })
      fake.faults.add({ kind: 'answer', status: 500, body })
    }
    const error = await failure(draw(poolOf({ a, b })))
    expect(error.code).toBe('SW_WEBUI_SERVER_FAILED')
    expect(error.message).toMatch(
      /^2 servers refused it:\n- a: .*no room left.*\n- b: .*a broken file/,
    )
  })
})

describe('a call that a proxy turns away while it lets reads pass', () => {
  it.each([401, 403, 405])('ends with what it was told, after one more try: %d', async (status) => {
    const { a, b } = await fakes({ a: {}, b: {} })
    for (const { faults } of [a, b])
      faults.add({ kind: 'answer', status, times: Infinity, body: { detail: 'no' } })
    const error = await failure(draw(poolOf({ a, b })))
    expect(error.message).toMatch(/^2 servers refused it:\n- [ab]: .+\n- [ab]: /)
    expect([prompts(a).length, prompts(b).length]).toEqual([2, 2])
  })
})

describe('a server that fails', () => {
  it('loses its job to another, and is given jobs again when it is back', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const both = poolOf({ a, b })
    await both.describe()
    // Both are at a job when one dies.
    a.faults.add({ kind: 'stall', at: 'during' })
    const all = [1, 2, 3, 4].map((seed) => draw(both, { seed, prompt: `picture ${seed}` }))
    await a.until(({ queue }) => queue > 0)
    await a.crash()
    const results = await Promise.all(all)
    expect(results.map(({ images }) => images.map(({ seed }) => seed))).toEqual([
      [1],
      [2],
      [3],
      [4],
    ])
    expect(prompts(b)).toHaveLength(4)
    expect(servers(both)['a']).toMatchObject({ failed: 1, done: 0 })
    expect(servers(both)['a']?.error).toMatch(/connection/)

    await a.restart()
    const before = prompts(a).length
    await until(() => servers(both)['a']?.state === 'idle', both)
    await Promise.all([5, 6, 7, 8].map((seed) => draw(both, { seed })))
    expect(prompts(a).length).toBeGreaterThan(before)
  })

  it('takes nothing with it that was finished: a run goes on from its last call', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const both = poolOf({ a, b })
    await both.describe()
    for (const one of [a, b])
      one.faults.add({ kind: 'stall', at: 'during', match: { stage: 'upscale' } })
    const run = createPipeline({ backend: both, stages: [txt2img, upscale] }).run({
      prompt: 'a keeper',
      width: 64,
      height: 64,
      seed: 1,
      txt2img: {},
      upscale: { upscaler_1: 'Lanczos', upscaling_resize: 2 },
    })
    await until(() => both.status().done === 1, both)
    const at = await Promise.race(
      [a, b].map(async (one) => {
        await one.until(({ queue }) => queue > 0)
        return one
      }),
    )
    for (const one of [a, b]) if (one !== at) one.faults.clear()
    await at.crash()
    expect((await run).images.map(({ width }) => width)).toEqual([128])
    const made = [a, b].flatMap(({ requests }) => requests.map(({ path }) => path))
    expect(made.filter((path) => path.endsWith('/txt2img'))).toHaveLength(1)
    expect(made.filter((path) => path.endsWith('/extra-single-image'))).toHaveLength(2)
    expect(both.status()).toMatchObject({ done: 2, moved: 1 })
  })

  it('is waited for when it is the only one, and the work goes on', async () => {
    const { a } = await fakes({ a: {} })
    const both = poolOf({ a })
    await draw(both)
    await a.crash()
    const call = draw(both, { seed: 2 })
    await until(() => servers(both)['a']?.failed === 1, both)
    expect(both.status().queued).toBe(1)
    await a.restart()
    expect((await call).images).toHaveLength(1)
    expect(both.status()).toMatchObject({ queued: 0, running: 0, done: 2, moved: 1 })
  })

  it('is asked again after pauses that grow', async () => {
    const { a } = await fakes({ a: {} })
    const pauses: number[] = []
    let now = 0
    const both = poolOf(
      { a },
      {
        breaker: { first: 8, most: 64 },
        random: () => 1,
        clock: {
          now: () => now,
          after: (ms, act) => {
            pauses.push(ms)
            const timer = setTimeout(() => {
              now += ms
              act()
            }, 1)
            return () => clearTimeout(timer)
          },
        },
      },
    )
    await draw(both)
    await a.crash()
    const call = draw(both)
    await until(() => pauses.length > 5, both)
    await a.restart()
    await call
    expect([...new Set(pauses)].slice(0, 4)).toEqual([8, 16, 32, 64])
  })

  it('is given up when it stays away for too long, and ends the run', async () => {
    const { a } = await fakes({ a: {} })
    const both = poolOf({ a }, { giveUpAfter: 100 })
    await draw(both)
    await a.crash()
    const error = await failure(draw(both))
    expect(error.code).toBe('SW_POOL_GAVE_UP')
    expect(error.details['stopsRun']).toBe(true)
  })
})

describe('a job that brings servers down', () => {
  it('is quarantined after two, with what happened on each, and the others are made', async () => {
    const { a, b, c } = await fakes({ a: {}, b: {}, c: {} })
    for (const one of [a, b, c])
      one.faults.add({
        kind: 'crash',
        at: 'during',
        seconds: 0.05,
        times: Infinity,
        match: { body: { prompt: 'poison' } },
      })
    const both = poolOf({ a, b, c })
    await both.describe()
    const poison = failure(draw(both, { prompt: 'poison' }))
    const good = [1, 2, 3, 4, 5].map((seed) => draw(both, { seed }))
    const error = await poison
    expect(error.code).toBe('SW_POOL_JOB_QUARANTINED')
    const evidence = error.details['evidence'] as { server: string; message: string; at: string }[]
    expect(evidence).toHaveLength(2)
    expect(new Set(evidence.map(({ server }) => server)).size).toBe(2)
    for (const { message, at } of evidence) {
      expect(message).toMatch(/connection/)
      expect(Date.parse(at)).not.toBeNaN()
    }
    expect((await Promise.all(good)).every(({ images }) => images.length === 1)).toBe(true)
    expect(both.status().quarantined).toBe(1)
  })

  it('is not blamed for what is its own fault anywhere: no other server is asked', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const both = poolOf({ a, b })
    for (const one of [a, b]) one.faults.add({ kind: 'oom', times: Infinity })
    expect((await failure(draw(both))).code).toBe('SW_WEBUI_OUT_OF_MEMORY')
    expect([...prompts(a), ...prompts(b)]).toHaveLength(1)
    expect(servers(both)).toMatchObject({ a: { state: 'idle' }, b: { state: 'idle' } })
  })

  it('is asked of another server where one answers with an error of its own', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const both = poolOf({ a, b })
    a.faults.add({ kind: 'answer', status: 500, body: { error: 'RuntimeError', errors: 'odd' } })
    const [first, second] = await Promise.all([draw(both), draw(both, { seed: 2 })])
    expect([first.images.length, second.images.length]).toEqual([1, 1])
    expect(servers(both)).toMatchObject({ a: { failed: 0 }, b: { failed: 0 } })
  })
})

describe('a call whose end nobody saw', () => {
  it('is made elsewhere at once, and its server gets no job until it is at it no more', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const settled: string[] = []
    let release: () => void = () => {}
    let heard: () => void = () => {}
    const over = new Promise<'over'>((resolve) => (release = () => resolve('over')))
    const asked = new Promise<void>((resolve) => (heard = resolve))
    const real = webui({ url: a.url, pollInterval: 5 })
    const lossy: Backend = {
      ...real,
      call: (operation, wanted, ctx) =>
        settled.length === 0 && ctx.id === 'lost'
          ? Promise.reject(errors.SW_BACKEND_LOST({ backend: 'webui', reason: 'no answer' }))
          : real.call(operation, wanted, ctx),
      settle: (id) => {
        settled.push(id)
        heard()
        return over
      },
    }
    const both = pool(
      [
        { name: 'a', backend: lossy },
        { name: 'b', backend: webui({ url: b.url, pollInterval: 5 }) },
      ],
      { breaker: { first: 1, most: 1 } },
    )
    onTestFinished(() => both[Symbol.asyncDispose]())
    expect((await draw(both, {}, { id: 'lost' })).images).toHaveLength(1)
    await asked
    expect(settled).toEqual(['lost'])
    expect(servers(both)).toMatchObject({ a: { state: 'probing' }, b: { done: 1 } })
    // It is being asked: no pause is left to tell.
    expect(servers(both)['a']).not.toHaveProperty('retryInMs')
    await Promise.all([draw(both), draw(both, { seed: 2 })])
    expect(servers(both)).toMatchObject({ a: { done: 0 }, b: { done: 3 } })
    release()
    await until(() => servers(both)['a']?.state === 'idle', both)
    await Promise.all([draw(both), draw(both, { seed: 2 })])
    expect(servers(both)['a']?.done).toBe(1)
  })
})
