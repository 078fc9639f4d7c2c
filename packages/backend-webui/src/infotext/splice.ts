import { inflateSync } from 'node:zlib'

import { jpegComment, jpegWithComment } from './jpeg.js'
import { type Chunk, chunk, chunksOf } from './png-chunks.js'

const keyword = 'parameters'

/** The picture with `text` as its infotext in place of any other. Pixels are not touched: a PNG's chunks and a
 *  JPEG's segments are spliced; WebP is handed back as it is. Text that Latin-1 can hold goes into tEXt, other text into iTXt.
 *  @source WebUI modules/images.py; PNG (third edition) §11.3.3 */
export function withInfotext(bytes: Uint8Array, text: string): Uint8Array {
  const chunks = chunksOf(bytes)
  if (chunks === undefined) return jpegWithComment(bytes, text)
  const [header, ...rest] = chunks
  if (header?.type !== 'IHDR' || rest.at(-1)?.type !== 'IEND') return bytes
  const kept = rest.filter((one) => textOf(one)?.keyword !== keyword)
  return Buffer.concat([
    bytes.subarray(0, 8),
    header.whole,
    chunk(...encoded(text)),
    ...kept.map(({ whole }) => whole),
  ])
}

/** The infotext of a PNG or JPEG; undefined where there is none. */
export function infotextOf(bytes: Uint8Array): string | undefined {
  const chunks = chunksOf(bytes)
  if (chunks === undefined) return jpegComment(bytes)
  for (const one of chunks) {
    const read = textOf(one)
    if (read?.keyword === keyword) return read.text
  }
  return undefined
}

function encoded(text: string): [type: string, data: Uint8Array] {
  // NUL ends a tEXt keyword and may not be in its text.
  const clean = text.replaceAll('\0', '')
  if (isPlain(clean)) return ['tEXt', Buffer.from(`${keyword}\0${clean}`, 'latin1')]
  const head = Buffer.from(`${keyword}\0\0\0\0\0`, 'latin1')
  return ['iTXt', Buffer.concat([head, Buffer.from(clean, 'utf8')])]
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
function textOf({ type, data }: Chunk): { keyword: string; text: string } | undefined {
  if (type !== 'tEXt' && type !== 'iTXt') return undefined
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const end = bytes.indexOf(0)
  if (end < 0) return undefined
  const name = bytes.toString('latin1', 0, end)
  if (type === 'tEXt') {
    const body = bytes.subarray(end + 1)
    const utf8 = body.toString('utf8')
    return { keyword: name, text: utf8.includes('\uFFFD') ? body.toString('latin1') : utf8 }
  }
  const compressed = bytes[end + 1] === 1
  const language = bytes.indexOf(0, end + 3)
  const translated = bytes.indexOf(0, language + 1)
  if (language < 0 || translated < 0) return undefined
  const body = bytes.subarray(translated + 1)
  if (!compressed) return { keyword: name, text: body.toString('utf8') }
  try {
    return { keyword: name, text: inflateSync(body, { maxOutputLength: 2 ** 22 }).toString('utf8') }
  } catch {
    return undefined
  }
}
