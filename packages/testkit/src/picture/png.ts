import { crc32, deflateSync } from 'node:zlib'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** The compressed rows depend on the size alone, and tests ask for the same sizes again and again. */
const rows = new Map<string, Buffer>()

/** A PNG of one colour that carries texts. One bit a pixel and a palette, so that large pictures stay small.
 *  @source PNG (third edition) §11.2 and §11.3.3 */
export function solidPng(init: {
  readonly width: number
  readonly height: number
  /** Red, green, blue; 0–255 each. */
  readonly colour: readonly [number, number, number]
  readonly texts?: Readonly<Record<string, string>>
}): Uint8Array {
  const { width, height, colour, texts = {} } = init
  const pixels = remembered(`1:${width}x${height}`, () =>
    Buffer.alloc((Math.ceil(width / 8) + 1) * height),
  )
  return png([
    header(width, height, { depth: 1, colour: 3 }),
    chunk('PLTE', Buffer.from(colour)),
    ...textChunks(texts),
    chunk('IDAT', pixels),
  ])
}

/** An 8-bit grey PNG, white from the top down to `share` of its height, black below: a mask.
 *  @unit `share` 0–1 */
export function maskPng(init: {
  readonly width: number
  readonly height: number
  readonly share: number
}): Uint8Array {
  const { width, height, share } = init
  const white = Math.round(height * share)
  const pixels = remembered(`8:${width}x${height}:${white}`, () => {
    const raw = Buffer.alloc((width + 1) * height)
    for (let y = 0; y < white; y++) raw.fill(255, y * (width + 1) + 1, (y + 1) * (width + 1))
    return raw
  })
  return png([header(width, height, { depth: 8, colour: 0 }), chunk('IDAT', pixels)])
}

/** The text under a keyword in a PNG; undefined when there is none, or the bytes are no PNG. */
export function pngText(bytes: Uint8Array, keyword: string): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!buffer.subarray(0, 8).equals(signature)) return undefined
  for (let at = 8; at + 12 <= buffer.length; at += 12 + buffer.readUInt32BE(at)) {
    const data = buffer.subarray(at + 8, at + 8 + buffer.readUInt32BE(at))
    const end = data.indexOf(0)
    if (buffer.toString('latin1', at + 4, at + 8) !== 'tEXt') continue
    if (data.toString('latin1', 0, end) === keyword)
      return Buffer.from(data.toString('latin1', end + 1), 'base64').toString('utf8')
  }
  return undefined
}

function png(chunks: readonly Buffer[]): Uint8Array {
  return new Uint8Array(Buffer.concat([signature, ...chunks, chunk('IEND', Buffer.alloc(0))]))
}

function header(
  width: number,
  height: number,
  type: { readonly depth: number; readonly colour: number },
): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(width, 0)
  data.writeUInt32BE(height, 4)
  data.writeUInt8(type.depth, 8)
  data.writeUInt8(type.colour, 9)
  return chunk('IHDR', data)
}

/** tEXt holds Latin-1 only, so the text goes in as base64. */
function textChunks(texts: Readonly<Record<string, string>>): Buffer[] {
  return Object.entries(texts).map(([keyword, text]) =>
    chunk('tEXt', Buffer.from(`${keyword}\0${Buffer.from(text).toString('base64')}`, 'latin1')),
  )
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

function remembered(key: string, raw: () => Buffer): Buffer {
  const known = rows.get(key)
  if (known !== undefined) return known
  if (rows.size >= 256) rows.clear()
  const made = deflateSync(raw(), { level: 1 })
  rows.set(key, made)
  return made
}
