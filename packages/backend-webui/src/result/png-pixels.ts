import { promisify } from 'node:util'
import { inflate } from 'node:zlib'

import { pngChunks } from '@stagewright/metadata'

export interface Pixels {
  readonly width: number
  readonly height: number
  /** RGB, 8 bits each, row after row. */
  readonly data: Uint8Array
}

/** A PNG of the kind that servers send: 8-bit RGB or RGBA, not interlaced. */
export interface PlainPng {
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
  /** Compressed, in pieces: each row is a filter's number and `width × channels` bytes. */
  readonly packed: readonly Uint8Array[]
}

const inflated = promisify(inflate)

/** The parts of a plain 8-bit RGB or RGBA PNG; undefined for any other picture.
 *  @source PNG (third edition) §7, §11.2 */
export function plainPng(bytes: Uint8Array): PlainPng | undefined {
  const chunks = pngChunks(bytes)
  const header = chunks?.[0]
  if (chunks === undefined || header?.type !== 'IHDR' || header.data.length !== 13) return undefined
  const view = new DataView(header.data.buffer, header.data.byteOffset, 13)
  const [width, height] = [view.getUint32(0), view.getUint32(4)]
  const [depth, colour, interlaced] = [header.data[8], header.data[9], header.data[12]]
  if (depth !== 8 || (colour !== 2 && colour !== 6) || interlaced !== 0) return undefined
  const packed = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data)
  return { width, height, channels: colour === 2 ? 3 : 4, packed }
}

/** The pixels of a plain PNG, its alpha left out or laid on white; undefined for any other picture, a damaged one, and
 *  one of more than `most` pixels.
 *  @source PNG (third edition) §9, §10 */
export async function pngPixels(
  bytes: Uint8Array,
  { alpha = 'ignored', most = 64e6 }: { alpha?: 'ignored' | 'on white'; most?: number } = {},
): Promise<Pixels | undefined> {
  const png = plainPng(bytes)
  if (png === undefined || png.width * png.height > most) return undefined
  const { width, height, channels, packed } = png
  const expected = (width * channels + 1) * height
  try {
    const raw = await inflated(Buffer.concat(packed), { maxOutputLength: expected + 1024 })
    if (raw.length < expected) return undefined
    const data = unfiltered(raw, png, alpha === 'on white')
    return data === undefined ? undefined : { width, height, data }
  } catch {
    return undefined
  }
}

function unfiltered(
  raw: Uint8Array,
  { width, height, channels }: PlainPng,
  onWhite: boolean,
): Uint8Array | undefined {
  const stride = width * channels
  const out = new Uint8Array(width * height * 3)
  let above = new Uint8Array(stride)
  let row = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    const at = y * (stride + 1)
    if (!unfilter(raw.subarray(at, at + stride + 1), row, above, channels)) return undefined
    if (channels === 3) out.set(row, y * stride)
    else copyColours(row, out, y * width * 3, onWhite)
    ;[above, row] = [row, above]
  }
  return out
}

function copyColours(row: Uint8Array, out: Uint8Array, at: number, onWhite: boolean): void {
  for (let x = 0, to = at; x < row.length; x += 4) {
    const alpha = onWhite ? (row[x + 3] as number) : 255
    for (let c = 0; c < 3; c++)
      out[to++] = Math.round(((row[x + c] as number) * alpha + 255 * (255 - alpha)) / 255)
  }
}

/** Undoes the filter of one row, which begins with its number.
 *  @returns whether there is such a filter */
export function unfilter(
  line: Uint8Array,
  row: Uint8Array,
  above: Uint8Array,
  channels: number,
): boolean {
  const filter = line[0] as number
  if (filter > 4) return false
  for (let i = 0; i < row.length; i++) {
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
    row[i] = ((line[i + 1] as number) + predicted) & 0xff
  }
  return true
}

/** The one of three neighbours that is nearest to what they foretell together. */
export function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const toLeft = Math.abs(estimate - left)
  const toUp = Math.abs(estimate - up)
  const toCorner = Math.abs(estimate - corner)
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}
