import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { describe, expect, test } from 'vitest'

import { manualClock } from '../src/index.js'
import { textsOf } from '../src/pictures/chunks.js'
import { drawn, pixelsOf, sizeOf, started } from './client.js'

interface Recorded {
  readonly request: { method: 'GET' | 'POST'; path: string; body: unknown }
  readonly status: number
  readonly headers: Record<string, string>
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies of a foreign API
  readonly body: any
}

const folder = join(import.meta.dirname, 'recorded')
const names = readdirSync(folder).map((file) => file.replace('.json', ''))
const recorded = (name: string): Recorded =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Recorded

describe('sd-server answers as the recorded one', () => {
  test.each(names)('%s', async (name) => {
    const { request, status, headers, body } = recorded(name)
    await using client = await started({ dialect: 'sdcpp' })
    let sent = request.body
    if (name === 'i2i_basic') sent = { ...(sent as object), init_images: [await drawn(64, 64)] }
    const raw =
      name === 'err_invalid_utf8'
        ? Buffer.from(sent as string, 'latin1')
        : typeof sent === 'string'
          ? sent
          : sent === null
            ? undefined
            : JSON.stringify(sent)
    const answer = await client.raw(request.method, request.path, raw)

    expect(answer.status).toBe(status)
    const lengthy = body !== null && typeof body === 'object' && 'images' in body
    const wanted = Object.fromEntries(
      Object.entries(headers).filter(([key]) => !(lengthy && key === 'content-length')),
    )
    expect(answer.headers).toMatchObject(wanted)
    if (!lengthy) {
      if (typeof body === 'string') expect(answer.text).toBe(body)
      else expect(answer.json).toEqual(body)
      return
    }
    const { images, info, parameters } = answer.json
    expect(JSON.parse(info)).toEqual(JSON.parse(body.info))
    expect(info).toBe(body.info)
    if (name !== 'i2i_basic') expect(parameters).toEqual(body.parameters)
    expect(await Promise.all(images.map((one: string) => sizeOf(one)))).toEqual(
      body.images.map(
        (one: { width: number; height: number }) =>
          `png ${String(one.width)}x${String(one.height)}`,
      ),
    )
    const text = textsOf(Buffer.from(images[0], 'base64'))['parameters']!
    expect(Buffer.from(text, 'latin1').toString('utf8')).toBe(body.images[0].text)
  })
})

describe('sd-server, as it was observed', () => {
  test('sides are rounded up to 64, and the text keeps what was asked for', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const { json } = await client.txt2img({ width: 100, height: 72 })
    expect(await sizeOf(json.images[0])).toBe('png 128x128')
    expect(JSON.parse(json.info)).toMatchObject({ width: 100, height: 72 })
  })

  test('n_iter is ignored, batch_size counts, and both are clamped without a word', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const { json } = await client.txt2img({ n_iter: 3, batch_size: 20, steps: 100000 })
    expect(json.images).toHaveLength(8)
    expect(JSON.parse(json.info)).toMatchObject({ steps: 100 })
    expect(json.parameters).toMatchObject({ n_iter: 3, batch_size: 20 })
    expect(client.fake.ignored[0]!.fields.map(({ field }) => field)).toContain('n_iter')
  })

  test('one side of the second pass makes a square, and hr_steps is the name of its steps', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const { json, headers } = await client.txt2img({
      enable_hr: true,
      hr_resize_x: 192,
      hr_second_pass_steps: 3,
      hr_steps: 2,
    })
    expect(await sizeOf(json.images[0])).toBe('png 192x192')
    expect(headers['x-fake-ignored']).toBe('hr_second_pass_steps')
    expect(JSON.parse(json.info).infotexts[0]).toContain('Hires steps: 2,')
  })

  test('an image that cannot be read is no error: the pixels are those of txt2img', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const plain = await client.txt2img({})
    for (const init_images of [null, [], 'x', ['!!!'], ['aGVsbG8=']]) {
      const answer = await client.img2img({ init_images })
      expect(answer.status).toBe(200)
      expect(await pixelsOf(answer.json.images[0])).toBe(await pixelsOf(plain.json.images[0]))
    }
  })

  test('a LoRA path is unknown until the list was asked for once', async () => {
    await using client = await started({ dialect: 'sdcpp', loras: ['ink'] })
    const ask = { lora: [{ path: 'ink.safetensors', multiplier: 1 }] }
    expect((await client.txt2img(ask)).json).toEqual({
      error: 'invalid lora path: ink.safetensors',
    })
    expect((await client.get('/sdapi/v1/loras')).json).toEqual([
      { name: 'ink', path: 'ink.safetensors' },
    ])
    expect((await client.txt2img(ask)).status).toBe(200)
  })

  test('seeds are 32-bit integers with a sign', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    expect(JSON.parse((await client.txt2img({ seed: 2 ** 32 })).json.info).seed).toBe(0)
    expect(JSON.parse((await client.txt2img({ seed: 2 ** 31 })).json.info).seed).not.toBe(2 ** 31)
  })

  test.each([
    [{ width: 0 }, 400, { error: 'width and height must be positive' }],
    [{ cfg_scale: -1 }, 400, { error: 'invalid params' }],
    [{ enable_hr: true, denoising_strength: 0 }, 400, { error: 'invalid params' }],
    [{ lora: [{}] }, 400, { error: 'lora.path required' }],
    [
      { sampler_name: null },
      500,
      {
        error: 'server_error',
        message: '[json.exception.type_error.302] type must be string, but is null',
      },
    ],
    [
      { enable_hr: 1 },
      500,
      {
        error: 'server_error',
        message: '[json.exception.type_error.302] type must be boolean, but is number',
      },
    ],
  ])('%j is refused in its words', async (body, status, answer) => {
    await using client = await started({ dialect: 'sdcpp' })
    const { status: got, json } = await client.txt2img(body)
    expect({ got, json }).toEqual({ got: status, json: answer })
  })

  test('what does not exist, and a wrong method, are 404 without a body', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    for (const path of ['/sdapi/v1/progress', '/sdapi/v1/samplers/', '/openapi.json', '/nowhere']) {
      const { status, text, headers } = await client.get(path)
      expect({ status, text, type: headers['content-type'] }).toEqual({
        status: 404,
        text: '',
        type: undefined,
      })
    }
    expect((await client.raw('POST', '/sdapi/v1/samplers', '{}')).status).toBe(404)
    expect((await client.post('/sdapi/v1/options', {})).status).toBe(404)
  })

  test('a preflight is 204; an encoded body and a long address are refused without a body', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const preflight = await fetch(`${client.fake.url}/sdapi/v1/txt2img`, { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      204,
      '*',
    ])
    const zipped = await client.post('/sdapi/v1/txt2img', {}, { 'content-encoding': 'gzip' })
    expect([zipped.status, zipped.text]).toEqual([415, ''])
    const long = await client.get(`/sdapi/v1/options?${'x'.repeat(8192)}`)
    expect([long.status, long.text]).toEqual([414, ''])
  })

  test('a POST that does not say how long it is stalls for five seconds', async () => {
    const clock = manualClock(0)
    await using client = await started({ dialect: 'sdcpp', clock, latency: { scale: 1 } })
    const { hostname, port } = new URL(client.fake.url)
    const socket = connect(Number(port), hostname)
    socket.write('POST /sdapi/v1/options HTTP/1.1\r\nHost: fake\r\n\r\n')
    const ended = once(socket, 'end')
    let answer = ''
    socket.on('data', (part) => (answer += part.toString()))
    while (clock.sleeping === 0) await nextTurn()
    await clock.advance(4999)
    expect([answer, clock.sleeping]).toEqual(['', 1])
    await clock.advance(1)
    await ended
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
  })

  test('out of memory is an answer without results', async () => {
    await using client = await started({ dialect: 'sdcpp', vramMegapixels: 0.001 })
    const { status, json } = await client.txt2img({})
    expect({ status, json }).toEqual({
      status: 500,
      json: { error: 'generate_image returned no results' },
    })
  })

  test('a route of which nothing is known answers 501 and names it', async () => {
    await using client = await started({ dialect: 'sdcpp' })
    const { status, json } = await client.post('/v1/images/generations', {})
    expect(status).toBe(501)
    expect(json.message).toContain('POST /v1/images/generations')
  })
})
