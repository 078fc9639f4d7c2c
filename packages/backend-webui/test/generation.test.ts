import { gzipSync } from 'node:zlib'

import { describe, expect, test } from 'vitest'

import { httpTransport, type HttpTransportOptions } from '../src/http/http-transport.js'
import { call, failure, picture, turn, txt2imgAnswer } from './generate-call.js'
import { EagerClock } from './manual-clock.js'
import { answer, closedPort, type Route, wireServer } from './wire-server.js'

const path = '/sdapi/v1/txt2img'
const small = picture.subarray(0, 100)

describe('a generation', () => {
  test('gives its pictures as bytes and the rest without what was echoed', async () => {
    await using server = await serving((_, response) =>
      answer(response, 200, txt2imgAnswer(picture, null, small), { 'x-process-time': '1' }),
    )
    await using client = transport(server.url)
    const told: number[] = []
    const got = await client.generate(
      path,
      { prompt: 'cat', init_images: [picture] },
      call({ onProgress: (fraction) => told.push(fraction) }),
    )
    expect(got.images.map((one) => one && Buffer.from(one).toString('base64'))).toEqual(
      txt2imgAnswer(picture, null, small)['images'],
    )
    expect(got.body).toEqual({ info: '{"seed": 1}' })
    expect(got).toMatchObject({ status: 200, warnings: [], headers: { 'x-process-time': '1' } })
    expect(told).toEqual([1])
    const [sent] = server.received
    const body = { prompt: 'cat', init_images: [Buffer.from(picture).toString('base64')] }
    expect(sent?.body.equals(Buffer.from(JSON.stringify(body)))).toBe(true)
    expect(sent?.headers).toMatchObject({
      'accept-encoding': 'identity',
      'content-length': String(JSON.stringify(body).length),
      connection: 'close',
    })
  })

  test('reads a single picture, chunked and compressed by a proxy', async () => {
    await using server = await serving((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      const text = JSON.stringify({
        html_info: '',
        image: Buffer.from(picture).toString('base64'),
      })
      const packed = gzipSync(text)
      response.write(packed.subarray(0, 1000))
      response.end(packed.subarray(1000))
    })
    await using client = transport(server.url)
    const { images, body } = await client.generate(path, {}, call())
    expect(images).toHaveLength(1)
    expect(Buffer.from(picture).equals(images[0] ?? small)).toBe(true)
    expect(body).toEqual({ html_info: '' })
  })

  test('finds the server by the name localhost, whichever family it listens on', async () => {
    await using server = await serving((_, response) =>
      answer(response, 200, txt2imgAnswer(picture)),
    )
    await using client = transport(server.url.replace('127.0.0.1', 'localhost'))
    const { images } = await client.generate(path, {}, call())
    expect(Buffer.from(picture).equals(images[0] ?? small)).toBe(true)
  })

  test('waits for the one before it', async () => {
    const responses: (() => void)[] = []
    await using server = await serving((_, response) => {
      responses.push(() => answer(response, 200, txt2imgAnswer(small)))
    })
    await using client = transport(server.url)
    const first = client.generate(path, {}, call())
    const second = client.generate(path, {}, call())
    await server.nth(path, 1)
    for (let i = 0; i < 20; i++) await turn()
    expect(server.count(path)).toBe(1)
    responses[0]?.()
    await first
    await server.nth(path, 2)
    responses[1]?.()
    expect((await second).images).toHaveLength(1)
  })

  test('is repeated while nothing listens, for then it surely has not begun', async () => {
    const clock = new EagerClock()
    await using client = transport(await closedPort(), { clock })
    const error = await failure(client.generate(path, {}, call()))
    expect(error).toMatchObject({ code: 'SW_WEBUI_UNREACHABLE' })
    expect(clock.pauses.filter((ms) => ms < 1000)).toHaveLength(2)
  })

  test('ends at once when the client is disposed', async () => {
    await using server = await serving(() => {})
    const client = transport(server.url)
    const pending = failure(client.generate(path, {}, call()))
    await server.nth(path, 1)
    await client[Symbol.asyncDispose]()
    expect(await pending).toMatchObject({ code: 'SW_WEBUI_CLOSED' })
  })
})

describe('an answer without usable pictures is a typed error', () => {
  const cases: readonly [string, Route, string][] = [
    ['images: null', say({ images: null, info: '' }), 'SW_WEBUI_NO_PICTURES'],
    ['image: null', say({ image: null }), 'SW_WEBUI_NO_PICTURES'],
    ['neither field', say({ info: '' }), 'SW_WEBUI_BAD_ANSWER'],
    ['a bare text', say('"TypeError"'), 'SW_WEBUI_BAD_ANSWER'],
    ['images that are numbers', say({ images: [1] }), 'SW_WEBUI_BAD_ANSWER'],
    ['bad base64', say({ images: ['not base64!'] }), 'SW_WEBUI_BAD_BASE64'],
    ['nothing', say(''), 'SW_WEBUI_EMPTY_ANSWER'],
    ['JSON that ends early', say('{"images": ["aGk'), 'SW_WEBUI_TRUNCATED'],
    ['a web page', say('<html><title>Sign in</title>'), 'SW_WEBUI_HTML'],
    ['too many pictures', say(txt2imgAnswer(...Array(9).fill(small))), 'SW_WEBUI_LIMIT'],
    ['too large a picture', say(txt2imgAnswer(picture, picture)), 'SW_WEBUI_LIMIT'],
    [
      'a connection that breaks among them',
      ({ socket }, response) => {
        response.writeHead(200, { 'content-length': '100000' })
        response.write('{"images": ["', () => socket.resetAndDestroy())
      },
      'SW_WEBUI_RESULT_LOST',
    ],
    [
      'a compressed answer that is cut off',
      (_, response) => {
        const packed = gzipSync(JSON.stringify(txt2imgAnswer(small)))
        response.writeHead(200, { 'content-encoding': 'gzip' })
        response.end(packed.subarray(0, packed.length >> 1))
      },
      'SW_WEBUI_TRUNCATED',
    ],
    [
      'an answer whose compression is broken',
      (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' })
        response.end('{"images": []}')
      },
      'SW_WEBUI_BAD_ANSWER',
    ],
    [
      'a 429 after the work',
      (_, response) => answer(response, 429, {}),
      'SW_WEBUI_RATE_LIMITED_AFTER_WORK',
    ],
    ['401', (_, response) => answer(response, 401, {}), 'SW_WEBUI_UNAUTHORIZED'],
    ['413', (_, response) => answer(response, 413, ''), 'SW_WEBUI_UPLOAD_TOO_LARGE'],
    ['404', (_, response) => answer(response, 404, { detail: 'Not Found' }), 'SW_WEBUI_NOT_FOUND'],
  ]
  test.each(cases)('%s, and nothing is sent twice', async (_, route, code) => {
    await using server = await serving(route)
    await using client = transport(server.url, { limits: { pictures: 8, pictureBytes: 120_000 } })
    const error = await failure(client.generate(path, {}, call()))
    expect(error).toMatchObject({ code, hint: expect.stringMatching(/.{10}/) })
    expect(server.count(path)).toBe(1)
  })

  test.each([
    [500, { error: 'OutOfMemoryError', detail: '', errors: 'CUDA out of memory' }],
    [422, { detail: [{ loc: ['body', 'steps'] }] }],
    [404, { detail: 'Sampler not found' }],
    [404, { error: 'HTTPException', detail: 'Init image not found' }],
    [500, 'Internal Server Error'],
  ])(
    'and what a server says of the request itself is the dialect’s: %s %j',
    async (status, said) => {
      await using server = await serving((_, response) => answer(response, status, said))
      await using client = transport(server.url)
      const error = await failure(client.generate(path, {}, call()))
      expect(error.message).toMatch(`the dialect's: ${status} `)
      expect(error.cause).toEqual(typeof said === 'string' ? undefined : said)
    },
  )
})

function say(body: unknown): Route {
  return (_, response) => answer(response, 200, body)
}

function serving(route: Route) {
  return wireServer({ [path]: route })
}

function transport(baseUrl: string, options: Partial<HttpTransportOptions> = {}) {
  return httpTransport({ baseUrl, clock: new EagerClock(), ...options })
}
