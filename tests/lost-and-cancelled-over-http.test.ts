import { randomUUID } from 'node:crypto'
import { getEventListeners } from 'node:events'

import { type Observer, type RunEvent, Txt2Img } from '@stagewright/core'
import type { DialectName } from '@stagewright/fake-webui'
import { describe, expect, test } from 'vitest'

import {
  asked,
  calls,
  generated,
  left,
  looks,
  on,
  scene,
  type StageName,
  stageOf,
  stages,
  stagesOn,
  untilSeen,
} from './faulty-server.js'

const interrupt = '/sdapi/v1/interrupt'
const webuis = ['a1111', 'forge'] as const

const everywhere = (dialects: readonly DialectName[]) =>
  dialects.flatMap((dialect) => stagesOn(dialect).map((stage) => ({ dialect, stage })))

/** Stages whose calls sample step by step, and can be interrupted. */
const sampling = (dialects: readonly DialectName[]) =>
  everywhere(dialects).filter(({ stage }) => stage !== 'upscale')

/** The calls of a run that ends in the last call of a stage. */
const upTo = (stage: StageName) =>
  Object.fromEntries(stages.slice(0, stages.indexOf(stage) + 1).map((one) => [one, calls[one]]))

/** What is left of such a run: the picture that the stage had finished, and the one that it had not. */
function halfway(stage: StageName, code: string) {
  const before = stages[stages.indexOf(stage) - 1]
  const kept = stage === 'txt2img' ? [undefined] : [before, stage]
  return kept.map((one) => ({ stage, code, named: stage, kept: one }))
}

const byKept = (rows: ReturnType<typeof left>) =>
  rows.toSorted((a, b) => stages.indexOf(a.kept as StageName) - stages.indexOf(b.kept as StageName))

/** Does something when a stage begins, or when a call of it has ended. */
const when =
  (type: 'stage-started' | 'call-finished', stage: StageName, act: () => void): Observer =>
  (event: RunEvent) => {
    if (event.type === type && event.stage === stage) act()
  }

describe.concurrent('a server that is gone', () => {
  test.each(everywhere(['a1111', 'forge', 'sdnext', 'sdcpp']))(
    'by a crash during $stage on $dialect ends the run, and what was made is kept',
    async ({ dialect, stage }) => {
      await using there = await scene({ dialect })
      there.fake.faults.add(on(stage, { kind: 'crash' }))
      const { error, result } = await there.run()
      expect(error).toMatchObject({ code: 'SW_BACKEND_LOST', details: { stage } })
      expect(result).toMatchObject({ status: 'failed', images: [] })
      expect(byKept(left(result))).toEqual(halfway(stage, 'SW_BACKEND_LOST'))
      expect(generated(there.fake)).toEqual(upTo(stage))
    },
  )

  test.each(everywhere(webuis))(
    'before $stage on $dialect refuses its call, and what was made is kept',
    async ({ dialect, stage }) => {
      await using there = await scene({ dialect })
      const { fake } = there
      const observers = [when('stage-started', stage, () => void fake.crash())]
      const { error, result } = await there.run({ observers })
      expect(error).toMatchObject({ code: 'SW_BACKEND_LOST', details: { stage } })
      const before = stages[stages.indexOf(stage) - 1]
      expect(left(result).map(({ kept }) => kept)).toEqual(
        before === undefined ? [undefined] : [before, before],
      )
      expect(generated(fake)).not.toHaveProperty(stage)
    },
  )

  test.each(webuis)('from the start is told before anything is asked of %s', async (dialect) => {
    await using there = await scene({ dialect })
    await there.fake.crash()
    await expect(there.run()).rejects.toMatchObject({
      code: 'SW_WEBUI_UNREACHABLE',
      hint: expect.stringContaining('start the server'),
    })
    expect(there.fake.requests).toEqual([])
  })

  test.each([
    ['without its API', { apiEnabled: false }, 'SW_WEBUI_NOT_FOUND', '--api'],
    ['that wants a password', { auth: 'ada:byron' }, 'SW_WEBUI_UNAUTHORIZED', '--api-auth'],
  ] as const)('%s refuses the run before its first call', async (_, options, code, hint) => {
    for (const dialect of webuis) {
      await using there = await scene({ dialect, ...options })
      await expect(there.run()).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) })
      expect(generated(there.fake)).toEqual({})
    }
  })
})

describe.concurrent('a job that stands still', () => {
  test.each(sampling(['a1111', 'forge', 'sdnext']).filter(({ stage }) => stage !== 'adetailer'))(
    'at $stage on $dialect is interrupted once, and its half-made picture thrown away',
    async ({ dialect, stage }) => {
      await using there = await scene({
        dialect,
        client: { timeouts: { stall: 1500, load: 1500 } },
      })
      there.fake.faults.add(on(stage, { kind: 'stall', at: 'during', step: 3 }))
      const { result } = await there.run()
      expect(left(result)).toMatchObject([{ stage, code: 'SW_WEBUI_STALLED' }])
      expect(result.unfinished[0]?.error.message).toContain('was interrupted')
      expect(result.images).toHaveLength(calls[stage] - 1)
      expect(asked(there.fake, interrupt)).toBe(1)
      expect(generated(there.fake)[stage]).toBe(calls[stage])
    },
  )

  test.each(everywhere(webuis))(
    'at $stage on $dialect for a while only is waited for',
    async ({ dialect, stage }) => {
      await using there = await scene({ dialect })
      const { fake } = there
      fake.faults.add(on(stage, { kind: 'stall', at: 'during' }))
      const arrived = () => fake.requests.filter((request) => stageOf(request) === stage).length
      const running = there.run()
      await fake.until(({ job }) => job !== '' && arrived() === calls[stage])
      fake.faults.release()
      expect((await running).result.status).toBe('done')
      expect(generated(fake)).toEqual(calls)
    },
  )
})

describe.concurrent('what a server does not tell', () => {
  test.each(['a1111', 'forge', 'reforge', 'sdnext'] as const)(
    'a detector that fails on %s leaves its picture as it was',
    async (dialect) => {
      // Only pixels tell, and those of SD.Next's usual JPEG nothing.
      await using there = await scene({ dialect, samplesFormat: 'png' })
      there.fake.faults.add(on('adetailer', { kind: 'detector_error' }))
      const { result } = await there.run()
      const [enlarged, repaired] = result.stages.slice(-2).map(({ images }) => images)
      expect(result.status).toBe('done')
      expect(repaired?.[1]?.digest).toBe(enlarged?.[1]?.digest)
      expect(repaired?.[0]?.digest).not.toBe(enlarged?.[0]?.digest)
      expect(result.stages.at(-1)?.calls.map(({ unchanged }) => unchanged)).toEqual([false, true])
      expect(generated(there.fake)).toEqual(calls)
    },
  )

  test.each(['txt2img', 'img2img', 'refiner'] as const)(
    'SD.Next’s empty info at %s costs no picture and no seed',
    async (stage) => {
      await using there = await scene({ dialect: 'sdnext' })
      const { fake } = there
      const images = await answered(fake.url, calls[stage] === 1 ? 2 : 1)
      const body = { images, parameters: {}, info: '' }
      fake.faults.add(on(stage, { kind: 'answer', status: 200, at: 'after', body }))
      const { result } = await there.run()
      expect(result.status).toBe('done')
      const seeds = (name: StageName) =>
        result.stages.find((one) => one.name === name)?.images.map(({ seed }) => seed)
      expect(seeds(stage)).toEqual(stage === 'txt2img' ? [7, 8] : seeds('img2img'))
      expect(new Set(seeds(stage)).size).toBe(2)
    },
  )

  test('a job that somebody else interrupts is no result', async () => {
    for (const dialect of webuis) {
      await using there = await scene({ dialect })
      const { fake } = there
      fake.faults.add(on('img2img', { kind: 'stall', at: 'during', step: 2 }))
      const running = there.run()
      await untilSeen(fake, 'img2img')
      await fetch(fake.url + interrupt, { method: 'POST' })
      const { result } = await running
      const code = 'SW_WEBUI_INTERRUPTED'
      expect(left(result)).toMatchObject([{ stage: 'img2img', code, kept: 'txt2img' }])
      expect(generated(fake)).toEqual({ ...calls, refiner: 1, upscale: 1, adetailer: 1 })
    }
  })
})

describe.concurrent('cancel', () => {
  test.each(sampling(['a1111', 'forge', 'sdnext']))(
    'while $stage runs on $dialect interrupts it once, and keeps what was whole',
    async ({ dialect, stage }) => {
      await using there = await scene({ dialect })
      const { fake } = there
      fake.faults.add(on(stage, { kind: 'stall', at: 'during' }))
      const stop = new AbortController()
      const running = there.run({ signal: stop.signal })
      await untilSeen(fake, stage)
      stop.abort()
      const { error, result } = await running
      expect(error).toMatchObject({ code: 'SW_RUN_CANCELLED', details: { stage } })
      expect(result).toMatchObject({ status: 'cancelled', images: [] })
      expect(byKept(left(result))).toEqual(halfway(stage, 'SW_RUN_CANCELLED'))
      expect(asked(fake, interrupt)).toBe(1)
      expect(generated(fake)).toEqual(upTo(stage))
      expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    },
  )

  test.each(everywhere(['a1111', 'forge', 'sdnext']))(
    'after a call of $stage on $dialect interrupts nothing, and calls nothing more',
    async ({ dialect, stage }) => {
      await using there = await scene({ dialect })
      const stop = new AbortController()
      const observers = [when('call-finished', stage, () => stop.abort())]
      const { error, result } = await there.run({ signal: stop.signal, observers })
      expect(error?.code).toBe('SW_RUN_CANCELLED')
      expect(result.status).toBe('cancelled')
      expect(result.unfinished.filter(({ image }) => image !== undefined)).toHaveLength(2)
      expect(asked(there.fake, interrupt)).toBe(0)
      expect(generated(there.fake)).toEqual({ ...upTo(stage), [stage]: 1 })
    },
  )

  test.each(webuis)('while another client’s job runs on %s spares that job', async (dialect) => {
    await using there = await scene({ dialect })
    const { fake } = there
    const theirs = { kind: 'stall', at: 'during', match: { body: { prompt: 'theirs' } } } as const
    fake.faults.add(theirs)
    const answer = answered(fake.url, 1)
    await fake.until(({ job }) => job !== '')
    const stop = new AbortController()
    const running = there.run({ signal: stop.signal })
    await fake.until(({ queue }) => queue === 2)
    stop.abort()
    // Our task waits: it is looked at, and nothing is interrupted.
    await looks(fake, 3)
    expect([asked(fake, interrupt), fake.state.interrupted]).toEqual([0, false])
    // Ours is stopped as soon as it runs.
    const spared = fake.until(({ finished }) => finished === 1)
    fake.faults.release()
    await spared
    expect(await answer).toHaveLength(1)
    expect((await running).error?.code).toBe('SW_RUN_CANCELLED')
    expect(generated(fake)).toEqual({ txt2img: 2 })
  })
})

test('thirty calls on one signal listen to it once, and leave no listener behind', async () => {
  await using there = await scene({ dialect: 'a1111' })
  const { signal } = new AbortController()
  const ctx = { stage: 'txt2img', label: undefined, signal, contributions: [] }
  let most = 0
  const progress = () => {
    most = Math.max(most, getEventListeners(signal, 'abort').length)
  }
  const request = {
    prompt: 'a harbour',
    negative_prompt: '',
    sampler_name: 'Euler',
    scheduler: 'Automatic',
    cfg_scale: 7,
    seed: 7,
    subseed: 0,
    subseed_strength: 0,
    steps: 1,
    width: 64,
    height: 64,
    batch_size: 1,
  }
  const made = Array.from({ length: 30 }, () =>
    there.backend.call(Txt2Img, request, { ...ctx, id: randomUUID(), progress }),
  )
  await Promise.all(made)
  expect([most, getEventListeners(signal, 'abort').length]).toEqual([1, 0])
})

/** What the server answers to somebody else: pictures as base64. */
async function answered(url: string, batch: number): Promise<readonly string[]> {
  const response = await fetch(`${url}/sdapi/v1/txt2img`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      prompt: 'theirs',
      steps: 2,
      width: 64,
      height: 64,
      batch_size: batch,
      override_settings: { samples_format: 'png' },
    }),
  })
  return ((await response.json()) as { images: readonly string[] }).images
}
