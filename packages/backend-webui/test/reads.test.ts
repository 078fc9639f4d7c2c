import { gzipSync } from 'node:zlib'

import { isPipelineError } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { httpTransport, type HttpTransportOptions } from '../src/http/http-transport.js'
import { failure } from './generate-call.js'
import { EagerClock } from './manual-clock.js'
import { answer, closedPort, type Route, wireServer } from './wire-server.js'

const path = '/sdapi/v1/options'

describe('a read', () => {
  test('gives the parsed JSON, asks for no compression and says how long its body is', async () => {
    await using server = await wireServer({
      [path]: (_, response) => answer(response, 200, { a: 1 }),
      '/sdapi/v1/png-info': (_, response) => answer(response, 200, { info: '' }),
    })
    await using client = transport(server.url)
    expect(await client.get(path)).toEqual({ status: 200, body: { a: 1 } })
    expect(await client.post('/sdapi/v1/png-info', { image: 'é' })).toMatchObject({ status: 200 })
    const [get, post] = server.received
    expect(get?.headers['accept-encoding']).toBe('identity')
    expect(post?.headers['content-length']).toBe(String(Buffer.byteLength('{"image":"é"}')))
    expect(post?.body.toString()).toBe('{"image":"é"}')
  })

  test('of a route that may be missing gives undefined', async () => {
    await using server = await wireServer({})
    await using client = transport(server.url)
    expect(await client.get('/sdapi/v1/sd-vae', { optional: true })).toBeUndefined()
  })

  test('keeps the path of the address as a prefix', async () => {
    await using server = await wireServer({
      [`/sd/webui${path}`]: (_, response) => answer(response, 200, {}),
    })
    await using client = transport(`${server.url}/sd/webui/`)
    expect(client.baseUrl).toBe(`${server.url}/sd/webui`)
    expect(await client.get(path)).toMatchObject({ body: {} })
  })

  test('is repeated with growing pauses and jitter until it succeeds', async () => {
    let n = 0
    await using server = await wireServer({
      [path]: ({ socket }, response) => {
        n += 1
        if (n === 1) socket.resetAndDestroy()
        else if (n === 2) answer(response, 503, 'busy')
        else answer(response, 200, { n })
      },
    })
    const clock = new EagerClock()
    await using client = transport(server.url, { clock, random: () => 0.5 })
    expect(await client.get(path)).toMatchObject({ body: { n: 3 } })
    expect(clock.pauses.filter((ms) => ms < 1000)).toEqual([150, 300])
  })

  test('waits as long as Retry-After says', async () => {
    let n = 0
    await using server = await wireServer({
      [path]: (_, response) =>
        n++ === 0
          ? answer(response, 429, {}, { 'retry-after': '4' })
          : answer(response, 200, { n }),
    })
    const clock = new EagerClock()
    await using client = transport(server.url, { clock })
    await client.get(path)
    expect(clock.pauses).toContain(4000)
  })

  test('is decoded when a proxy compresses it all the same', async () => {
    await using server = await wireServer({
      [path]: (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' })
        response.end(gzipSync(JSON.stringify({ a: 'b'.repeat(100_000) })))
      },
    })
    await using client = transport(server.url)
    expect(await client.get(path)).toMatchObject({ body: { a: 'b'.repeat(100_000) } })
  })

  test('is not answered for ever', async () => {
    await using server = await wireServer({ [path]: () => {} })
    const clock = new EagerClock()
    await using client = transport(server.url, { clock, limits: { read: 3000 } })
    expect(await failure(client.get(path))).toMatchObject({ code: 'SW_WEBUI_NO_ANSWER' })
  })

  test('ends with the reason when it is aborted', async () => {
    await using server = await wireServer({ [path]: () => {} })
    await using client = transport(server.url)
    const stop = new AbortController()
    const pending = failure(client.get(path, { signal: stop.signal }))
    await server.nth(path, 1)
    const reason = new Error('enough')
    stop.abort(reason)
    expect(await pending).toBe(reason)
  })

  test('after disposal is refused', async () => {
    const client = transport('http://127.0.0.1:9')
    await client[Symbol.asyncDispose]()
    expect(await failure(client.get(path))).toMatchObject({ code: 'SW_WEBUI_CLOSED' })
  })
})

describe('each way to be refused is its own error with a remedy', () => {
  const html = '<!doctype html><title>Welcome to nginx</title>'
  const cases: readonly [string, Route, string, RegExp][] = [
    [
      '401',
      (_, response) => answer(response, 401, { detail: 'Not authenticated' }),
      'SW_WEBUI_UNAUTHORIZED',
      /--api-auth/,
    ],
    ['403', (_, response) => answer(response, 403, ''), 'SW_WEBUI_FORBIDDEN', /proxy|firewall/],
    [
      '404 because the API is off',
      (_, response) => answer(response, 404, { detail: 'Not Found' }),
      'SW_WEBUI_NOT_FOUND',
      /--api/,
    ],
    [
      '405',
      (_, response) => answer(response, 405, { detail: 'Method Not Allowed' }),
      'SW_WEBUI_METHOD',
      /doctor/,
    ],
    ['429', (_, response) => answer(response, 429, {}), 'SW_WEBUI_RATE_LIMITED', /server_rate/],
    ['504', (_, response) => answer(response, 504, html), 'SW_WEBUI_GATEWAY', /read timeout/],
    ['502', (_, response) => answer(response, 502, html), 'SW_WEBUI_GATEWAY', /down/],
    [
      'a web page that says it is JSON',
      (_, response) => answer(response, 200, html),
      'SW_WEBUI_HTML',
      /proxy or login page/,
    ],
    [
      'a redirect to a login',
      (_, response) => answer(response, 302, '', { location: 'https://u:p@login.example/x' }),
      'SW_WEBUI_REDIRECTED',
      /address it leads to/,
    ],
    ['an empty answer', (_, response) => answer(response, 200, ''), 'SW_WEBUI_EMPTY_ANSWER', /log/],
    ['cut JSON', (_, response) => answer(response, 200, '{"a": [1'), 'SW_WEBUI_TRUNCATED', /limit/],
    ['no JSON', (_, response) => answer(response, 200, 'hello'), 'SW_WEBUI_BAD_ANSWER', /doctor/],
    [
      'a 500 of the application',
      (_, response) => answer(response, 500, { error: 'E', detail: '', errors: 'boom' }),
      'SW_WEBUI_STATUS',
      /log/,
    ],
    [
      'an unknown encoding',
      (_, response) => answer(response, 200, '{}', { 'content-encoding': 'zstd' }),
      'SW_WEBUI_BAD_ANSWER',
      /doctor/,
    ],
    ['a reset', ({ socket }) => socket.resetAndDestroy(), 'SW_WEBUI_BROKEN', /crashed/],
  ]

  test.each(cases)('%s', async (_, route, code, hint) => {
    await using server = await wireServer({ [path]: route })
    await using client = transport(server.url)
    const error = await failure(client.get(path))
    expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) })
    expect(error.message).not.toContain('u:p@')
  })

  test('connection refused', async () => {
    await using client = transport(await closedPort())
    expect(await failure(client.get(path))).toMatchObject({
      code: 'SW_WEBUI_UNREACHABLE',
      message: expect.stringContaining('nothing listens'),
    })
  })

  test('an unknown host', async () => {
    await using client = transport('http://no-such-host.invalid:7860')
    expect(await failure(client.get(path))).toMatchObject({ code: 'SW_WEBUI_HOST_UNKNOWN' })
  })

  test('https:// to a server of plain HTTP', async () => {
    await using server = await wireServer({})
    await using client = transport(server.url.replace('http:', 'https:'))
    expect(await failure(client.get(path))).toMatchObject({
      code: 'SW_WEBUI_TLS',
      hint: expect.stringContaining('http://'),
    })
  })

  test('an answer over the limit', async () => {
    await using server = await wireServer({
      [path]: (_, response) => answer(response, 200, JSON.stringify('x'.repeat(2000))),
    })
    await using client = transport(server.url, { limits: { jsonBytes: 1000 } })
    expect(await failure(client.get(path))).toMatchObject({ code: 'SW_WEBUI_LIMIT' })
  })

  test('a server that had answered and is gone is lost for the run', async () => {
    const server = await wireServer({ [path]: (_, response) => answer(response, 200, {}) })
    await using client = transport(server.url)
    await client.get(path)
    await server[Symbol.asyncDispose]()
    const error = await failure(client.get(path))
    expect(isPipelineError(error) && error.code).toBe('SW_BACKEND_LOST')
    expect(error.cause).toMatchObject({ code: 'SW_WEBUI_UNREACHABLE' })
  })
})

function transport(baseUrl: string, options: Partial<HttpTransportOptions> = {}) {
  return httpTransport({ baseUrl, clock: new EagerClock(), ...options })
}
