import { describe, expect, test } from 'vitest'

import { failure } from './generate-call.js'
import { global, interruptPath, path, task, watched } from './watched-generation.js'
import { answer, type Received } from './wire-server.js'

const running = { active: true, queued: false, completed: false, progress: 0.5 }
const queued = { active: false, queued: true, completed: false }
const finished = { active: false, queued: false, completed: true }
const unknown = { active: false, queued: false, completed: false }

describe('a connection that breaks while the server works', () => {
  test('is waited out by task id, and the work is not done twice', async () => {
    await using scene = await watched()
    await cut(scene)
    for (const says of [queued, running, running]) await scene.poll(says)
    expect(await failure(scene.pollUntil(finished, scene.pending))).toMatchObject({
      code: 'SW_WEBUI_RESULT_LOST',
      cause: { code: 'SW_WEBUI_BROKEN' },
    })
    expect(scene.server.count(path)).toBe(1)
  })

  test('is followed by one repetition when the server knows nothing of the task', async () => {
    await using scene = await watched()
    await cut(scene)
    await scene.pollUntil(unknown, scene.server.nth(path, 2))
    scene.finish()
    const { images, warnings } = await scene.pending
    expect(images).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('sent once more')])
    const bodies = scene.server.received.filter((one) => one.path === path)
    expect(bodies[0]?.body.equals(bodies[1]?.body ?? Buffer.alloc(0))).toBe(true)
  })

  test('is not followed by a second repetition', async () => {
    await using scene = await watched()
    await cut(scene)
    await scene.pollUntil(unknown, cut(scene, 2))
    const error = await failure(scene.pollUntil(unknown, scene.pending))
    expect(error).toMatchObject({ code: 'SW_WEBUI_BROKEN' })
    expect(scene.server.count(path)).toBe(2)
  })

  test('ends by the stall limit when a failed task stays active for ever', async () => {
    await using scene = await watched()
    await cut(scene)
    await scene.poll(running)
    scene.clock.advance(120_000)
    expect(await failure(scene.pending)).toMatchObject({ code: 'SW_WEBUI_STALLED' })
    expect(scene.server.count(path)).toBe(1)
  })

  test('loses the server when nothing listens any more', async () => {
    await using scene = await watched()
    await cut(scene)
    await scene.server[Symbol.asyncDispose]()
    expect(await failure(scene.pollUntil(undefined, scene.pending))).toMatchObject({
      code: 'SW_BACKEND_LOST',
      details: { backend: 'webui' },
    })
  })

  test('may be cancelled, and interrupts the task that still runs', async () => {
    await using scene = await watched({ options: { interrupt: true } })
    await cut(scene)
    await scene.poll(running)
    const reason = new Error('enough')
    scene.stop.abort(reason)
    await scene.server.nth(interruptPath, 1)
    expect(await failure(scene.pending)).toBe(reason)
  })

  test('by the global route is waited for until the server is idle', async () => {
    const over = { job: '', job_count: 0 }
    // A job that failed leaves its step.
    for (const state of [over, { ...over, job_no: 0, sampling_step: 7 }]) {
      const busy = { progress: 0.5, state: { job: 'scripts_txt2img', job_count: 1 } }
      let says: unknown = busy
      await using scene = await watched({
        options: { progress: 'global' },
        routes: { [global]: (_, response) => answer(response, 200, says) },
      })
      await cut(scene)
      await scene.poll(undefined)
      says = { progress: 0, state }
      const error = await failure(scene.pollUntil(undefined, scene.pending))
      expect(error).toMatchObject({ code: 'SW_WEBUI_RESULT_LOST' })
      expect(scene.server.count(path)).toBe(1)
    }
  })

  test('with no progress route leaves the outcome unknown, and repeats nothing', async () => {
    await using scene = await watched({ options: { progress: 'none' } })
    await cut(scene)
    expect(await failure(scene.pending)).toMatchObject({
      code: 'SW_WEBUI_OUTCOME_UNKNOWN',
      hint: expect.stringContaining('not repeated'),
    })
    expect(scene.server.count(path)).toBe(1)
  })
})

describe('a proxy that gives up', () => {
  test('is like a broken connection: the work is waited for', async () => {
    await using scene = await watched({
      routes: { [path]: (_, response) => answer(response, 504, '<html>Gateway Time-out</html>') },
    })
    await scene.poll(running)
    expect(await failure(scene.pollUntil(finished, scene.pending))).toMatchObject({
      code: 'SW_WEBUI_RESULT_LOST',
      message: expect.stringContaining('a proxy gave up'),
      cause: { code: 'SW_WEBUI_GATEWAY', hint: expect.stringContaining('read timeout') },
    })
    expect(scene.server.count(path)).toBe(1)
    expect(scene.server.count(task)).toBeGreaterThan(1)
  })
})

async function cut(scene: Awaited<ReturnType<typeof watched>>, n = 1): Promise<void> {
  const { socket }: Received = await scene.server.nth(path, n)
  socket.resetAndDestroy()
}
