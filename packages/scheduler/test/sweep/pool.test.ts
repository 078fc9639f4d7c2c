import { getEventListeners } from 'node:events'

import { createPipeline } from '@stagewright/core'
import { RunStore } from '@stagewright/run-store'
import { expect, test } from 'vitest'

import { planSweep, runSweep, sweep, type SweepInput } from '../../src/index.js'
import { failure, fakes, poolOf, servers } from '../pool/servers.js'
import { place, plain, stages } from './workplace.js'

const planned = (backend: ReturnType<typeof poolOf>, config: object, input: SweepInput) =>
  planSweep(sweep({ ...plain, ...config }, input), { backend, stages })

test('a sweep on a pool tells why no server can make its calls, as a run does', async () => {
  const backend = poolOf(await fakes({ a: {}, b: { adetailer: false } }))
  const reasons = 'no server has detector "x.pt": a lacks it, b has no detail operation'
  const config = { adetailer: { units: [{ ad_model: 'x.pt' }] } }
  const all = await failure(planned(backend, config, { axes: { seed: '1..2' } }))
  expect([all.code, all.message]).toEqual([
    'SW_POOL_NO_SERVER',
    `adetailer.units[0].ad_model: ${reasons}`,
  ])
  const axes = { 'adetailer.units[0].ad_model': ['face_yolov8n.pt', 'x.pt'] }
  const one = await failure(planned(backend, config, { axes }))
  expect(one.message).toContain(`cell 2: adetailer.units[0].ad_model: ${reasons}`)
})

test('a cell that no one server can make is refused, though each has a part of what it needs', async () => {
  const backend = poolOf(await fakes({ a: { loras: ['ink'] }, b: { loras: ['oil'] } }))
  const prompts = ['<lora:ink:1>', '<lora:oil:1>', '<lora:ink:1> <lora:oil:1>']
  const error = await failure(planned(backend, {}, { axes: { prompt: prompts } }))
  expect(error.code).toBe('SW_SWEEP_CELL_REFUSED')
  expect(error.message).toMatch(/cell 3: .*a lacks lora "oil", b lacks lora "ink"/)
})

test('a server that can make none of the cells is told from one that can make the last one alone', async () => {
  const backend = poolOf(
    await fakes({ a: {}, b: { models: ['rare.ckpt'] }, c: { models: ['none.ckpt'] } }),
  )
  const model = ['v1-5-pruned-emaonly', 'rare']
  await planned(backend, {}, { axes: { model } })
  const { a, b, c } = servers(backend)
  expect([a?.unfit, b?.unfit]).toEqual([undefined, undefined])
  expect(c?.unfit).toContain('lacks model')
})

test('cells that are made at once follow a signal with one listener, and its cancel reaches each', async () => {
  const all = await fakes({ a: {}, b: {}, c: {} })
  for (const fake of Object.values(all)) fake.faults.add({ kind: 'stall', at: 'during' })
  const backend = poolOf(all)
  await using pipeline = createPipeline({ backend, stages })
  const plan = await planned(backend, {}, { axes: { seed: '1..9' } })
  const stop = new AbortController()
  const listening = () => getEventListeners(stop.signal, 'abort').length
  const store = new RunStore({ root: await place() })
  const running = runSweep(plan, { store, pipeline, concurrency: 6, signal: stop.signal })
  await Promise.all(Object.values(all).map((fake) => fake.until(({ queue }) => queue > 0)))
  // Node warns of a leak at eleven: a pool of eleven servers is none.
  expect(listening()).toBe(1)
  stop.abort()
  const { status, results } = await running
  expect([status, [...results.values()].map((one) => one.status), listening()]).toEqual([
    'cancelled',
    Array(6).fill('cancelled'),
    0,
  ])
})
