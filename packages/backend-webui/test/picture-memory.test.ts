import { randomBytes } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gzipSync } from 'node:zlib'

import { describe, expect, test } from 'vitest'

import { AnswerScanner } from '../src/http/answer-scanner.js'
import { httpTransport } from '../src/http/http-transport.js'
import { defaultLimits } from '../src/http/limits.js'
import { call, failure, picture, turn } from './generate-call.js'
import { answer, type Route, wireServer } from './wire-server.js'

const path = '/sdapi/v1/txt2img'
const mebibyte = 2 ** 20
const large = new Uint8Array(randomBytes(3 * mebibyte))
const larger = new Uint8Array(randomBytes(5 * mebibyte + 1))
const all = [picture, larger, large, picture, larger]
const text = JSON.stringify({ images: all.map((one) => base64(one)), info: '{}' })

describe('the pictures of one answer', () => {
  test('lie in one piece of memory, which is no larger than the answer’s length asks for', async () => {
    const images = await generated((_, response) => answer(response, 200, JSON.parse(text)))
    expect(images.map((one) => base64(one))).toEqual(all.map((one) => base64(one)))
    const buffers = new Set(images.map(({ buffer }) => buffer))
    expect(buffers.size).toBe(1)
    expect([...buffers][0]?.byteLength).toBeLessThanOrEqual(Math.ceil((text.length * 3) / 4))
  })

  test.each<[string, Route]>([
    ['does not tell its length', (_, response) => response.end(text)],
    [
      'tells the length that it has compressed',
      (_, response) => {
        const packed = gzipSync(text, { level: 1 })
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length })
        response.end(packed)
      },
    ],
  ])('are whole where the answer %s', async (_, route) => {
    const images = await generated(route)
    expect(images.map((one) => base64(one))).toEqual(all.map((one) => base64(one)))
  })

  test.each([0, 10, 300_000, mebibyte, text.length - 1, 10 * text.length])(
    'are whole where its length was told as %d bytes, and each keeps its own',
    (told) => {
      const scanner = new AnswerScanner(defaultLimits)
      scanner.announce(told)
      const whole = Buffer.from(text)
      for (let at = 0; at < whole.length; at += 65_537)
        scanner.push(Buffer.from(whole.subarray(at, at + 65_537)))
      expect(scanner.end().images.map((one) => base64(one))).toEqual(all.map((one) => base64(one)))
    },
  )

  test('take no more memory than an answer may have, whatever length it tells', () => {
    const before = process.memoryUsage().arrayBuffers
    new AnswerScanner({ ...defaultLimits, answerBytes: 4 * mebibyte }).announce(2 ** 40)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * mebibyte)
  })
})

describe('a client that goes on holds no picture', () => {
  const told = 192 * mebibyte

  test('of a generation that was cancelled while they arrived', async () => {
    const cancel = new AbortController()
    const before = collected()
    const whenArriving = async () => {
      await held(before + told / 2)
      cancel.abort(new Error('enough'))
    }
    await using server = await wireServer({
      [path]: (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': told })
        response.write(text.slice(0, 2 * mebibyte))
        void whenArriving()
      },
    })
    await using client = httpTransport({ baseUrl: server.url })
    const error = await failure(client.generate(path, {}, call({ signal: cancel.signal })))
    expect(error.message).toBe('enough')
    await freed(before + told / 8)
  })

  test('that it has handed on', async () => {
    await using server = await wireServer({
      [path]: (_, response) => answer(response, 200, { images: [base64(larger)] }),
    })
    await using client = httpTransport({ baseUrl: server.url })
    const before = collected()
    const taken = async () => {
      await client.generate(path, {}, call())
      return process.memoryUsage().arrayBuffers
    }
    expect((await taken()) - before).toBeGreaterThan(larger.length)
    await freed(before + mebibyte)
  })
})

async function generated(route: Route): Promise<readonly Uint8Array[]> {
  await using server = await wireServer({ [path]: route })
  await using client = httpTransport({ baseUrl: server.url })
  const { images } = await client.generate(path, {}, call())
  return images.map((one) => one ?? new Uint8Array())
}

/** Waits until buffers take more bytes than that. */
async function held(least: number): Promise<void> {
  while (process.memoryUsage().arrayBuffers <= least) await turn()
}

/** Waits until buffers take no more than that, which is never where they are held. */
async function freed(most: number): Promise<void> {
  while (collected() > most) await turn()
}

/** Bytes that buffers take after a collection. */
function collected(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect() // the first sweeps on while it returns
  return process.memoryUsage().arrayBuffers
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
