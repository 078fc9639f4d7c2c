import { describe, expect, test } from 'vitest'

import { dialectNames, type Fault, manualClock } from '../src/index.js'
import { drawn, pixelsOf, started } from './client.js'

describe('connections', () => {
  test.each([
    ['drop', 'before', 0],
    ['drop', 'after', 1],
    ['reset', 'before', 0],
    ['reset', 'after', 1],
  ] as const)('%s %s the work', async (kind, at, finished) => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add({ kind, at })
    await expect(client.txt2img({})).rejects.toThrow()
    expect(client.fake.state.finished).toBe(finished)
    expect(client.fake.requests[0]).toMatchObject({ status: undefined, faults: [kind] })
    expect((await client.txt2img({})).status).toBe(200)
  })

  test('a truncated body ends before its length', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add({ kind: 'truncate', bytes: 100 })
    await expect(client.txt2img({})).rejects.toThrow()
    expect(client.fake.requests[0]!.status).toBe(200)
  })

  test('a slow body comes in pieces, on the clock of the test', async () => {
    const clock = manualClock()
    await using client = await started({ dialect: 'a1111', clock })
    client.fake.faults.add({ kind: 'slow', seconds: 10 })
    const answer = client.txt2img({})
    for (let i = 0; i < 10; i++) {
      while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(1000)
    }
    expect((await answer).json.images).toHaveLength(1)
  })

  test('a delay passes before the work', async () => {
    const clock = manualClock()
    await using client = await started({ dialect: 'forge', clock })
    client.fake.faults.add({ kind: 'delay', seconds: 60, match: { path: '/sdapi/v1/options' } })
    const answer = client.get('/sdapi/v1/options')
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(60_000)
    expect((await answer).status).toBe(200)
  })

  test('a stall lasts until it is released', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add({ kind: 'stall' })
    const answer = client.txt2img({})
    await client.fake.until(() => client.fake.requests.length === 1)
    expect((await client.get('/sdapi/v1/progress')).json.progress).toBe(0)
    client.fake.faults.release()
    expect((await answer).status).toBe(200)
  })

  test('a crash ends every connection and the memory, and a restart is the same server again', async () => {
    await using client = await started({ dialect: 'a1111' })
    await client.txt2img({})
    client.fake.faults.add({ kind: 'crash' })
    await expect(client.txt2img({ force_task_id: 'lost' })).rejects.toThrow()
    expect(client.fake.state).toMatchObject({ listening: false, loaded: undefined, finished: 1 })
    await expect(client.get('/sdapi/v1/options')).rejects.toThrow()
    const { url } = client.fake
    await client.fake.restart()
    expect(client.fake.url).toBe(url)
    expect((await client.txt2img({})).status).toBe(200)
    expect(client.fake.state.loads).toHaveLength(2)
  })

  test('work of a process that died holds nothing up in the next one', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add({ kind: 'stall', at: 'during' })
    const lost = client.txt2img({}).catch((error: unknown) => error)
    await client.fake.until(({ samplingSteps }) => samplingSteps > 0)
    await client.fake.crash()
    expect(await lost).toBeInstanceOf(Error)
    await client.fake.restart()
    expect((await client.txt2img({})).status).toBe(200)
    expect(client.fake.state).toMatchObject({ finished: 1, queue: 0, job: '' })
  })

  test('a crash with seconds starts again by itself', async () => {
    const clock = manualClock()
    await using client = await started({ dialect: 'reforge', clock })
    client.fake.faults.add({ kind: 'crash', at: 'before', seconds: 5 })
    await expect(client.txt2img({})).rejects.toThrow()
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(5000)
    await client.fake.until(({ listening }) => listening)
    expect((await client.txt2img({})).status).toBe(200)
  })
})

describe('answers', () => {
  test('a proxy’s page, with its type and status', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add({ kind: 'html', status: 504 })
    const { status, headers, text } = await client.txt2img({})
    expect({ status, type: headers['content-type'] }).toEqual({
      status: 504,
      type: 'text/html; charset=utf-8',
    })
    expect(text).toContain('<html>')
    expect(client.fake.state.finished).toBe(0)
  })

  test('any status and body, in place of the work or after it', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add(
      { kind: 'answer', status: 429, body: { detail: 'slow down' }, at: 'after' },
      { kind: 'answer', status: 500, body: 'Internal Server Error', skip: 1 },
    )
    expect(await client.txt2img({})).toMatchObject({ status: 429, json: { detail: 'slow down' } })
    expect(await client.txt2img({})).toMatchObject({ status: 500, text: 'Internal Server Error' })
    expect(client.fake.state.finished).toBe(1)
    expect((await client.txt2img({})).status).toBe(200)
  })
})

describe('work that fails', () => {
  test.each([
    ['a1111', 'oom', 500, 'OutOfMemoryError'],
    ['forge', 'oom', 500, 'OutOfMemoryError'],
    ['reforge', 'oom', 500, 'OutOfMemoryError'],
    ['sdnext', 'oom', 200, '"images":[]'],
    ['sdcpp', 'oom', 500, 'generate_image returned no results'],
    ['a1111', 'nan', 500, 'NansException'],
    ['reforge', 'nan', 500, 'NansException'],
    ['forge', 'nan', 200, '"images":["'],
    ['a1111', 'model_missing', 500, 'FileNotFoundError'],
  ] as const)('%s: %s', async (dialect, kind, status, text) => {
    await using client = await started({ dialect })
    client.fake.faults.add({ kind })
    const answer = await client.txt2img({})
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(text)
    expect((await client.txt2img({})).status).toBe(200)
  })

  test('a fault strikes the stage that it names', async () => {
    await using client = await started({ dialect: 'a1111' })
    const oom = (stage: NonNullable<Fault['match']>['stage']): Fault => ({
      kind: 'oom',
      match: { stage },
      times: Infinity,
    })
    client.fake.faults.add(oom('upscale'), oom('adetailer'), oom('hires'))
    const init_images = [await drawn(64, 64)]
    const unit = { ad_model: 'face_yolov8n.pt' }
    const detail = { alwayson_scripts: { ADetailer: { args: [true, true, unit] } } }
    const statuses = [
      await client.txt2img({}),
      await client.txt2img({ enable_hr: true }),
      await client.img2img({ init_images }),
      await client.img2img({ init_images, alwayson_scripts: { ADetailer: { args: [false] } } }),
      await client.post('/sdapi/v1/extra-single-image', {
        image: init_images[0],
        upscaler_1: 'Lanczos',
      }),
    ].map(({ status }) => status)
    expect(statuses).toEqual([200, 500, 200, 200, 500])
    // Inside ADetailer nothing reaches the client: the picture comes back as it was.
    const swallowed = await client.img2img({ init_images, ...detail })
    expect(swallowed.status).toBe(200)
    expect(await pixelsOf(swallowed.json.images[0])).toBe(await pixelsOf(init_images[0]!))
  })

  test('a predicate may decide', async () => {
    await using client = await started({ dialect: 'a1111' })
    client.fake.faults.add({
      kind: 'answer',
      status: 503,
      match: { when: ({ body }) => (body as { seed?: number } | undefined)?.seed === 7 },
    })
    expect((await client.txt2img({ seed: 6 })).status).toBe(200)
    expect((await client.txt2img({ seed: 7 })).status).toBe(503)
  })
})

describe('what a real server would have ignored', () => {
  test('is kept per request and named in a header', async () => {
    await using client = await started({ dialect: 'a1111' })
    const { headers } = await client.txt2img({
      clip_skip: 2,
      hr_upscaler: 'Latent',
      do_not_save_grid: true,
    })
    expect(headers['x-fake-ignored']).toBe('clip_skip, hr_upscaler, do_not_save_grid')
    expect(client.fake.ignored).toEqual([
      {
        id: 1,
        path: '/sdapi/v1/txt2img',
        fields: [
          { field: 'clip_skip', why: 'not a field of this request' },
          { field: 'hr_upscaler', why: 'acts only with enable_hr' },
          { field: 'do_not_save_grid', why: 'overwritten by save_images' },
        ],
      },
    ])
  })

  test.each(dialectNames)('%s, strict, answers 500 loudly', async (dialect) => {
    await using client = await started({ dialect, strict: true })
    expect((await client.txt2img({})).status).toBe(200)
    const { status, json } = await client.txt2img({ promt: 'a dog' })
    expect(status).toBe(500)
    expect(json).toMatchObject({ error: 'FakeWebuiStrict', ignored: [{ field: 'promt' }] })
  })
})

describe('the control plane', () => {
  test('serves tests in any language', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const added = await client.post('/__fake/faults', {
      kind: 'answer',
      status: 503,
      times: 'always',
    })
    expect(added.json).toEqual([{ kind: 'answer', status: 503, times: 'always', hit: 0 }])
    expect((await client.txt2img({ n_iter: 2 })).status).toBe(503)
    await client.post('/__fake/faults/clear')
    expect((await client.txt2img({ n_iter: 2 })).status).toBe(200)
    const requests = (await client.get('/__fake/requests')).json
    expect(requests).toMatchObject([
      { method: 'POST', path: '/sdapi/v1/txt2img', status: 503, body: { n_iter: 2 } },
      { status: 200 },
    ])
    expect((await client.get('/__fake/ignored')).json[0].fields[0].field).toBe('n_iter')
    const state = (await client.get('/__fake/state')).json
    expect(state).toMatchObject({ listening: true, finished: 1, job_count: 0, sampling_step: 0 })
    // Options keep the server's own names: CLIP_stop_at_last_layers.
    const { options: _options, ...ours } = state
    for (const key of [...keysOf(ours), ...keysOf(added.json)]) expect(key).toMatch(/^[a-z_]+$/)
    await client.post('/__fake/reset')
    expect((await client.get('/__fake/requests')).json).toEqual([])
    expect((await client.get('/__fake/state')).json.loads).toEqual([])
  })

  test('refuses a fault that it does not know, in words', async () => {
    await using client = await started({ dialect: 'forge' })
    const { status, json } = await client.post('/__fake/faults', [{ kind: 'omm' }])
    expect(status).toBe(400)
    expect(json.error).toContain('faults[0].kind must be one of delay, stall')
  })
})

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = Array.isArray(value) ? [] : Object.keys(value)
  return [...own, ...Object.values(value).flatMap((one) => keysOf(one))]
}
