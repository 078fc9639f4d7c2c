import { inspect } from 'node:util'

import { describe, expect, test } from 'vitest'

import { Auth, parseBaseUrl } from '../src/auth.js'
import { httpTransport } from '../src/http/http-transport.js'
import { call, failure } from './generate-call.js'
import { EagerClock } from './manual-clock.js'
import { answer, wireServer } from './wire-server.js'

const path = '/sdapi/v1/options'
const secret = 'pä:ss w/"rd'
const token = Buffer.from(`ann:${secret}`).toString('base64')

describe('credentials', () => {
  test.each([
    ['a password', { username: 'ann', password: secret }, `Basic ${token}`],
    ['a bearer token', { bearer: 'abc.def-123' }, 'Bearer abc.def-123'],
  ])('of %s are sent with every request', async (_, auth, header) => {
    await using server = await wireServer({
      [path]: (_one, response) => answer(response, 200, {}),
      '/sdapi/v1/txt2img': (_one, response) => answer(response, 200, { images: [] }),
    })
    await using client = httpTransport({ baseUrl: server.url, auth })
    await client.get(path)
    await client.generate('/sdapi/v1/txt2img', {}, call())
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([header, header])
  })

  test('in the address are taken out of it', async () => {
    await using server = await wireServer({ [path]: (_, response) => answer(response, 200, {}) })
    const baseUrl = server.url.replace('//', `//ann:${encodeURIComponent(secret)}@`)
    await using client = httpTransport({ baseUrl })
    expect(client.baseUrl).toBe(server.url)
    await client.get(path)
    expect(server.received[0]?.headers.authorization).toBe(`Basic ${token}`)
  })

  test('show in no error, even when the server repeats them', async () => {
    await using server = await wireServer({
      [path]: ({ headers }, response) =>
        answer(response, 500, { error: `got ${headers.authorization} of ${secret}` }),
      '/sdapi/v1/txt2img': ({ headers }, response) =>
        answer(response, 500, { error: `got ${headers.authorization} of ${secret}` }),
    })
    const baseUrl = server.url.replace('//', `//ann:${encodeURIComponent(secret)}@`)
    await using client = httpTransport({ baseUrl, clock: new EagerClock() })
    const shown = [
      await failure(client.get(path)),
      await failure(client.generate('/sdapi/v1/txt2img', {}, call())),
      client,
    ].map((one) => inspect(one, { depth: 9, showHidden: true }) + JSON.stringify(one))
    for (const text of shown)
      for (const part of [secret, token, JSON.stringify(secret).slice(1, -1)])
        expect(text).not.toContain(part)
    expect(shown[0]).toContain('[redacted]')
  })

  test('show in no form of the object that holds them', () => {
    const auth = new Auth({ username: 'ann', password: secret })
    const forms = [inspect(auth, { showHidden: true }), JSON.stringify(auth), String(auth)]
    expect(forms).toEqual(['Auth(basic)', '"Auth(basic)"', 'Auth(basic)'])
    expect(auth.redact(`x ${token} y ${encodeURIComponent(secret)}`)).toBe(
      'x [redacted] y [redacted]',
    )
  })

  test.each([
    { bearer: 'a\r\nX-Evil: 1' },
    { bearer: '' },
    { username: 'a:b', password: 'c' },
    { username: 'a', password: 'c\nd' },
  ])('that could not be sent are refused: %j', (auth) => {
    expect(() => new Auth(auth)).toThrow(expect.objectContaining({ code: 'SW_WEBUI_CREDENTIALS' }))
  })
})

describe('an address', () => {
  test.each([
    'ftp://host',
    'localhost:7860',
    'not an address',
    'http://host/?a=1',
    'http://host/#a',
    'file:///etc/passwd',
  ])('%s is refused', (url) => {
    expect(() => parseBaseUrl(url)).toThrow(expect.objectContaining({ code: 'SW_WEBUI_BASE_URL' }))
  })

  test('that is refused does not show its credentials', () => {
    const error = (() => {
      try {
        return parseBaseUrl(`ftp://ann:topsecret@host`)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(inspect(error, { depth: 9 })).not.toContain('topsecret')
  })

  test('loses its trailing slash and keeps its path', () => {
    expect(parseBaseUrl('https://host:8443/sd//')).toMatchObject({
      baseUrl: 'https://host:8443/sd',
      origin: 'https://host:8443',
      prefix: '/sd',
    })
  })
})
