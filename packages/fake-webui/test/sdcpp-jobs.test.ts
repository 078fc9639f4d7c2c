import { describe, expect, test } from 'vitest'

import { manualClock } from '../src/index.js'
import { textsOf } from '../src/pictures/chunks.js'
import { type Answer, type Client, drawn, pixelsOf, sizeOf, started } from './client.js'

const quick = { prompt: 'a cat', width: 64, height: 64, seed: 42 }
const sampling = { sample_steps: 2, sample_method: 'euler' }

describe('a native job', () => {
  test('is accepted at once, and gives the picture of the same sdapi call when it is asked for', async () => {
    await using client = await started({ dialect: 'sdcpp', clock: manualClock(1_775_401_200_000) })
    const accepted = await submit(client, { batch_count: 2, sample_params: sampling })
    expect(accepted.status).toBe(202)
    expect(accepted.json).toEqual({
      id: 'job_69d278f0_00000000',
      kind: 'img_gen',
      status: 'queued',
      created: 1_775_401_200,
      poll_url: '/sdcpp/v1/jobs/job_69d278f0_00000000',
    })
    const job = await ended(client, accepted)
    expect(job).toMatchObject({
      kind: 'img_gen',
      status: 'completed',
      queue_position: 0,
      error: null,
      created: 0x69d278f0,
      started: 0x69d278f0,
      completed: 0x69d278f0,
    })
    expect(job.result.output_format).toBe('png')
    expect(job.result.images.map(({ index }: { index: number }) => index)).toEqual([0, 1])
    const same = await client.txt2img({ batch_size: 2, sampler_name: 'euler' })
    expect(await Promise.all(job.result.images.map(pictureOf))).toEqual(
      await Promise.all(same.json.images.map((one: string) => pixelsOf(one))),
    )
    const png = Buffer.from(job.result.images[1].b64_json, 'base64')
    expect(textsOf(png)['parameters']).toContain('Seed: 43')
  })

  test('has the server’s own defaults, not those of sdapi', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const job = await ended(client, await submit(client, { seed: undefined }))
    const text = textsOf(Buffer.from(job.result.images[0].b64_json, 'base64'))['parameters']!
    expect(text).toContain('Steps: 2, CFG scale: 7.000000')
    expect(text).toContain('Seed: 42')
  })

  test('redraws a picture, and has its second pass', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const over = await ended(client, await submit(client, { init_image: await drawn(64, 64) }))
    expect(await sizeOf(over.result.images[0].b64_json)).toBe('png 64x64')
    const plain = await ended(client, await submit(client, {}))
    expect(await pictureOf(over.result.images[0])).not.toBe(await pictureOf(plain.result.images[0]))
    const hires = { enabled: true, upscaler: 'Lanczos', scale: 2 }
    const larger = await ended(client, await submit(client, { hires }))
    expect(await sizeOf(larger.result.images[0].b64_json)).toBe('png 128x128')
  })

  test('comes as JPEG, without a text', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const ask = { output_format: 'JPEG', output_compression: 80, embed_image_metadata: false }
    const { result } = await ended(client, await submit(client, ask))
    expect(await sizeOf(result.images[0].b64_json)).toBe('jpeg 64x64')
    expect(result.output_format).toBe('jpeg')
  })

  test('that runs out of memory has failed, and says what generate_image says', async () => {
    await using client = await started({ dialect: 'sdcpp', vramMegapixels: 0.001 })
    expect(await ended(client, await submit(client, {}))).toMatchObject({
      status: 'failed',
      result: null,
      error: { code: 'generation_failed', message: 'generate_image returned no results' },
    })
  })

  test('is asked for until it expires: then it is gone, and later unknown', async () => {
    const clock = manualClock(1000)
    await using client = await started({ dialect: 'sdcpp', clock })
    const accepted = await submit(client, {})
    await ended(client, accepted)
    const { poll_url: url } = accepted.json
    await clock.advance(599_000)
    expect((await client.get(url)).status).toBe(200)
    await clock.advance(1000)
    for (const answer of [await client.get(url), await client.post(`${url}/cancel`)])
      expect([answer.status, answer.json]).toEqual([410, { error: 'job expired' }])
    await clock.advance(600_000)
    for (const answer of [await client.get(url), await client.post(`${url}/cancel`)])
      expect([answer.status, answer.json]).toEqual([404, { error: 'job not found' }])
  })
})

describe('the queue', () => {
  test('cancels what waits, not what generates, and tells what has ended as it ended', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    client.fake.faults.add({ kind: 'stall', at: 'during' })
    const running = (await submit(client, {})).json.poll_url
    const [second, third] = [await submit(client, {}), await submit(client, {})]
    await client.fake.until(({ samplingSteps }) => samplingSteps > 0)
    expect((await client.get(running)).json).toMatchObject({ status: 'generating', result: null })
    const refused = await client.post(`${running}/cancel`)
    expect([refused.status, refused.json.error]).toEqual([
      409,
      'job is currently generating and cannot be interrupted yet',
    ])
    const positions = [second, third].map(({ json }) => client.get(json.poll_url))
    expect((await Promise.all(positions)).map(({ json }) => json.queue_position)).toEqual([1, 2])
    const cancelled = await client.post(`${second.json.poll_url}/cancel`)
    expect([cancelled.status, cancelled.json]).toMatchObject([
      200,
      {
        status: 'cancelled',
        started: null,
        error: { code: 'cancelled', message: 'job cancelled by client' },
      },
    ])
    expect((await client.get(third.json.poll_url)).json.queue_position).toBe(1)
    client.fake.faults.release()
    await ended(client, third)
    const after = await client.post(`${running}/cancel`)
    expect([after.status, after.json.status]).toEqual([200, 'completed'])
    expect(client.fake.state.finished).toBe(2)
  })

  test('takes 64 jobs, and is full then', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    client.fake.faults.add({ kind: 'stall', at: 'during' })
    const accepted = []
    for (let i = 0; i < 64; i++) accepted.push((await submit(client, {})).status)
    expect(new Set(accepted)).toEqual(new Set([202]))
    const { status, json } = await submit(client, {})
    expect([status, json]).toEqual([429, { error: 'job queue is full' }])
  })

  test('shares its one lock with sdapi', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    client.fake.faults.add({ kind: 'stall', at: 'during' })
    await submit(client, {})
    const other = client.txt2img({})
    await client.fake.until(({ queue }) => queue === 2)
    expect(client.fake.state.finished).toBe(0)
    client.fake.faults.release()
    expect((await other).status).toBe(200)
    expect(client.fake.state.finished).toBe(2)
  })

  test('is lost with the process', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    client.fake.faults.add({ kind: 'crash', step: 2 })
    const first = await submit(client, { sample_params: sampling })
    await client.fake.until(({ listening }) => !listening)
    await client.fake.restart()
    expect((await client.get(first.json.poll_url)).status).toBe(404)
    expect(client.fake.state.finished).toBe(0)
  })
})

describe('a native request', () => {
  const loras = { loras: ['ink'] }
  test.each([
    ['an unknown LoRA', { lora: [{ path: 'nope.safetensors' }] }, 'invalid generation parameters'],
    ['a negative guidance', { sample_params: { guidance: { txt_cfg: -1 } } }, 'invalid generation'],
    ['a strength above 1', { strength: 1.5 }, 'invalid generation parameters'],
    ['an unknown cache', { cache_mode: 'fast' }, 'invalid generation parameters'],
    ['an unknown upscaler', { hires: { enabled: true, upscaler: 'X' } }, 'invalid generation'],
    ['a broken picture', { init_image: '!!!' }, 'invalid generation parameters'],
    ['another format', { output_format: 'webp' }, 'must be one of [png, jpeg]'],
  ])('with %s is refused before it is a job', async (_, body, error) => {
    await using client = await started({ dialect: 'sdcpp', ...loras })
    const { status, json } = await submit(client, body)
    expect([status, json.error]).toEqual([400, expect.stringContaining(error)])
  })

  test('that is no JSON object is refused, in the words of this API', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const path = '/sdcpp/v1/img_gen'
    expect((await client.raw('POST', path)).json).toEqual({ error: 'empty body' })
    const broken = await client.raw('POST', path, '{"prompt":')
    expect([broken.status, broken.json.error]).toEqual([400, 'invalid json'])
    const list = await client.raw('POST', path, '[]')
    expect([list.status, list.json.message]).toEqual([
      500,
      '[json.exception.type_error.306] cannot use value() with array',
    ])
    const video = await client.post('/sdcpp/v1/vid_gen', quick)
    expect([video.status, video.json.error]).toEqual([400, 'loaded model does not support vid_gen'])
  })

  test('knows a LoRA whose list was never asked for', async () => {
    await using client = await started({ dialect: 'sdcpp', ...loras })
    expect((await submit(client, { lora: [{ path: 'ink.safetensors' }] })).status).toBe(202)
  })

  test('loses what is of the wrong type, unknown, or another API’s, and the fake tells it', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const { status } = await submit(client, {
      steps: 4,
      width: '64',
      mask_image: await drawn(64, 64),
      sample_params: {
        sample_method: 'Euler a',
        scheduler: 'Karras',
        sample_step: 3,
      },
    })
    expect(status).toBe(202)
    expect(client.fake.ignored[0]!.fields.map(({ field }) => field).toSorted()).toEqual([
      'mask_image',
      'sample_params.sample_method',
      'sample_params.sample_step',
      'sample_params.scheduler',
      'steps',
      'width',
    ])
  })

  test.each([
    ['output_format jpeg with embed_image_metadata', { output_format: 'jpeg' }],
    ['ref_images', { ref_images: ['aGVsbG8='] }],
  ])('with a part of which nothing is known answers 501 and names it: %s', async (part, body) => {
    await using client = await started({ dialect: 'sdcpp' })
    const { status, json } = await submit(client, body)
    expect([status, json.message]).toEqual([
      501,
      `fake-webui does not know what POST /sdcpp/v1/img_gen makes of ${part}`,
    ])
  })
})

function submit(client: Client, body: Record<string, unknown>): Promise<Answer> {
  return client.post('/sdcpp/v1/img_gen', { ...quick, ...body })
}

/** Polls, as a client has to. */
async function ended(client: Client, { json }: Answer): Promise<Answer['json']> {
  for (;;) {
    const job = (await client.get(json.poll_url)).json
    if (!['queued', 'generating'].includes(job.status)) return job
  }
}

function pictureOf({ b64_json: base64 }: { b64_json: string }): Promise<string> {
  return pixelsOf(base64)
}
