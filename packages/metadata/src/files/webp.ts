import { readImageHeader } from '@stagewright/core'

export interface RiffChunk {
  /** Four letters, such as `EXIF`, `VP8 ` or `VP8X`. */
  readonly name: string
  readonly data: Uint8Array
}

export interface WebP {
  readonly chunks: readonly RiffChunk[]
  /** Whether the file has all that its head promises. */
  readonly whole: boolean
}

const extended = { alpha: 0x10, exif: 0x08, xmp: 0x04 }

/** The chunks of a WebP without decoding it; those before the damage where it is cut off.
 *  @source RFC 9649 §2.3–2.7 */
export function readWebP(bytes: Uint8Array): WebP | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (all.length < 12 || letters(all, 0) !== 'RIFF' || letters(all, 8) !== 'WEBP') return undefined
  const end = all.readUInt32LE(4) + 8
  const chunks: RiffChunk[] = []
  let at = 12
  while (at + 8 <= Math.min(end, all.length)) {
    const length = all.readUInt32LE(at + 4)
    if (at + 8 + length > all.length) return { chunks, whole: false }
    chunks.push({ name: letters(all, at), data: all.subarray(at + 8, at + 8 + length) })
    at += 8 + length + (length % 2)
  }
  const pixels = chunks.some(({ name }) => ['VP8 ', 'VP8L', 'ANMF'].includes(name))
  return { chunks, whole: pixels && end <= all.length }
}

/** The data of the first chunk of this name. */
export function webpChunk({ chunks }: WebP, name: string): Uint8Array | undefined {
  return chunks.find((one) => one.name === name)?.data
}

/** The EXIF block without the head that some writers put before it. */
export function webpExif(webp: WebP): Uint8Array | undefined {
  const data = webpChunk(webp, 'EXIF')
  if (data === undefined) return undefined
  const headed = Buffer.from(data.subarray(0, 6)).toString('latin1') === 'Exif\0\0'
  return headed ? data.subarray(6) : data
}

/** The WebP with these EXIF and XMP chunks in place of its own; what is not given stays. A simple file becomes an
 *  extended one: its size and whether it has alpha come from the head of its pixels, which are not touched. Undefined
 *  when that head cannot be read. */
export function withWebPChunks(
  webp: WebP,
  given: { readonly exif?: Uint8Array | undefined; readonly xmp?: Uint8Array | undefined },
): WebP | undefined {
  const head = webpChunk(webp, 'VP8X') ?? headOf(webp)
  if (head === undefined || head.length < 10) return undefined
  const exif = given.exif ?? webpChunk(webp, 'EXIF')
  const xmp = given.xmp ?? webpChunk(webp, 'XMP ')
  const flags = Buffer.from(head)
  flags[0] =
    ((flags[0] ?? 0) & ~(extended.exif | extended.xmp)) |
    (exif === undefined ? 0 : extended.exif) |
    (xmp === undefined ? 0 : extended.xmp)
  const pixels = webp.chunks.filter(({ name }) => !['VP8X', 'EXIF', 'XMP '].includes(name))
  const texts = [
    ...(exif === undefined ? [] : [{ name: 'EXIF', data: exif }]),
    ...(xmp === undefined ? [] : [{ name: 'XMP ', data: xmp }]),
  ]
  return { ...webp, chunks: [{ name: 'VP8X', data: flags }, ...pixels, ...texts] }
}

export function webpBytes({ chunks }: WebP): Uint8Array {
  const parts = chunks.flatMap(({ name, data }) => {
    const head = Buffer.alloc(8)
    head.write(name, 0, 'latin1')
    head.writeUInt32LE(data.length, 4)
    return [head, data, Buffer.alloc(data.length % 2)]
  })
  const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), ...parts])
  const head = Buffer.alloc(8)
  head.write('RIFF', 0, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body])
}

/** What a simple file would say of itself if it were extended: canvas and alpha. */
export function headOf(webp: WebP): Uint8Array | undefined {
  const pixels = webp.chunks.find(({ name }) => name === 'VP8 ' || name === 'VP8L')
  if (pixels === undefined) return undefined
  // The reader wants 30 bytes, which the smallest files do not have.
  const padding = { name: 'JUNK', data: Buffer.alloc(16) }
  const header = readImageHeader(webpBytes({ chunks: [pixels, padding], whole: true }))
  if (header === undefined) return undefined
  const head = Buffer.alloc(10)
  // Bit 28 of a lossless head: whether any pixel is transparent.
  const alpha = pixels.name === 'VP8L' && ((pixels.data[4] ?? 0) & 0x10) !== 0
  head[0] = alpha ? extended.alpha : 0
  head.writeUIntLE(header.width - 1, 4, 3)
  head.writeUIntLE(header.height - 1, 7, 3)
  return head
}

function letters(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 4)
}
