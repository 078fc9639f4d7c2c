import { setTimeout as pause } from 'node:timers/promises'

import { isPipelineError, type PipelineError } from '@stagewright/core'
import { describe, expect, it } from 'vitest'

import type { PoolStatus } from '../../src/index.js'
import { draw, fakes, poolOf, prompts } from './servers.js'

const failure = (call: Promise<unknown>): Promise<PipelineError> =>
  call.then(
    () => expect.fail('it succeeds'),
    (error: unknown) => (isPipelineError(error) ? error : expect.fail(String(error))),
  )

const servers = (status: PoolStatus) =>
  Object.fromEntries(status.servers.map((one) => [one.name, one]))

describe('a server that fails', () => {
  it('loses its job to another, and is given jobs again when it is back', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const pool = poolOf({ a, b })
    await pool.describe()
    // Both are at a job when one dies.
    a.faults.add({ kind: 'stall', at: 'during' })
    const all = [1, 2, 3, 4].map((seed) => draw(pool, { seed, prompt: `picture ${seed}` }))
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
    expect(servers(pool.status())['a']).toMatchObject({ failed: 1, done: 0 })
    expect(servers(pool.status())['a']?.error).toMatch(/connection/)

    await a.restart()
    const before = prompts(a).length
    await until(() => servers(pool.status())['a']?.state === 'idle', pool.observe)
    await Promise.all([5, 6, 7, 8].map((seed) => draw(pool, { seed })))
    expect(prompts(a).length).toBeGreaterThan(before)
  })

  it('is waited for when it is the only one, and the work goes on', async () => {
    const { a } = await fakes({ a: {} })
    const pool = poolOf({ a })
    await draw(pool)
    await a.crash()
    const call = draw(pool, { seed: 2 })
    await until(() => servers(pool.status())['a']?.failed === 1, pool.observe)
    expect(pool.status().queued).toBe(1)
    await a.restart()
    expect((await call).images).toHaveLength(1)
    expect(pool.status()).toMatchObject({ queued: 0, running: 0, done: 2, moved: 1 })
  })

  it('is asked again after pauses that grow', async () => {
    const { a } = await fakes({ a: {} })
    const pauses: number[] = []
    const pool = poolOf(
      { a },
      {
        breaker: { first: 8, most: 64 },
        random: () => 1,
        clock: {
          now: () => performance.now(),
          after: (ms, act) => {
            pauses.push(Math.round(ms))
            const timer = setTimeout(act, 1)
            return () => clearTimeout(timer)
          },
        },
      },
    )
    await draw(pool)
    await a.crash()
    const call = draw(pool)
    await until(() => pauses.length > 5, pool.observe)
    await a.restart()
    await call
    expect([...new Set(pauses)].slice(0, 4)).toEqual([8, 16, 32, 64])
  })

  it('is given up when it stays away for too long, and ends the run', async () => {
    const { a } = await fakes({ a: {} })
    const pool = poolOf({ a }, { giveUpAfter: 100 })
    await draw(pool)
    await a.crash()
    const error = await failure(draw(pool))
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
    const pool = poolOf({ a, b, c })
    await pool.describe()
    const poison = failure(draw(pool, { prompt: 'poison' }))
    const good = [1, 2, 3, 4, 5].map((seed) => draw(pool, { seed }))
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
    expect(pool.status().quarantined).toBe(1)
  })

  it('is not blamed for what is its own fault anywhere: no other server is asked', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const pool = poolOf({ a, b })
    for (const one of [a, b]) one.faults.add({ kind: 'oom', times: Infinity })
    expect((await failure(draw(pool))).code).toBe('SW_WEBUI_OUT_OF_MEMORY')
    expect([...prompts(a), ...prompts(b)]).toHaveLength(1)
    expect(servers(pool.status())).toMatchObject({ a: { state: 'idle' }, b: { state: 'idle' } })
  })

  it('is asked of another server where one answers with an error of its own', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const pool = poolOf({ a, b })
    a.faults.add({ kind: 'answer', status: 500, body: { error: 'RuntimeError', errors: 'odd' } })
    const [first, second] = await Promise.all([draw(pool), draw(pool, { seed: 2 })])
    expect([first.images.length, second.images.length]).toEqual([1, 1])
    expect(servers(pool.status())).toMatchObject({ a: { failed: 0 }, b: { failed: 0 } })
  })
})

describe('a call whose end nobody saw', () => {
  it('is made elsewhere at once, and its server gets no job until it is at it no more', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const pool = poolOf({ a, b }, { describeEvery: 60_000 })
    await pool.describe()
    // The server works on; the connection is gone, and the poll cannot say.
    a.faults.add({ kind: 'stall', at: 'during' })
    a.faults.add({ kind: 'html', status: 504, match: { path: '/internal/progress' }, times: 0 + 1 })
    const calls = [draw(pool, { prompt: 'one' }), draw(pool, { prompt: 'two' })]
    await a.until(({ queue }) => queue > 0)
    await a.crash()
    await a.restart()
    expect((await Promise.all(calls)).map(({ images }) => images.length)).toEqual([1, 1])
  })
})

async function until(
  holds: () => boolean,
  observe: (told: () => void) => () => void,
): Promise<void> {
  while (!holds()) {
    let end: () => void = () => {}
    await Promise.race([
      new Promise<void>((resolve) => (end = observe(() => resolve()))),
      pause(20),
    ])
    end()
  }
}
