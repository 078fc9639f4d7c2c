import { createHash } from 'node:crypto'

import { mostPacketBytes } from './problem.js'
import {
  withoutXmpBlock,
  withoutXmpExtension,
  withXmpBlock,
  withXmpExtension,
  xmpBlock,
  xmpExtension,
} from './xmp.js'

/** A segment before the coded pixels. */
export interface Segment {
  readonly marker: number
  /** Marker, length and data, as they stand in the file. */
  readonly whole: Uint8Array
  readonly data: Uint8Array
}

export interface Jpeg {
  readonly segments: readonly Segment[]
  /** From the first start of scan (or the end mark) to the end of the file. */
  readonly rest: Uint8Array
  /** Whether the segments lead to coded pixels. */
  readonly whole: boolean
}

/** Bytes that a segment may hold beside its length. */
export const mostSegmentBytes = 0xffff - 2

const exifHead = Buffer.from('Exif\0\0', 'latin1')
const packetHead = Buffer.from('http://ns.adobe.com/xap/1.0/\0', 'latin1')
const extensionHead = Buffer.from('http://ns.adobe.com/xmp/extension/\0', 'latin1')
const app0 = 0xe0
const app1 = 0xe1

/** The segments of a JPEG without decoding it; those before the damage where it is cut off.
 *  @source ITU-T T.81 B.1 */
export function readJpeg(bytes: Uint8Array): Jpeg | undefined {
  if (bytes.length < 4 || bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined
  const segments: Segment[] = []
  let at = 2
  for (;;) {
    // Any number of fill bytes may stand before a marker.
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++
    const marker = bytes[at] === 0xff ? (bytes[at + 1] ?? 0) : 0
    const scan = marker === 0xda || marker === 0xd9
    if (marker === 0 || scan) return { segments, rest: bytes.subarray(at), whole: marker === 0xda }
    const end = at + 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
    if (end < at + 4 || end > bytes.length)
      return { segments, rest: bytes.subarray(at), whole: false }
    const whole = bytes.subarray(at, end)
    segments.push({ marker, whole, data: whole.subarray(4) })
    at = end
  }
}

/** The EXIF block without its head. */
export function jpegExif({ segments }: Jpeg): Uint8Array | undefined {
  return segments.find(isExif)?.data.subarray(exifHead.length)
}

/** The block's JSON in the XMP packet, or in its extension, which is joined from its segments. */
export function jpegBlock(jpeg: Jpeg): string | undefined {
  const packet = packetOf(jpeg)
  if (packet === undefined) return undefined
  const direct = xmpBlock(packet)
  if (direct !== undefined) return direct
  const extension = extensionOf(jpeg, xmpExtension(packet))
  return extension === undefined ? undefined : xmpBlock(extension)
}

/** The JPEG with another EXIF block. @throws {RangeError} when it is too long for one segment */
export function withJpegExif(jpeg: Jpeg, block: Uint8Array): Jpeg {
  const own = segment(Buffer.concat([exifHead, block]))
  return placed(
    jpeg.segments.filter((one) => !isExif(one)),
    [own],
    jpeg,
  )
}

/** The JPEG with `json` as its block: in its XMP packet, or in an extension of that where one segment cannot hold it.
 *  Undefined when another tool's packet leaves no room for it. @source XMP part 3 §1.1.3 */
export function withJpegBlock(jpeg: Jpeg, json: string): Jpeg | undefined {
  let old = packetOf(jpeg)
  const id = old === undefined ? undefined : xmpExtension(old)
  const extension = extensionOf(jpeg, id)
  if (old !== undefined && extension !== undefined && xmpBlock(extension) !== undefined)
    old = withoutXmpExtension(old)
  const foreign = old !== undefined && xmpExtension(old) !== undefined
  const others = jpeg.segments.filter(
    (one) => !isPacket(one) && (foreign || id === undefined || extensionId(one) !== id),
  )
  const direct = withXmpBlock(old, json)
  if (direct === undefined) return undefined
  const bytes = Buffer.from(direct, 'utf8')
  const room = mostSegmentBytes - packetHead.length
  if (bytes.length <= room)
    return placed(others, [segment(Buffer.concat([packetHead, bytes]))], jpeg)
  const own = withXmpBlock(undefined, json)
  if (foreign || own === undefined) return undefined
  const data = Buffer.from(own, 'utf8')
  const guid = createHash('md5').update(data).digest('hex').toUpperCase()
  const main = withXmpExtension(withoutXmpBlock(old), guid)
  const head = main === undefined ? undefined : Buffer.from(main, 'utf8')
  if (head === undefined || head.length > room) return undefined
  const parts = extensionSegments(guid, data)
  return placed(others, [segment(Buffer.concat([packetHead, head])), ...parts], jpeg)
}

export function jpegBytes({ segments, rest }: Jpeg): Uint8Array {
  const start = Buffer.from([0xff, 0xd8])
  return Buffer.concat([start, ...segments.map(({ whole }) => whole), rest])
}

/** EXIF comes right behind the JFIF head, XMP behind EXIF. */
function placed(others: readonly Segment[], added: readonly Segment[], jpeg: Jpeg): Jpeg {
  const after = others.findIndex(({ marker }) => marker !== app0)
  let at = after < 0 ? others.length : after
  const [first] = added
  const next = others[at]
  if (first !== undefined && isPacket(first) && next !== undefined && isExif(next)) at++
  return { ...jpeg, segments: [...others.slice(0, at), ...added, ...others.slice(at)] }
}

function packetOf({ segments }: Jpeg): string | undefined {
  const found = segments.find(isPacket)
  return found === undefined ? undefined : text(found.data.subarray(packetHead.length))
}

const guidBytes = 32
const extensionHeadBytes = extensionHead.length + guidBytes + 8

function extensionSegments(guid: string, data: Buffer): Segment[] {
  const room = mostSegmentBytes - extensionHeadBytes
  const parts: Segment[] = []
  for (let at = 0; at < data.length; at += room) {
    const head = Buffer.alloc(extensionHeadBytes)
    extensionHead.copy(head)
    head.write(guid, extensionHead.length, 'latin1')
    head.writeUInt32BE(data.length, extensionHeadBytes - 8)
    head.writeUInt32BE(at, extensionHeadBytes - 4)
    parts.push(segment(Buffer.concat([head, data.subarray(at, at + room)])))
  }
  return parts
}

/** The whole extension; undefined when a part of it is missing. */
function extensionOf({ segments }: Jpeg, id: string | undefined): string | undefined {
  const parts = id === undefined ? [] : segments.filter((one) => extensionId(one) === id)
  const [first] = parts
  if (first === undefined) return undefined
  const length = number(first, extensionHeadBytes - 8)
  if (length > mostPacketBytes) return undefined
  const whole = Buffer.alloc(length)
  let filled = 0
  for (const one of parts) {
    const part = one.data.subarray(extensionHeadBytes)
    const at = number(one, extensionHeadBytes - 4)
    if (at !== filled || at + part.length > length) return undefined
    whole.set(part, at)
    filled += part.length
  }
  return filled === length ? text(whole) : undefined
}

function extensionId(one: Segment): string | undefined {
  return one.data.length >= extensionHeadBytes && begins(one, extensionHead)
    ? text(one.data.subarray(extensionHead.length, extensionHead.length + guidBytes)).toUpperCase()
    : undefined
}

function isExif(one: Segment): boolean {
  return begins(one, exifHead)
}

function isPacket(one: Segment): boolean {
  return begins(one, packetHead)
}

function begins({ marker, data }: Segment, head: Buffer): boolean {
  return marker === app1 && head.equals(data.subarray(0, head.length))
}

function segment(data: Buffer): Segment {
  if (data.length > mostSegmentBytes) throw new RangeError(`${data.length} bytes in one segment`)
  const whole = Buffer.alloc(data.length + 4)
  whole.writeUInt16BE(0xff00 | app1, 0)
  whole.writeUInt16BE(data.length + 2, 2)
  data.copy(whole, 4)
  return { marker: app1, whole, data: whole.subarray(4) }
}

function number({ data }: Segment, at: number): number {
  return new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(at)
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
