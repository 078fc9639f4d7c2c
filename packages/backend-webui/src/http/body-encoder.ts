import { setImmediate } from 'node:timers/promises'

import { errors } from '../errors.js'
import type { BodyPart } from '../transport.js'

/** A JSON body whose length is known before a byte of it is made. */
export interface EncodedBody {
  readonly length: number
  /** The bytes in pieces. A piece is overwritten when the next but one is asked for: write it out first. */
  pieces(): Iterable<Uint8Array>
  /** The same for a socket: a fast one would otherwise take all of them in one turn of the event loop. */
  stream(): AsyncIterable<Uint8Array>
}

/** A string temporary of 128 KB and more costs Node 20 and 24 six to ten times as much. */
const bytesAtOnce = 48 * 1024
/** Above every socket's high-water mark, so that a writer always waits for the drain. */
const pieceBytes = 2 * 64 * 1024
const bytesATurn = 2 ** 20
const pictureKeys = new Set([
  'image',
  'images',
  'init_images',
  'input_image',
  'extra_images',
  'mask',
  'mask_image',
  'inpaint_mask',
  'latent_mask',
  'firstpass_image',
  'imageList',
  'data',
])

/** The same bytes as `JSON.stringify` with base64 texts in the places of the pictures, without making those texts.
 *  @throws {PipelineError} SW_WEBUI_BODY for what JSON cannot say, SW_WEBUI_URL_AS_PICTURE for an address in the
 *  place of a picture, which servers would fetch (webui-api §8) */
export function encodeBody(body: BodyPart): EncodedBody {
  const writer = new Writer()
  writer.value(body, '', false)
  const parts = writer.finish()
  const length = parts.reduce(
    (sum, { text, bytes }) => sum + text.length + (bytes === undefined ? 0 : base64Length(bytes)),
    0,
  )
  return {
    length,
    pieces: () => pieces(parts, length),
    stream: () => inTurns(pieces(parts, length)),
  }
}

/** A small body in one buffer, for a single write. */
export function wholeBody(body: EncodedBody): Buffer | undefined {
  return body.length <= pieceBytes ? Buffer.concat([...body.pieces()]) : undefined
}

interface Part {
  readonly text: Buffer
  readonly bytes: Uint8Array | undefined
}

class Writer {
  readonly #parts: Part[] = []
  #text = ''

  value(value: unknown, path: string, picture: boolean): void {
    if (typeof value === 'string') {
      if (picture && /^\s*[a-z][\w+.-]*:\/\//i.test(value))
        throw errors.SW_WEBUI_URL_AS_PICTURE({ path })
      this.#text += JSON.stringify(value)
    } else if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
      this.#text += JSON.stringify(value)
    else if (value instanceof Uint8Array) this.#bytes(value)
    else if (Array.isArray(value)) this.#array(value, path, picture)
    else if (typeof value === 'object' && value !== null) this.#object(value, path, picture)
    else throw errors.SW_WEBUI_BODY({ path: path === '' ? 'the body' : path, value: String(value) })
  }

  finish(): readonly Part[] {
    this.#flush(undefined)
    return this.#parts
  }

  #bytes(bytes: Uint8Array): void {
    this.#text += '"'
    this.#flush(bytes)
    this.#text = '"'
  }

  #array(items: readonly unknown[], path: string, picture: boolean): void {
    this.#text += '['
    for (const [at, item] of items.entries()) {
      if (at > 0) this.#text += ','
      if (item === null) this.#text += 'null'
      else this.value(item, `${path}[${at}]`, picture)
    }
    this.#text += ']'
  }

  #object(object: object, path: string, picture: boolean): void {
    this.#text += '{'
    let first = true
    for (const [key, item] of Object.entries(object)) {
      if (item === undefined) continue
      this.#text += `${first ? '' : ','}${JSON.stringify(key)}:`
      first = false
      const inPicture = pictureKeys.has(key) && (key !== 'data' || picture)
      this.value(item, path === '' ? key : `${path}.${key}`, inPicture)
    }
    this.#text += '}'
  }

  #flush(bytes: Uint8Array | undefined): void {
    this.#parts.push({ text: Buffer.from(this.#text, 'utf8'), bytes })
    this.#text = ''
  }
}

function base64Length(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / 3) * 4
}

async function* inTurns(all: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sinceTurn = 0
  for (const piece of all) {
    yield piece
    sinceTurn += piece.length
    if (sinceTurn < bytesATurn) continue
    sinceTurn = 0
    await setImmediate()
  }
}

function* pieces(parts: readonly Part[], length: number): Generator<Uint8Array> {
  const room = Math.min(length, pieceBytes + base64Room)
  const buffers = [Buffer.allocUnsafeSlow(room), Buffer.allocUnsafeSlow(room)] as const
  let turn = 0
  let filled = 0
  const take = (): Uint8Array => {
    const piece = buffers[turn % 2 === 0 ? 0 : 1].subarray(0, filled)
    turn += 1
    filled = 0
    return piece
  }
  for (const { text, bytes } of parts) {
    for (let at = 0; at < text.length; at += base64Room) {
      const part = text.subarray(at, at + base64Room)
      buffers[turn % 2 === 0 ? 0 : 1].set(part, filled)
      filled += part.length
      if (filled >= pieceBytes) yield take()
    }
    if (bytes === undefined) continue
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < source.length; at += bytesAtOnce) {
      const base64 = source.toString('base64', at, Math.min(at + bytesAtOnce, source.length))
      filled += buffers[turn % 2 === 0 ? 0 : 1].write(base64, filled, 'latin1')
      if (filled >= pieceBytes) yield take()
    }
  }
  if (filled > 0) yield take()
}

const base64Room = 64 * 1024
