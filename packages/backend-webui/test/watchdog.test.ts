import { describe, expect, test } from 'vitest'

import { httpTransport } from '../src/http/http-transport.js'
import { call, failure, turn } from './generate-call.js'
import { global, idle, interruptPath, path, task, watched } from './watched-generation.js'
import { answer, wireServer } from './wire-server.js'

const running = (progress: number) => ({ active: true, queued: false, completed: false, progress })
const queued = { active: false, queued: true, completed: false }
const busy = (step: number) => ({
  progress: 0.01 + step / 20,
  state: { job: 'scripts_txt2img', job_count: 1, job_no: 0, sampling_step: step },
})

describe('progress', () => {
  test('is told as one number that never falls, polled by task id', async () => {
    await using scene = await watched()
    for (const progress of [0, 0.4, 0.3]) await scene.poll(running(progress))
    scene.finish()
    await scene.pending
    expect(scene.told).toEqual([0, 0.4, 0.4, 1])
    expect(JSON.parse(scene.server.received[1]?.body.toString() ?? '')).toEqual({
      id_task: 'task-1',
      id_live_preview: -1,
      live_preview: false,
    })
  })

  test('comes from the global route when the one of tasks is missing', async () => {
    await using scene = await watched({
      routes: { [global]: (_, response) => answer(response, 200, busy(10)) },
    })
    await scene.poll(404)
    await scene.poll(404)
    scene.finish()
    await scene.pending
    expect(scene.told).toEqual([0.51, 1])
  })

  test('that cannot be read never fails the generation', async () => {
    await using scene = await watched()
    for (const unreadable of [500, 'no json', 429]) await scene.poll(unreadable)
    scene.clock.advance(119_000)
    scene.finish()
    expect(await scene.pending).toHaveProperty('images.length', 1)
  })

  test('is not asked for again before the last answer is here', async () => {
    await using scene = await watched()
    scene.says = 'hang'
    await scene.clock.endPause()
    await scene.server.nth(task, 1)
    scene.clock.advance(5000)
    for (let i = 0; i < 20; i++) await turn()
    expect(scene.server.count(task)).toBe(1)
    scene.finish()
    await scene.pending
  })

  test('says while a model is being loaded', async () => {
    await using scene = await watched({ options: { expectsLoad: true } })
    await scene.poll(running(0))
    await scene.poll(running(0.1))
    scene.finish()
    await scene.pending
    expect(scene.loading).toEqual([true, false, false])
  })

  test('tells how long it was until the first step, without the queue, to within half a poll', async () => {
    await using scene = await watched({ options: { expectsLoad: true } })
    await scene.poll(queued)
    scene.clock.advance(60_000)
    await scene.poll(queued)
    const free = scene.clock.now()
    await scene.poll(running(0))
    scene.clock.advance(8_000)
    await scene.poll(running(0))
    const still = scene.clock.now()
    await scene.poll(running(0.1))
    const stepped = scene.clock.now()
    await scene.poll(running(0.9))
    scene.finish()
    const { untilStep } = await scene.pending
    expect(still - free).toBeGreaterThan(8_000)
    expect(untilStep).toBe((still + stepped) / 2 - free)
  })

  test('takes steps that no poll saw to have begun between the last poll and the answer', async () => {
    await using scene = await watched({ options: { expectsLoad: true } })
    const free = scene.clock.now()
    await scene.poll(running(0))
    const still = scene.clock.now()
    scene.clock.advance(400)
    scene.finish()
    const { untilStep } = await scene.pending
    expect(untilStep).toBe((still + scene.clock.now()) / 2 - free)
  })

  test('tells nothing of the time until the first step where a queue that no poll saw may be in it', async () => {
    for (const [before, told] of [
      [busy(3), false],
      [idle, true],
    ] as const) {
      await using scene = await watched({
        options: { expectsLoad: true },
        routes: { [global]: (_, response) => answer(response, 200, before) },
      })
      await scene.poll(running(0))
      await scene.poll(running(0.1))
      scene.finish()
      expect((await scene.pending).untilStep !== undefined).toBe(told)
    }
  })

  test('tells the time until the first step behind another’s job where the queue was seen', async () => {
    await using scene = await watched({
      options: { expectsLoad: true },
      routes: { [global]: (_, response) => answer(response, 200, busy(3)) },
    })
    await scene.poll(queued)
    await scene.poll(running(0))
    await scene.poll(running(0.1))
    scene.finish()
    expect((await scene.pending).untilStep).toBeGreaterThan(0)
  })

  test.each([
    ['when the queue was over', [queued, 500, running(0), running(0.1)], 0],
    ['when the first step came', [running(0), 500, running(0.1)], 30_000],
  ])(
    'tells nothing of it where a poll without an answer leaves in doubt %s',
    async (_, polls, wait) => {
      await using scene = await watched({ options: { expectsLoad: true } })
      for (const [at, says] of polls.entries()) {
        if (at === 1) scene.clock.advance(wait)
        await scene.poll(says)
      }
      scene.finish()
      expect((await scene.pending).untilStep).toBeUndefined()
    },
  )

  test('tells nothing of the time until the first step where nobody saw it, or it may be another job’s', async () => {
    await using quick = await watched()
    quick.finish()
    expect((await quick.pending).untilStep).toBeUndefined()
    await using shared = await watched({
      routes: { [global]: (_, response) => answer(response, 200, busy(10)) },
    })
    await shared.poll(404)
    await shared.poll(404)
    shared.finish()
    expect((await shared.pending).untilStep).toBeUndefined()
  })
})

describe('a generation that does not move', () => {
  test('is interrupted and ends with an error after the stall limit', async () => {
    await using scene = await watched({ options: { interrupt: true } })
    await scene.poll(running(0.2))
    await scene.poll(running(0.2))
    scene.clock.advance(120_000)
    await scene.server.nth(interruptPath, 1)
    scene.finish()
    expect(await failure(scene.pending)).toMatchObject({
      code: 'SW_WEBUI_STALLED',
      details: { seconds: 120, interrupted: true },
    })
  })

  test('is given all the time while a foreseen model load has not led to a step', async () => {
    await using scene = await watched({ options: { expectsLoad: true } })
    await scene.poll(running(0))
    scene.clock.advance(600_000)
    await scene.poll(running(0.1))
    scene.clock.advance(120_000)
    expect(await failure(scene.pending)).toMatchObject({ code: 'SW_WEBUI_STALLED' })
  })

  test('is given all the time in the queue', async () => {
    await using scene = await watched()
    await scene.poll(queued)
    scene.clock.advance(1_000_000)
    await scene.poll(running(0.1))
    scene.finish()
    expect(await scene.pending).toHaveProperty('images.length', 1)
  })

  test('is given the limit for loads where a model is loaded between steps', async () => {
    await using scene = await watched({ options: { loadsBetween: true } })
    await scene.poll(running(0.6))
    scene.clock.advance(600_000)
    expect(await failure(scene.pending)).toMatchObject({ details: { seconds: 600 } })
  })

  test('has no stall limit where nobody tells of progress, but a total one', async () => {
    await using scene = await watched({ options: { progress: 'none' } })
    scene.clock.advance(3_600_000)
    expect(await failure(scene.pending)).toMatchObject({
      code: 'SW_WEBUI_TIMED_OUT',
      details: { seconds: 3600, interrupted: false },
    })
    expect(scene.server.count(task)).toBe(0)
  })
})

describe('a cancel', () => {
  const reason = new Error('enough')

  test('before sending sends nothing', async () => {
    await using server = await wireServer({})
    await using client = httpTransport({ baseUrl: server.url })
    const signal = AbortSignal.abort(reason)
    expect(await failure(client.generate(path, {}, call({ signal })))).toBe(reason)
    expect(server.received).toEqual([])
  })

  test('while waiting for another generation sends nothing', async () => {
    await using scene = await watched()
    const stop = new AbortController()
    const second = failure(scene.client.generate(path, {}, call({ signal: stop.signal })))
    stop.abort(reason)
    expect(await second).toBe(reason)
    scene.finish()
    await scene.pending
    expect(scene.server.count(path)).toBe(1)
    expect(await third(scene)).toHaveProperty('images.length', 1)
  })

  test('interrupts our running task, and the picture that comes back is no result', async () => {
    await using scene = await watched({ options: { interrupt: true } })
    scene.says = running(0.5)
    scene.stop.abort(reason)
    await scene.server.nth(interruptPath, 1)
    expect(scene.server.received.at(-1)?.headers['content-length']).toBe('0')
    scene.finish()
    expect(await failure(scene.pending)).toBe(reason)
  })

  test('waits in the queue until our task runs, and never interrupts another’s', async () => {
    await using scene = await watched({ options: { interrupt: true } })
    scene.says = queued
    const pauses = scene.clock.pauses
    scene.stop.abort(reason)
    await scene.clock.begun(pauses + 1)
    expect(scene.server.count(interruptPath)).toBe(0)
    scene.says = running(0)
    await scene.clock.endPause()
    await scene.server.nth(interruptPath, 1)
    scene.finish()
    expect(await failure(scene.pending)).toBe(reason)
  })

  test('does not wait for an interrupted task for ever', async () => {
    await using scene = await watched({ options: { interrupt: true } })
    scene.says = running(0.5)
    scene.stop.abort(reason)
    await scene.server.nth(interruptPath, 1)
    scene.clock.advance(30_000)
    expect(await failure(scene.pending)).toBe(reason)
  })

  test('interrupts nothing where that is not allowed', async () => {
    await using scene = await watched({ options: { interrupt: false } })
    scene.says = running(0.5)
    scene.stop.abort(reason)
    expect(await failure(scene.pending)).toBe(reason)
    expect(scene.server.count(interruptPath)).toBe(0)
  })

  test('by the global route interrupts only where the server was idle before', async () => {
    for (const [before, interrupts] of [
      [idle, 1],
      [busy(3), 0],
    ] as const) {
      let n = 0
      await using scene = await watched({
        routes: {
          [global]: (_, response) => answer(response, 200, n++ === 0 ? before : busy(5)),
        },
        options: { progress: 'global', interrupt: true },
      })
      scene.stop.abort(reason)
      if (interrupts === 1) await scene.server.nth(interruptPath, 1)
      scene.finish()
      expect(await failure(scene.pending)).toBe(reason)
      expect(scene.server.count(interruptPath)).toBe(interrupts)
    }
  })
})

async function third(scene: Awaited<ReturnType<typeof watched>>) {
  const pending = scene.client.generate(path, {}, call())
  await scene.server.nth(path, 2)
  scene.finish()
  return pending
}
