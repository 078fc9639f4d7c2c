import { expect, it } from 'vitest'

import type { PoolStatus } from '../../src/index.js'
import { draw, fakes, poolOf, until } from './servers.js'

it('tells every change at most once a turn of the event loop, until it is asked no more', async () => {
  const { a, b } = await fakes({ a: {}, b: {} })
  const both = poolOf({ a, b })
  await both.describe()
  const told: PoolStatus[] = []
  let turn = 0
  const turns: number[] = []
  const count = (): void => {
    turn += 1
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  const end = both.observe((status) => {
    told.push(status)
    turns.push(turn)
  })
  const calls = Array.from({ length: 50 }, (_, seed) => draw(both, { seed }))
  await Promise.all(calls)
  // Fifty calls came in one turn.
  expect(told[0]?.queued).toBe(48)
  await until(() => told.at(-1)?.done === 50, both)
  clearImmediate(next)
  expect(new Set(turns).size).toBe(turns.length)
  expect(told.every(({ running, queued, done }) => running + queued + done === 50)).toBe(true)
  end()
  const before = told.length
  await draw(both)
  await until(() => both.status().done === 51, both)
  expect(told).toHaveLength(before)
})

it('is broken by nobody who watches', async () => {
  const { a } = await fakes({ a: {} })
  const one = poolOf({ a })
  let told = 0
  one.observe(() => {
    throw new Error('a fault of the one who watches')
  })
  one.observe(() => (told += 1))
  expect((await draw(one)).images).toHaveLength(1)
  await until(() => told > 1, one)
})

it('is plain data, with what runs where, what is loaded, and how long each was idle', async () => {
  const { a, b } = await fakes({ a: {}, b: {} })
  let now = 0
  const both = poolOf({ a, b }, { clock: { now: () => now, after: () => () => {} } })
  await both.describe()
  for (const one of [a, b]) one.faults.add({ kind: 'stall', at: 'during' })
  now = 700
  const calls = [1, 2, 3].map((seed) => draw(both.as('sweep'), { seed }))
  await Promise.all([a, b].map((one) => one.until(({ queue }) => queue > 0)))
  now = 1000
  const { servers, ...rest } = both.status()
  expect(servers.map(({ name, state, queued, idleMs }) => [name, state, queued, idleMs])).toEqual([
    ['a', 'busy', 1, 700],
    ['b', 'busy', 1, 700],
  ])
  expect(servers[0]).toMatchObject({
    models: ['v1-5-pruned-emaonly.safetensors'],
    job: { owner: 'sweep', stage: 'txt2img', operation: 'txt2img', ms: 300, loading: false },
  })
  expect(rest).toEqual({
    queued: 1,
    running: 2,
    done: 0,
    moved: 0,
    quarantined: 0,
    waiting: 0,
    owners: [{ owner: 'sweep', chargedMs: 0 }],
  })
  expect(structuredClone(both.status())).toEqual(both.status())
  for (const one of [a, b]) one.faults.release()
  await Promise.all(calls)
  expect(both.status()).toMatchObject({ done: 3, owners: [] })
})
