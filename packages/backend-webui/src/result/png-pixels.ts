import { promisify } from 'node:util'
import { inflate } from 'node:zlib'

import { chunksOf } from '../infotext/png-chunks.js'

export interface Pixels {
  readonly width: number
  readonly height: number
  /** RGB, 8 bits each, row after row. */
  readonly data: Uint8Array
}

/** Beyond, comparing costs more than it tells. */
const mostPixels = 64e6

const inflated = promisify(inflate)

/** The pixels of a plain 8-bit RGB or RGBA PNG, alpha left out; undefined for any other picture, or a damaged one.
 *  @source PNG (third edition) §7, §9, §10 */
export async function pngPixels(bytes: Uint8Array): Promise<Pixels | undefined> {
  const chunks = chunksOf(bytes)
  const header = chunks?.[0]
  if (chunks === undefined || header?.type !== 'IHDR' || header.data.length !== 13) return undefined
  const view = new DataView(header.data.buffer, header.data.byteOffset, 13)
  const [width, height] = [view.getUint32(0), view.getUint32(4)]
  const [depth, colour, interlaced] = [header.data[8], header.data[9], header.data[12]]
  const channels = colour === 2 ? 3 : colour === 6 ? 4 : 0
  if (depth !== 8 || channels === 0 || interlaced !== 0 || width * height > mostPixels)
    return undefined
  const packed = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data)
  const expected = (width * channels + 1) * height
  try {
    const raw = await inflated(Buffer.concat(packed), { maxOutputLength: expected + 1024 })
    if (raw.length < expected) return undefined
    const data = unfiltered(raw, width, height, channels)
    return data === undefined ? undefined : { width, height, data }
  } catch {
    return undefined
  }
}

function unfiltered(
  raw: Uint8Array,
  width: number,
  height: number,
  channels: number,
): Uint8Array | undefined {
  const stride = width * channels
  const out = new Uint8Array(width * height * 3)
  let above = new Uint8Array(stride)
  let row = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    const at = y * (stride + 1)
    const filter = raw[at] ?? 0
    if (filter > 4) return undefined
    unfilter(filter, raw.subarray(at + 1, at + 1 + stride), row, above, channels)
    if (channels === 3) out.set(row, y * stride)
    else
      for (let x = 0, to = y * width * 3; x < stride; x += 4) {
        out[to++] = row[x] as number
        out[to++] = row[x + 1] as number
        out[to++] = row[x + 2] as number
      }
    ;[above, row] = [row, above]
  }
  return out
}

function unfilter(
  filter: number,
  from: Uint8Array,
  row: Uint8Array,
  above: Uint8Array,
  channels: number,
): void {
  for (let i = 0; i < from.length; i++) {
    const left = i < channels ? 0 : (row[i - channels] as number)
    const up = above[i] as number
    const corner = i < channels ? 0 : (above[i - channels] as number)
    const predicted =
      filter === 0
        ? 0
        : filter === 1
          ? left
          : filter === 2
            ? up
            : filter === 3
              ? (left + up) >> 1
              : paeth(left, up, corner)
    row[i] = ((from[i] as number) + predicted) & 0xff
  }
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const toLeft = Math.abs(estimate - left)
  const toUp = Math.abs(estimate - up)
  const toCorner = Math.abs(estimate - corner)
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}
