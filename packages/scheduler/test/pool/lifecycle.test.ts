import { getEventListeners } from 'node:events'

import { webui } from '@stagewright/backend-webui'
import { type Backend, errors, type ModelLoad } from '@stagewright/core'
import { describe, expect, it, onTestFinished } from 'vitest'

import { type Clock, pool } from '../../src/index.js'
import { draw, failure, fakes, poolOf, prompts, servers, until } from './servers.js'

const models = ['sd_xl_base_1.0.safetensors', 'juggernautXL.safetensors']
const other = 'juggernautXL'

/** A promise that a test fulfils. */
function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { open: () => open(), opened }
}

/** Time that stands still, with the timers that are set: whether the program stays for each. */
function stoppedClock(): Clock & { readonly timers: Map<() => void, boolean> } {
  const timers = new Map<() => void, boolean>()
  return {
    timers,
    now: () => 0,
    after: (_, act, waits) => {
      timers.set(act, waits)
      return () => void timers.delete(act)
    },
  }
}

describe('a pool that is closed', () => {
  it('ends what is under way and what waits, and leaves no timer', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const clock = stoppedClock()
    const lost = gate()
    // Some backends only notice that something was torn from them.
    const both = poolOf({ a, b }, { clock }, (backend, name) =>
      name === 'a'
        ? backend
        : {
            ...backend,
            call: async () => {
              await lost.opened
              throw errors.SW_BACKEND_LOST({ backend: 'webui', reason: 'it is gone' })
            },
            [Symbol.asyncDispose]: () => Promise.resolve(lost.open()),
          },
    )
    await both.describe()
    a.faults.add({ kind: 'stall', at: 'during' })
    const calls = [1, 2, 3].map((seed) => failure(draw(both, { seed })))
    await a.until(({ queue }) => queue > 0)
    await both[Symbol.asyncDispose]()
    const ended = await Promise.all(calls)
    expect(ended.map(({ code }) => code)).toEqual(Array(3).fill('SW_POOL_CLOSED'))
    expect(both.status()).toMatchObject({ queued: 0, running: 0 })
    expect(clock.timers.size).toBe(0)
    await expect(draw(both)).rejects.toMatchObject({ code: 'SW_POOL_CLOSED' })
  })

  it('while it asks its servers for the first time says that it is closed', async () => {
    const { a } = await fakes({ a: {} })
    const asked = gate()
    const one = poolOf({ a }, {}, (backend) => ({
      ...backend,
      describe: async (signal) => {
        asked.open()
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
        throw signal?.reason
      },
    }))
    const described = failure(one.describe())
    await asked.opened
    await one[Symbol.asyncDispose]()
    expect((await described).code).toBe('SW_POOL_CLOSED')
  })
})

describe('a call that is cancelled', () => {
  it('leaves no listener on its signal, whether it waited, ran, or was done', async () => {
    const { a } = await fakes({ a: {} })
    const one = poolOf({ a })
    const [done, running, waiting] = [1, 2, 3].map(() => new AbortController())
    const listeners = () =>
      [done, running, waiting].map((of) => getEventListeners(of!.signal, 'abort').length)
    await draw(one, {}, { signal: done!.signal })
    a.faults.add({ kind: 'stall', at: 'during' })
    const calls = [running, waiting].map((of) => draw(one, {}, { signal: of!.signal }))
    await a.until(({ queue }) => queue > 0)
    waiting!.abort(new Error('not wanted any more'))
    await expect(calls[1]).rejects.toThrow('not wanted any more')
    running!.abort(new Error('nor this'))
    await expect(calls[0]).rejects.toThrow()
    expect(listeners()).toEqual([0, 0, 0])
    expect(one.status()).toMatchObject({ queued: 0, running: 0 })
  })

  it('with fifty others on one signal is followed with one listener, and all of them end', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const both = poolOf({ a, b })
    for (const one of [a, b]) one.faults.add({ kind: 'stall', at: 'during' })
    const controller = new AbortController()
    const { signal } = controller
    const calls = Array.from({ length: 50 }, (_, seed) => draw(both, { seed }, { signal }))
    const ended = Promise.allSettled(calls)
    await Promise.all([a, b].map((one) => one.until(({ queue }) => queue > 0)))
    const settling = Promise.all(Array.from({ length: 10 }, (_, i) => both.settle(`x${i}`, signal)))
    // The pool's, and one of each server.
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(3)
    await settling
    controller.abort(new Error('enough'))
    expect((await ended).map(({ status }) => status)).toEqual(Array(50).fill('rejected'))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(both.status()).toMatchObject({ queued: 0, running: 0 })
  })

  it('before its server has begun leaves known what the server has loaded', async () => {
    const { a } = await fakes({ a: { models } })
    const one = poolOf({ a })
    await draw(one)
    const before = servers(one)['a']?.models
    const controller = new AbortController()
    const call = draw(one, { model: other }, { signal: controller.signal })
    controller.abort(new Error('changed my mind'))
    await expect(call).rejects.toThrow('changed my mind')
    expect(prompts(a)).toHaveLength(1)
    expect(servers(one)['a']?.models).toEqual(before)
  })

  it('lets the program end: nobody waits for a server that is down', async () => {
    const { a } = await fakes({ a: {} })
    const clock = stoppedClock()
    const one = poolOf({ a }, { clock })
    await draw(one)
    await a.crash()
    const controller = new AbortController()
    const call = draw(one, {}, { signal: controller.signal })
    await until(() => servers(one)['a']?.state === 'down', one)
    await until(() => one.status().queued === 1, one)
    expect([...clock.timers.values()]).toEqual([true])
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    expect([...clock.timers.values()]).toEqual([false])
  })
})

describe('a call that was kept', () => {
  it('says nothing of what its server has loaded', async () => {
    const { a } = await fakes({ a: { models } })
    const one = poolOf({ a }, {}, (backend) => ({
      ...backend,
      call: async (operation, request, ctx) => {
        const result = await backend.call(operation, { ...request, model: undefined }, ctx)
        const [image, ...rest] = result.images
        const settings = { ...image?.settings, model: other }
        return { ...result, kept: true, images: [{ ...image, settings } as never, ...rest] }
      },
    }))
    await one.describe()
    const before = servers(one)['a']?.models
    await draw(one, { model: other })
    expect(servers(one)['a']).toMatchObject({ models: before, loads: 0, done: 1 })
  })
})

describe('a lenient pool', () => {
  it('knows that a server without the model goes on with what it has', async () => {
    const { a, b } = await fakes({ a: { models }, b: { models } })
    const both = pool(
      [a, b].map(({ url }): Backend => {
        const strict = webui({ url, pollInterval: 5 })
        const lenient = webui({ url, pollInterval: 5, lenient: true })
        return { ...strict, call: (operation, wanted, ctx) => lenient.call(operation, wanted, ctx) }
      }),
      { lenient: true },
    )
    onTestFinished(() => both[Symbol.asyncDispose]())
    await both.describe()
    const { warnings } = await draw(both, { model: 'nobody' })
    expect(warnings).toContainEqual(
      expect.stringMatching(/^A: model: the backend has no model "nobody"/),
    )
    expect(servers(both)['A']).toMatchObject({ models: [models[0]], loads: 0, done: 1 })
  })
})

describe('a server that loads a model although it said that it has it', () => {
  it('counts what was measured, and nothing where a call only stood still at its beginning', async () => {
    const { a } = await fakes({ a: {} })
    let measured: ModelLoad[] | undefined = [{ model: 'sd_xl_base_1.0.safetensors', ms: 300 }]
    const one = poolOf({ a }, {}, (backend) => ({
      ...backend,
      call: async (operation, request, ctx) => {
        ctx.progress(0, { loading: true })
        const { loads: _, ...result } = await backend.call(operation, request, ctx)
        return measured === undefined ? result : { ...result, loads: measured }
      },
    }))
    await draw(one)
    expect(servers(one)['a']).toMatchObject({ loads: 1, done: 1 })
    measured = undefined
    await draw(one)
    expect(servers(one)['a']).toMatchObject({ loads: 1, done: 2 })
  })
})

describe('a server that does not say what it can do', () => {
  const asking = (
    backend: Backend,
    first: { readonly asked: () => void; until: Promise<void> },
  ) => {
    let times = 0
    return {
      ...backend,
      describe: async (signal?: AbortSignal) => {
        times += 1
        if (times !== 2) return backend.describe(signal)
        first.asked()
        await first.until
        throw errors.SW_BACKEND_LOST({ backend: 'webui', reason: 'no answer' })
      },
    }
  }

  it('while a job was handed to it keeps that job, which tells whether it is there', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const [asked, answers] = [gate(), gate()]
    const both = poolOf({ a, b }, { clock: stoppedClock() }, (backend, name) =>
      name === 'a' ? asking(backend, { asked: asked.open, until: answers.opened }) : backend,
    )
    await both.describe()
    const again = both.describe()
    await asked.opened
    a.faults.add({ kind: 'stall', at: 'during' })
    b.faults.add({ kind: 'stall', at: 'during' })
    const calls = [1, 2].map((seed) => draw(both, { seed }))
    await Promise.all([a, b].map((one) => one.until(({ queue }) => queue > 0)))
    answers.open()
    await again
    expect(servers(both)['a']).toMatchObject({ state: 'busy', failed: 0 })
    for (const one of [a, b]) one.faults.release()
    await Promise.all(calls)
    expect(servers(both)['a']).toMatchObject({ state: 'idle', done: 1 })
    expect(prompts(a)).toHaveLength(1)
  })

  it('without one is down, and its next job goes to another', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const both = poolOf({ a, b }, { clock: stoppedClock() }, (backend, name) =>
      name === 'a' ? asking(backend, { asked: () => {}, until: Promise.resolve() }) : backend,
    )
    await both.describe()
    await both.describe()
    expect(servers(both)['a']?.state).toBe('down')
    await draw(both)
    expect([prompts(a).length, prompts(b).length]).toEqual([0, 1])
  })

  it('but hangs holds up no run: what it said before holds', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const clock = stoppedClock()
    const asked = gate()
    const both = poolOf({ a, b }, { clock }, (backend, name) =>
      name === 'b'
        ? backend
        : {
            ...backend,
            describe: (signal) => {
              if (both.status().servers[0]?.state === 'new') return backend.describe(signal)
              asked.open()
              return new Promise(() => {})
            },
          },
    )
    const { operations } = await both.describe()
    const again = both.describe()
    await asked.opened
    for (const act of clock.timers.keys()) act()
    expect((await again).operations).toEqual(operations)
    expect((await draw(both)).images).toHaveLength(1)
  })

  it('like all others is asked anew by whoever asks next: no pause holds for a pool of none', async () => {
    const { a } = await fakes({ a: {} })
    const one = poolOf({ a }, { clock: stoppedClock() })
    await a.crash()
    expect((await failure(one.describe())).code).toBe('SW_POOL_ALL_DOWN')
    await a.restart()
    expect((await one.describe()).operations).toContain('txt2img')
    expect((await draw(one)).images).toHaveLength(1)
  })
})

describe('a server that was broken', () => {
  it('and is back is not blamed for what is a job’s own fault', async () => {
    const { a } = await fakes({ a: {} })
    const one = poolOf({ a })
    const body = { error: 'RuntimeError', errors: 'odd' }
    a.faults.add({ kind: 'answer', status: 500, body, times: 3 }, { kind: 'oom', skip: 3 })
    for (const seed of [1, 2])
      expect((await failure(draw(one, { seed }))).code).toBe('SW_WEBUI_SERVER_FAILED')
    // The third in a row brings it down; back again, it is asked once more, and has no memory for it.
    expect((await failure(draw(one, { seed: 3 }))).code).toBe('SW_WEBUI_OUT_OF_MEMORY')
    expect(servers(one)['a']).toMatchObject({ state: 'idle', failed: 1 })
  })
})

describe('a server that was away when the pool began', () => {
  it('takes calls that wait as soon as it is there', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    await b.crash()
    const both = poolOf({ a, b })
    await both.describe()
    a.faults.add({ kind: 'stall', at: 'during' })
    const [first, ...others] = [1, 2, 3].map((seed) => draw(both, { seed }))
    await a.until(({ queue }) => queue > 0)
    expect(servers(both)).toMatchObject({ a: { queued: 2 }, b: { queued: 0 } })
    await b.restart()
    await Promise.all(others)
    expect([prompts(a).length, prompts(b).length]).toEqual([1, 2])
    a.faults.release()
    await first
  })

  it('gets none while it has another file under a name that calls may mean', async () => {
    const [one, another] = ['a1', 'b2'].map((digits) => digits.repeat(32))
    const file = (sha256: string) => ({
      models: [{ file: models[0] as string, sha256, hashed: true }],
    })
    const { a, b } = await fakes({ a: file(one as string), b: file(another as string) })
    await b.crash()
    const both = poolOf({ a, b })
    await both.describe()
    await b.restart()
    await until(() => servers(both)['b']?.state === 'idle', both)
    await Promise.all([1, 2, 3, 4].map((seed) => draw(both, { seed })))
    expect([prompts(a).length, prompts(b).length]).toEqual([4, 0])
  })
})

describe('a call that was made several times on one server', () => {
  it('is asked for by every id that it had there', async () => {
    const { a } = await fakes({ a: {} })
    const ids: string[] = []
    const settled: string[] = []
    const one = poolOf(
      { a },
      { quarantineAfter: 4, breaker: { first: 1, most: 1 } },
      (backend) => ({
        ...backend,
        call: (operation, request, ctx) => {
          ids.push(ctx.id)
          return ids.length < 4
            ? Promise.reject(errors.SW_BACKEND_LOST({ backend: 'webui', reason: 'no answer' }))
            : backend.call(operation, request, ctx)
        },
        settle: (id) => {
          settled.push(id)
          return Promise.resolve('over')
        },
      }),
    )
    await draw(one, {}, { id: 'call' })
    expect(ids).toEqual(['call', 'call.2', 'call.3', 'call.4'])
    settled.length = 0
    expect(await one.settle('call')).toBe('over')
    expect(settled).toEqual(ids)
  })

  it('keeps its id where the server was gone before it came', async () => {
    const { a } = await fakes({ a: {} })
    const ids: string[] = []
    const one = poolOf({ a }, { breaker: { first: 1, most: 1 } }, (backend) => ({
      ...backend,
      describe: (signal) => backend.describe(signal),
      call: (operation, request, ctx) => {
        ids.push(ctx.id)
        return backend.call(operation, request, ctx)
      },
    }))
    await one.describe()
    await a.crash()
    const call = draw(one, {}, { id: 'call' })
    await until(() => servers(one)['a']?.failed === 1, one)
    await a.restart()
    await call
    expect([...new Set(ids)]).toEqual(['call'])
    expect(ids.length).toBeGreaterThan(1)
  })
})
