import { describe, expect, test } from 'vitest'

import { manualClock } from '../src/index.js'
import { drawn, sizeOf, started } from './client.js'

const stall = (step = 2) => ({ kind: 'stall', at: 'during', step }) as const

describe('progress', () => {
  test('is idle before and after, and tells of whichever job runs', async () => {
    await using client = await started({ dialect: 'a1111' })
    const idle = (await client.get('/sdapi/v1/progress')).json
    expect(idle).toMatchObject({ progress: 0, eta_relative: 0, current_image: null })
    expect(idle.state).toMatchObject({ job: '', job_count: 0, interrupted: false })
    client.fake.faults.add(stall(3))
    const answer = client.txt2img({ steps: 4 })
    await client.fake.until(({ samplingStep }) => samplingStep === 2)
    const running = (await client.get('/sdapi/v1/progress')).json
    expect(running.progress).toBeCloseTo(0.51)
    expect(running.state).toMatchObject({ job: 'scripts_txt2img', job_count: 1, sampling_steps: 4 })
    expect(await sizeOf(running.current_image)).toBe('png 64x64')
    const skipped = await client.get('/sdapi/v1/progress?skip_current_image=true')
    expect(skipped.json.current_image).toBeNull()
    client.fake.faults.release()
    await answer
    expect((await client.get('/sdapi/v1/progress')).json.progress).toBe(0)
  })

  test('hires doubles the count of parts', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add(stall())
    const answer = client.txt2img({ enable_hr: true, n_iter: 2 })
    await client.fake.until(({ samplingStep }) => samplingStep === 1)
    expect(client.fake.state).toMatchObject({ jobCount: 4, job: 'Batch 1 out of 2' })
    client.fake.faults.release()
    await answer
  })

  test('extras read 1.0 all the while, and a failed one keeps the server from looking idle', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add(stall(1))
    const image = await drawn(32, 32)
    const answer = client.post('/sdapi/v1/extra-single-image', { image, upscaler_1: 'Lanczos' })
    await client.fake.until(({ job }) => job === 'extras')
    expect((await client.get('/sdapi/v1/progress')).json.progress).toBe(1)
    client.fake.faults.release()
    await answer
    await client.post('/sdapi/v1/extra-single-image', { image, upscaler_1: 'Nope' })
    expect((await client.get('/sdapi/v1/progress')).json.state.job_count).toBe(1)
    await client.txt2img({})
    expect((await client.get('/sdapi/v1/progress')).json.state.job_count).toBe(0)
  })

  test('a task is queued, active, completed; one that raised stays active until the next', async () => {
    await using client = await started({ dialect: 'a1111' })
    const ask = async (id_task: string) =>
      (await client.post('/internal/progress', { id_task, id_live_preview: -1 })).json
    client.fake.faults.add(stall())
    const first = client.txt2img({ force_task_id: 'one' })
    await client.fake.until(({ samplingStep }) => samplingStep === 1)
    const second = client.txt2img({ force_task_id: 'two' })
    await client.fake.until(({ tasks }) => tasks.pending.includes('two'))
    expect(await ask('one')).toMatchObject({ active: true, queued: false, completed: false })
    expect(await ask('one')).toMatchObject({ progress: 0.5 })
    expect(await ask('two')).toMatchObject({ active: false, queued: true })
    expect((await client.get('/internal/pending-tasks')).json).toEqual({ size: 1, tasks: ['two'] })
    client.fake.faults.release()
    await Promise.all([first, second])
    expect(await ask('one')).toMatchObject({ active: false, completed: true })
    await client.txt2img({ force_task_id: 'bad', override_settings: { nope: 1 } })
    expect(await ask('bad')).toMatchObject({ active: true, completed: false })
    await client.txt2img({})
    expect(await ask('bad')).toMatchObject({ active: false, completed: false })
  })

  test('of the running task it gives a live preview, once, and only to who asks for it', async () => {
    await using client = await started({ dialect: 'forge' })
    client.fake.faults.add(stall())
    const answer = client.txt2img({ force_task_id: 'mine' })
    await client.fake.until(({ samplingStep }) => samplingStep === 1)
    const ask = async (how: object) =>
      (await client.post('/internal/progress', { id_task: 'mine', ...how })).json
    const first = await ask({ id_live_preview: -1 })
    const [head, base64] = first.live_preview.split(',')
    expect([head, await sizeOf(base64)]).toEqual(['data:image/png;base64', 'png 64x64'])
    const again = await ask({ id_live_preview: first.id_live_preview })
    expect(again).toMatchObject({ live_preview: null, id_live_preview: first.id_live_preview })
    const without = await ask({ id_live_preview: -1, live_preview: false })
    expect(without).toMatchObject({ live_preview: null, id_live_preview: -1 })
    const { json: other } = await client.post('/internal/progress', { id_task: 'other' })
    expect(other).toMatchObject({ active: false, live_preview: null })
    client.fake.faults.release()
    await answer
  })

  test('only the last 16 tasks are remembered', async () => {
    await using client = await started({ dialect: 'a1111' })
    for (let i = 0; i < 17; i++) await client.txt2img({ force_task_id: `t${String(i)}`, steps: 1 })
    expect(client.fake.state.tasks.finished).toHaveLength(16)
    expect(client.fake.state.tasks.finished).not.toContain('t0')
  })
})

describe('interrupt', () => {
  test('gives a half-denoised picture with 200, and the flag stays until the next job', async () => {
    await using client = await started({ dialect: 'a1111' })
    const whole = await client.txt2img({ steps: 8 })
    client.fake.faults.add(stall(3))
    const answer = client.txt2img({ steps: 8, n_iter: 2 })
    await client.fake.until(({ samplingStep }) => samplingStep === 2)
    expect((await client.post('/sdapi/v1/interrupt')).json).toEqual({})
    const { status, json } = await answer
    expect(status).toBe(200)
    expect(json.images).toHaveLength(1)
    expect(json.images[0]).not.toBe(whole.json.images[0])
    expect(JSON.parse(json.info)).not.toHaveProperty('interrupted')
    expect((await client.get('/sdapi/v1/progress')).json.state.interrupted).toBe(true)
    await client.txt2img({})
    expect((await client.get('/sdapi/v1/progress')).json.state.interrupted).toBe(false)
  })

  test('in the first pass of hires gives a picture of the first size', async () => {
    await using client = await started({ dialect: 'reforge' })
    client.fake.faults.add(stall())
    const answer = client.txt2img({ enable_hr: true })
    await client.fake.until(({ samplingStep }) => samplingStep === 1)
    await client.post('/sdapi/v1/interrupt')
    expect(await sizeOf((await answer).json.images[0])).toBe('png 64x64')
  })

  test('hits the running job, not the one that waits', async () => {
    await using client = await started({ dialect: 'forge' })
    client.fake.faults.add(stall())
    const running = client.txt2img({ seed: 1 })
    await client.fake.until(({ samplingStep }) => samplingStep === 1)
    const waiting = client.txt2img({ seed: 2 })
    await client.fake.until(({ queue }) => queue === 2)
    await client.post('/sdapi/v1/interrupt')
    await running
    const alone = await client.txt2img({ seed: 2 })
    expect((await waiting).json.images[0]).toBe(alone.json.images[0])
  })

  test('SD.Next answers 204, and the interrupted job comes without pictures and with an empty info', async () => {
    await using client = await started({ dialect: 'sdnext' })
    client.fake.faults.add(stall())
    const answer = client.txt2img({})
    await client.fake.until(({ samplingStep }) => samplingStep === 1)
    const interrupted = await client.post('/sdapi/v1/interrupt')
    expect({ status: interrupted.status, text: interrupted.text }).toEqual({
      status: 204,
      text: '',
    })
    expect((await answer).json).toMatchObject({ images: [], info: '' })
  })

  test('skip leaves the batch it hits, and goes on with the next', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add(stall())
    const answer = client.txt2img({ n_iter: 2 })
    await client.fake.until(({ samplingStep }) => samplingStep === 1)
    expect((await client.post('/sdapi/v1/skip')).text).toBe('null')
    client.fake.faults.release()
    expect((await answer).json.images).toHaveLength(2)
  })
})

describe('one lock for all that generates', () => {
  test('jobs run one after another in the order of arrival; reading does not wait', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add(stall())
    const order: number[] = []
    const jobs = []
    for (const n of [1, 2, 3]) {
      jobs.push(client.txt2img({ seed: n }).then(() => order.push(n)))
      await client.fake.until(({ queue }) => queue === n)
    }
    expect((await client.get('/sdapi/v1/options')).status).toBe(200)
    client.fake.faults.release()
    await Promise.all(jobs)
    expect(order).toEqual([1, 2, 3])
  })

  test('a client that hangs up does not stop its job', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add({ kind: 'drop', at: 'during' })
    await expect(client.txt2img({})).rejects.toThrow()
    await client.fake.until(({ finished }) => finished === 1)
    expect(client.fake.state.finished).toBe(1)
  })
})

test('work takes as long as the latency model says, on a clock that the test commands', async () => {
  const clock = manualClock(Date.UTC(2026, 0, 2, 3, 4, 5))
  const latency = { modelLoad: 10, step: 100, megapixel: 0, scale: 1 }
  await using client = await started({ dialect: 'a1111', clock, latency })
  const answer = client.txt2img({ steps: 2, width: 512, height: 512 })
  await client.fake.until(({ job }) => job !== '')
  while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve))
  await clock.advance(10_000)
  expect(client.fake.state).toMatchObject({ loads: [{ seconds: 10 }], samplingStep: 0 })
  await clock.advance(26_300)
  expect(client.fake.state.samplingStep).toBe(1)
  const { json } = await client.get('/sdapi/v1/progress?skip_current_image=true')
  expect(json.eta_relative).toBeGreaterThan(0)
  await clock.advance(26_300)
  expect(JSON.parse((await answer).json.info).job_timestamp).toBe('20260102030405')
})
