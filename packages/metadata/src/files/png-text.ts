import { inflateSync } from 'node:zlib'

import { isIntact, type PngChunk, pngChunk } from './png-chunks.js'
import { mostTextBytes, type TextFound } from './problem.js'

/** The text of the first chunk with this keyword; tEXt, iTXt and zTXt are read. Nothing when there is none.
 *  @source PNG (third edition) §11.3.3 */
export function pngText(chunks: readonly PngChunk[], keyword: string): TextFound {
  const chunk = chunks.find((one) => keywordOf(one) === keyword)
  if (chunk === undefined) return {}
  if (!isIntact(chunk)) return damaged(chunk, 'its checksum does not fit')
  const bytes = bufferOf(chunk.data)
  const body = bytes.indexOf(0) + 1
  switch (chunk.type) {
    case 'tEXt':
      return plain(bytes.subarray(body), decoded)
    case 'zTXt':
      return inflated(chunk, bytes.subarray(body + 1), decoded)
    default: {
      const language = bytes.indexOf(0, body + 2)
      const translated = language < 0 ? -1 : bytes.indexOf(0, language + 1)
      if (translated < 0) return damaged(chunk, 'its head is cut off')
      const text = bytes.subarray(translated + 1)
      return bytes[body] === 1 ? inflated(chunk, text, utf8) : plain(text, utf8)
    }
  }
}

/** The keyword of a text chunk. */
export function keywordOf({ type, data }: PngChunk): string | undefined {
  if (type !== 'tEXt' && type !== 'iTXt' && type !== 'zTXt') return undefined
  const end = data.subarray(0, 80).indexOf(0)
  return end < 0 ? undefined : bufferOf(data).toString('latin1', 0, end)
}

/** A text chunk: tEXt where Latin-1 holds the text and cannot be mistaken, else iTXt; `international` always iTXt. NUL,
 *  which neither may hold, is left out. */
export function textChunk(keyword: string, text: string, international = false): Uint8Array {
  const clean = text.replaceAll('\0', '')
  if (!international && isPlain(clean))
    return pngChunk('tEXt', Buffer.from(`${keyword}\0${clean}`, 'latin1'))
  const head = Buffer.from(`${keyword}\0\0\0\0\0`, 'latin1')
  return pngChunk('iTXt', Buffer.concat([head, Buffer.from(clean, 'utf8')]))
}

/** Whether Latin-1 can hold the text, and nobody could take it for the UTF-8 that some servers write there. */
function isPlain(text: string): boolean {
  let ascii = true
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0xff) return false
    if (code > 0x7f) ascii = false
  }
  return ascii || Buffer.from(text, 'latin1').toString('utf8').includes('\uFFFD')
}

/** sd-server writes UTF-8 into tEXt, against the standard: what is no valid UTF-8 is Latin-1. */
function decoded(bytes: Buffer): string {
  const text = utf8(bytes)
  return text.includes('\uFFFD') ? bytes.toString('latin1') : text
}

function utf8(bytes: Buffer): string {
  return bytes.toString('utf8')
}

function plain(bytes: Buffer, decode: (bytes: Buffer) => string): TextFound {
  return bytes.length > mostTextBytes ? tooLong : { text: decode(bytes) }
}

function inflated(chunk: PngChunk, bytes: Buffer, decode: (bytes: Buffer) => string): TextFound {
  try {
    return { text: decode(inflateSync(bytes, { maxOutputLength: mostTextBytes })) }
  } catch (error) {
    const large = error instanceof RangeError
    return large ? tooLong : damaged(chunk, 'it cannot be inflated')
  }
}

const tooLong: TextFound = {
  problem: { reason: 'too_long', message: `the text is longer than ${mostTextBytes} bytes` },
}

function damaged({ type }: PngChunk, what: string): TextFound {
  return { problem: { reason: 'damaged', message: `the ${type} chunk is damaged: ${what}` } }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
