import { webui } from '@stagewright/backend-webui'
import { type Backend, createPipeline, type RunResult } from '@stagewright/core'
import { txt2img } from '@stagewright/stage-txt2img'
import { describe, expect, it, onTestFinished } from 'vitest'

import { type RunDescriptor, type RunOutcome, systemClock } from '../../src/index.js'
import { runQueue } from '../../src/pool/run-queue.js'
import { Servers } from '../../src/pool/servers.js'
import { draw, failure, fakes, poolOf, prompts, until } from './servers.js'

const models = [
  'sd_xl_base_1.0.safetensors',
  'juggernautXL.safetensors',
  'dreamshaper_8.safetensors',
]

const runOf = (id: number, more: Partial<RunDescriptor<number>> = {}): RunDescriptor<number> => ({
  id: `run ${id}`,
  run: async (backend, signal) => (await draw(backend, { seed: id }, { signal })).images.length,
  ...more,
})

async function all<T>(outcomes: AsyncIterable<RunOutcome<T>>): Promise<RunOutcome<T>[]> {
  const found: RunOutcome<T>[] = []
  for await (const one of outcomes) found.push(one)
  return found
}

describe('queued runs', () => {
  it('are made once each, and told as they end', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const both = poolOf({ a, b })
    const outcomes = await all(both.runs(Array.from({ length: 20 }, (_, id) => runOf(id))))
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'done'))
    expect(new Set(outcomes.map(({ id }) => id)).size).toBe(20)
    expect(prompts(a).length + prompts(b).length).toBe(20)
  })

  it('whole pipelines run too, model by model', async () => {
    const { a, b } = await fakes({ a: { models }, b: { models } })
    const both = poolOf({ a, b }, { describeEvery: 10_000, guesses: { load: 60_000, job: 50 } })
    const runs = Array.from({ length: 12 }, (_, i): RunDescriptor<RunResult> => {
      const model = (models[1 + (i % 2)] as string).replace('.safetensors', '')
      return {
        id: `cell ${i}`,
        owner: 'sweep',
        models: [model],
        run: (backend, signal) =>
          createPipeline({ backend, stages: [txt2img] }).run(
            { prompt: `cell ${i}`, model, width: 64, height: 64, seed: i, txt2img: {} },
            { signal },
          ),
      }
    })
    const outcomes = await all(both.runs(runs))
    expect(outcomes.filter(({ status }) => status === 'done')).toHaveLength(12)
    expect(a.state.loads.length + b.state.loads.length).toBeLessThanOrEqual(3)
  })

  it('are begun for servers that have their models: none is idle while its own wait behind others', async () => {
    const [first, second, third] = models as [string, string, string]
    const { a, b } = await fakes({ a: { models: [first, second] }, b: { models: [third] } })
    const both = poolOf({ a, b })
    a.faults.add({ kind: 'stall', at: 'during' })
    const named = (file: string, count: number, from: number): RunDescriptor<number>[] =>
      Array.from({ length: count }, (_, i) => {
        const model = file.replace('.safetensors', '')
        return runOf(from + i, {
          models: [model],
          run: async (backend, signal) =>
            (await draw(backend, { model, seed: from + i }, { signal })).images.length,
        })
      })
    // Of those that only the second server can do there are the fewest, and they come last.
    const runs = [...named(first, 8, 0), ...named(second, 8, 10), ...named(third, 3, 20)]
    const outcomes: string[] = []
    for await (const { id } of both.runs(runs)) {
      outcomes.push(id)
      if (outcomes.length === 3) a.faults.release()
    }
    expect(outcomes.slice(0, 3)).toEqual(['run 20', 'run 21', 'run 22'])
    expect(outcomes).toHaveLength(19)
  })

  it('are begun a few at a time, and read no further ahead than asked', async () => {
    const { a } = await fakes({ a: {} })
    const one = poolOf({ a })
    let read = 0
    let begun = 0
    let ahead = 0
    function* endless(): Generator<RunDescriptor<number>> {
      for (; ; read++)
        yield runOf(read, {
          run: async (backend, signal) => {
            begun += 1
            return (await draw(backend, {}, { signal })).images.length
          },
        })
    }
    const outcomes: string[] = []
    for await (const { id } of one.runs(endless(), { lookAhead: 10 })) {
      outcomes.push(id)
      ahead = Math.max(ahead, begun - outcomes.length)
      if (outcomes.length === 5) break
    }
    expect(outcomes).toEqual(['run 0', 'run 1', 'run 2', 'run 3', 'run 4'])
    expect(read).toBeLessThan(25)
    expect(ahead).toBeLessThanOrEqual(3)
  })

  it('that fail are told as failed, and the others go on', async () => {
    const { a } = await fakes({ a: {} })
    const runs = [1, 2, 3].map((id) =>
      runOf(id, id === 2 ? { run: () => Promise.reject(new Error('its own')) } : {}),
    )
    const outcomes = await all(poolOf({ a }).runs(runs))
    expect(Object.fromEntries(outcomes.map(({ id, status }) => [id, status]))).toEqual({
      'run 1': 'done',
      'run 2': 'failed',
      'run 3': 'done',
    })
  })

  it('one, those of an owner, or all can be cancelled, waiting or under way', async () => {
    const { a } = await fakes({ a: {} })
    const one = poolOf({ a })
    a.faults.add({ kind: 'stall', at: 'during' })
    const queue = one.runs(
      [0, 1, 2, 3, 4, 5, 6, 7].map((id) => runOf(id, { owner: id % 2 === 0 ? 'even' : 'odd' })),
    )
    await a.until(({ queue: jobs }) => jobs > 0)
    // The first is at its call, 6 waits, the odd ones wait or have one ready.
    queue.cancel('run 0')
    queue.cancel('run 6')
    queue.cancelOwner('odd')
    const outcomes = await all(queue)
    const by = (status: string) =>
      outcomes.filter((outcome) => outcome.status === status).map(({ id }) => id)
    expect(by('done').toSorted()).toEqual(['run 2', 'run 4'])
    expect(by('cancelled').toSorted()).toEqual([
      'run 0',
      'run 1',
      'run 3',
      'run 5',
      'run 6',
      'run 7',
    ])

    const others = one.runs([10, 11, 12].map((id) => runOf(id)))
    others.cancelAll()
    expect((await all(others)).filter(({ status }) => status === 'done')).toEqual([])
    expect(one.status()).toMatchObject({ queued: 0, running: 0, waiting: 0 })
  })

  it('of two owners are made in turns, however many one of them has', async () => {
    const { a } = await fakes({ a: {} })
    const one = poolOf({ a })
    const runs = [
      ...Array.from({ length: 30 }, (_, id) => runOf(id, { owner: 'many' })),
      ...Array.from({ length: 4 }, (_, id) => runOf(100 + id, { owner: 'few' })),
    ]
    const owners = (await all(one.runs(runs))).map(({ owner }) => owner)
    // Of the first twelve, the few are through.
    expect(owners.slice(0, 14).filter((owner) => owner === 'few')).toHaveLength(4)
  })

  it('a failing source ends the queue with its error, after what was begun', async () => {
    const { a } = await fakes({ a: {} })
    async function* broken(): AsyncGenerator<RunDescriptor<number>> {
      yield runOf(1)
      await Promise.resolve()
      throw new Error('the list broke off')
    }
    await expect(all(poolOf({ a }).runs(broken()))).rejects.toThrow('the list broke off')
  })

  it('10,000 of them wait as the small objects they are, and the first is told while they do', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const both = poolOf({ a, b })
    const begun = new Set<number>()
    let read = 0
    function* many(): Generator<RunDescriptor<number>> {
      while (read < 25_000) {
        const at = (read += 1)
        const one = runOf(at)
        yield {
          id: one.id,
          run: (backend, signal) => {
            begun.add(at)
            return one.run(backend, signal)
          },
        }
      }
    }
    const queue = both.runs(many())
    const counts = { done: 0, failed: 0, cancelled: 0 }
    for await (const { status } of queue) {
      counts[status] += 1
      if (counts.done + counts.failed + counts.cancelled > 1) continue
      // Two for each server, and the next one for whom the first has made room.
      expect(begun.size).toBeLessThanOrEqual(5)
      expect(read).toBeLessThanOrEqual(10_005)
      await until(() => queue.waiting === 10_000, both)
      expect(both.status().waiting).toBe(10_000)
      queue.cancelAll()
      expect(both.status().waiting).toBe(0)
    }
    expect(counts.done + counts.cancelled).toBe(read)
    expect(counts.cancelled).toBeGreaterThanOrEqual(10_000)
    expect(prompts(a).length + prompts(b).length).toBeLessThanOrEqual(5)
  })

  it('under an id that is taken fail, and hold nothing up', async () => {
    const { a } = await fakes({ a: {} })
    const outcomes = await all(poolOf({ a }).runs([runOf(1), runOf(2), runOf(2), runOf(1)]))
    const told = outcomes.map(({ id, status }) => `${id} ${status}`)
    expect(told.toSorted()).toEqual(['run 1 done', 'run 1 failed', 'run 2 done', 'run 2 failed'])
    const failed = outcomes.find(({ status }) => status === 'failed')
    expect(failed).toMatchObject({ error: { code: 'SW_POOL_SAME_RUN' } })
    expect(prompts(a)).toHaveLength(2)
  })

  it('of an owner who is cancelled are read no faster than they are told', async () => {
    const { a } = await fakes({ a: {} })
    let read = 0
    function* many(): Generator<RunDescriptor<number>> {
      while (read < 5000) yield runOf((read += 1), { owner: 'gone' })
    }
    const one = poolOf({ a })
    await one.describe()
    const queue = one.runs(many(), { lookAhead: 10, unread: 20 })
    queue.cancelOwner('gone')
    await draw(one)
    expect(read).toBeLessThan(25)
    let told = 0
    for await (const { status } of queue) {
      told += 1
      expect([status, read - told < 25]).toEqual(['cancelled', true])
    }
    expect(told).toBe(5000)
  })

  it('end when all are cancelled, though their source is silent', async () => {
    const { a } = await fakes({ a: {} })
    async function* silent(): AsyncGenerator<RunDescriptor<number>> {
      yield runOf(1)
      await new Promise(() => {})
    }
    const queue = poolOf({ a }).runs(silent())
    const ids: string[] = []
    for await (const { id } of queue) {
      ids.push(id)
      queue.cancelAll()
    }
    expect(ids).toEqual(['run 1'])
  })

  it('are told as cancelled when the pool is closed, and the queue says why', async () => {
    const { a } = await fakes({ a: {} })
    const one = poolOf({ a })
    a.faults.add({ kind: 'stall', at: 'during' })
    const outcomes: RunOutcome<number>[] = []
    const read = (async () => {
      for await (const outcome of one.runs([1, 2, 3, 4, 5].map((id) => runOf(id))))
        outcomes.push(outcome)
    })()
    const ended = failure(read)
    await a.until(({ queue }) => queue > 0)
    await one[Symbol.asyncDispose]()
    expect((await ended).code).toBe('SW_POOL_CLOSED')
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('cancelled'))
    expect(prompts(a)).toHaveLength(1)
  })

  it('that nobody listens to are forgotten once they are over', async () => {
    const { a } = await fakes({ a: {} })
    const servers = new Servers([{ name: 'a', backend: webui({ url: a.url }) }], {
      clock: systemClock,
      random: () => 1,
      breaker: { first: 10, most: 50 },
      quarantineAfter: 2,
      giveUpAfter: 1000,
      describeEvery: 0,
      lenient: false,
      guesses: { job: 10, load: 10 },
    })
    onTestFinished(() => servers.close())
    const queue = runQueue(servers, () => ({}) as Backend, [runOf(1), runOf(2)])
    expect(servers.queues.size).toBe(1)
    queue.cancelAll()
    await servers.describe()
    await Promise.resolve()
    expect([servers.queues.size, servers.observers.inner.size]).toEqual([0, 0])
  })
})
