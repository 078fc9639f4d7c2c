import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { webui } from '@stagewright/backend-webui'
import { createPipeline, type RunConfig } from '@stagewright/core'
import type { FakeWebui } from '@stagewright/fake-webui'
import { readRun, RunStore } from '@stagewright/run-store'
import { describe, expect, test } from 'vitest'

import {
  planSweep,
  readSweep,
  resumeSweep,
  runSweep,
  sweep,
  type SweepEvent,
  type SweepInput,
  type SweepResult,
  tableOf,
} from '../../src/index.js'
import { asked, fakeServer, place, plain, stages, withHires } from './workplace.js'

interface Ran {
  readonly root: string
  readonly signal?: AbortSignal
  readonly onEvent?: (event: SweepEvent) => void
  readonly concurrency?: number
}

async function ran(
  fake: FakeWebui,
  config: RunConfig,
  input: SweepInput,
  { root, ...how }: Ran,
): Promise<SweepResult> {
  await using backend = webui({ url: fake.url, pollInterval: 20 })
  await using pipeline = createPipeline({ backend, stages })
  const plan = await planSweep(sweep(config, input), { backend, stages })
  return await runSweep(plan, { store: new RunStore({ root }), backend, pipeline, ...how })
}

/** The content of each cell's first picture, which is what makes its pixels. */
async function contents({ folder, record, results }: SweepResult): Promise<unknown[]> {
  return Promise.all(
    record.cells.map(async ({ number }) => {
      const { events } = await readRun(join(folder, results.get(number)?.run ?? ''))
      const last = events.findLast((event) => event.type === 'call_finished')
      return last?.type === 'call_finished' ? last.entry.images[0]?.content : undefined
    }),
  )
}

/** The calls that journals of a sweep's cells tell of. */
async function callsIn(root: string): Promise<{ type: string; key: string | undefined }[]> {
  const runs = await Promise.all(
    (await new RunStore({ root }).folders()).map((one) => readRun(one)),
  )
  return runs.flatMap(({ events }) =>
    events.flatMap((event) =>
      event.type === 'call_started' || event.type === 'call_finished'
        ? [{ type: event.type, key: event.keys[0] }]
        : [],
    ),
  )
}

const axes = { 'refiner.hr_scale': [1.25, 1.5, 1.75, 2, 2.25], seed: '1..4' }

describe('a sweep on a server', () => {
  test('with share: 5 hires values × 4 seeds are 4 base passes and 20 hires passes, with equal pixels', async () => {
    await using fake = await fakeServer()
    const shared = await ran(fake, withHires, { axes, share: true }, { root: await place() })
    expect([asked(fake, 'txt2img'), asked(fake, 'img2img')]).toEqual([4, 20])
    const merged = await ran(fake, withHires, { axes }, { root: await place() })
    expect([asked(fake, 'txt2img'), asked(fake, 'img2img')]).toEqual([24, 20])
    expect([shared.status, merged.status]).toEqual(['done', 'done'])
    const pixels = await contents(merged)
    expect(new Set(pixels).size).toBe(20)
    expect(await contents(shared)).toEqual(pixels)
  })

  test('makes as many calls as its plan says, where seeds of cells overlap', async () => {
    await using fake = await fakeServer()
    const config = { ...plain, n_iter: 3 }
    const { results } = await ran(fake, config, { axes: { seed: '1..3' } }, { root: await place() })
    expect(asked(fake, 'txt2img')).toBe(5)
    expect([...results.values()].map(({ calls_made: made }) => made)).toEqual([3, 1, 1])
  })

  test('a failed cell is told with its error, and leaves the others; a resume tries it again alone', async () => {
    await using fake = await fakeServer({
      faults: [{ kind: 'oom', match: { body: { seed: 2 } }, times: 1 }],
    })
    const root = await place()
    const input = { axes: { seed: '1..4' } }
    const { folder, status, results } = await ran(fake, plain, input, { root })
    expect(status).toBe('partial')
    expect([...results.values()].map((one) => one.status)).toEqual([
      'done',
      'failed',
      'done',
      'done',
    ])
    expect(results.get(2)?.error).toMatchObject({ code: expect.stringMatching(/^SW_/) as string })
    const before = asked(fake, 'txt2img')
    await using backend = webui({ url: fake.url, pollInterval: 20 })
    await using pipeline = createPipeline({ backend, stages })
    const again = await resumeSweep(folder, { store: new RunStore({ root }), backend, pipeline })
    expect([again.status, asked(fake, 'txt2img') - before]).toEqual(['done', 1])
    expect(tableOf(await readSweep(folder)).map((row) => row.status)).toEqual(Array(4).fill('done'))
  })

  test('a server that is gone ends the sweep; what is done stays', async () => {
    const fake = await fakeServer()
    const onEvent = (event: SweepEvent): void => {
      if (event.type === 'cell-finished' && event.at === 2) void fake.close()
    }
    const input = { axes: { seed: '1..6' } }
    const { status, error, results } = await ran(fake, plain, input, {
      root: await place(),
      onEvent,
    })
    expect([status, error?.kind]).toEqual(['failed', 'backend'])
    expect([...results.values()].filter((one) => one.status === 'done')).toHaveLength(2)
    expect(results.size).toBeLessThan(5)
  })

  test('cancelled, it makes no further cell', async () => {
    await using fake = await fakeServer()
    const stop = new AbortController()
    const onEvent = (event: SweepEvent): void => {
      if (event.type === 'cell-finished' && event.at === 2) stop.abort()
    }
    const how = { root: await place(), onEvent, signal: stop.signal }
    const { status, results } = await ran(fake, plain, { axes: { seed: '1..6' } }, how)
    expect([status, results.size, asked(fake, 'txt2img')]).toEqual(['cancelled', 2, 2])
  })

  // A server gives the picture of a call to whoever asked for it, and to nobody later.
  test.each([
    ['while a call is under way', 4, 1],
    ['right after a call', 5, 0],
    ['while a second call is under way', 8, 1],
    ['among later cells', 23, 0],
  ])(
    'killed %s, it goes on with the same draws, and makes nothing twice but a call that was under way',
    async (_, line, open) => {
      await using fake = await fakeServer()
      const root = await place()
      const script = join(import.meta.dirname, 'killed-sweep.mjs')
      const child = spawn(process.execPath, [script, fake.url, root, String(line)], {
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
      const calls = await callsIn(root)
      const finished = new Set(
        calls.flatMap(({ type, key }) => (type === 'call_finished' ? [key] : [])),
      )
      const begun = calls.filter(({ type, key }) => type === 'call_started' && !finished.has(key))
      expect(begun).toHaveLength(open)
      const name = (await readdir(root)).find((one) => one.endsWith('-sweep')) ?? ''
      const folder = join(root, name)
      const before = await readFile(join(folder, 'sweep.json'), 'utf8')
      await using backend = webui({ url: fake.url, pollInterval: 20 })
      await using pipeline = createPipeline({ backend, stages })
      const { status } = await resumeSweep(folder, {
        store: new RunStore({ root }),
        backend,
        pipeline,
      })
      expect(status).toBe('done')
      expect(await readFile(join(folder, 'sweep.json'), 'utf8')).toBe(before)
      const bodies = fake.requests.flatMap(({ path, body }) => {
        if (!path.endsWith('2img')) return []
        const { force_task_id: _id, ...wanted } = body as Readonly<Record<string, unknown>>
        return [JSON.stringify(wanted)]
      })
      const twice = bodies.filter((body, i) => bodies.indexOf(body) < i)
      expect(new Set(bodies).size).toBe(2 + 6)
      expect(twice.length).toBeLessThanOrEqual(open)
    },
    60_000,
  )
})
