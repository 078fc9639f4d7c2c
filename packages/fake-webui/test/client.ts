import sharp from 'sharp'
import { Agent, request } from 'undici'

import { type FakeWebui, type FakeWebuiOptions, startFakeWebui } from '../src/index.js'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies of a foreign API
  readonly json: any
}

export interface Client {
  readonly fake: FakeWebui
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  raw(method: 'GET' | 'POST' | 'DELETE', path: string, body?: string | Buffer): Promise<Answer>
  txt2img(body: Record<string, unknown>): Promise<Answer>
  img2img(body: Record<string, unknown>): Promise<Answer>
  [Symbol.asyncDispose](): Promise<void>
}

/** A server, tiny and quick, and a bare client of it. */
export async function started(options: FakeWebuiOptions): Promise<Client> {
  const fake = await startFakeWebui({ tinyPictures: true, ...options })
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 })
  const send = async (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body: string | Buffer | undefined,
    headers: Record<string, string>,
  ): Promise<Answer> => {
    const answer = await request(fake.url + path, {
      method,
      dispatcher,
      headers,
      ...(body === undefined ? {} : { body }),
    })
    const text = await answer.body.text()
    return { status: answer.statusCode, headers: answer.headers, text, json: parsed(text) }
  }
  const json = { 'content-type': 'application/json' }
  const client: Client = {
    fake,
    get: (path, headers = {}) => send('GET', path, undefined, headers),
    post: (path, body = {}, headers = {}) =>
      send('POST', path, JSON.stringify(body), { ...json, ...headers }),
    raw: (method, path, body) => send(method, path, body, json),
    txt2img: (body) => client.post('/sdapi/v1/txt2img', { ...quick, ...body }),
    img2img: (body) => client.post('/sdapi/v1/img2img', { ...quick, ...body }),
    [Symbol.asyncDispose]: async () => {
      await dispatcher.destroy()
      await fake.close()
    },
  }
  return client
}

const quick = { prompt: 'a cat', steps: 2, width: 64, height: 64, seed: 42 }

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

export async function sizeOf(base64: string): Promise<string> {
  const { width, height, format } = await sharp(Buffer.from(base64, 'base64')).metadata()
  return `${format} ${String(width)}x${String(height)}`
}

export async function pixelsOf(base64: string): Promise<string> {
  const data = await sharp(Buffer.from(base64, 'base64')).removeAlpha().raw().toBuffer()
  return data.toString('base64')
}

/** A plain picture as base64. */
export async function drawn(
  width: number,
  height: number,
  background = '#806040',
): Promise<string> {
  const png = await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer()
  return png.toString('base64')
}
