import { crc32 } from 'node:zlib'

/** A chunk of a PNG, as views of its bytes. */
export interface PngChunk {
  readonly type: string
  readonly data: Uint8Array
  /** Length, type, data and checksum, as they stand in the file. */
  readonly whole: Uint8Array
}

const signatureBytes = 8

/** The chunks of a PNG without decoding it; those before the damage where it is cut off; undefined for anything else.
 *  @source PNG (third edition) §5 */
export function pngChunks(bytes: Uint8Array): PngChunk[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < signatureBytes || view.getUint32(0) !== 0x89504e47) return undefined
  const chunks: PngChunk[] = []
  let at = signatureBytes
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at)
    if (at + 12 + length > bytes.length) break
    chunks.push({
      type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)),
      data: bytes.subarray(at + 8, at + 8 + length),
      whole: bytes.subarray(at, at + 12 + length),
    })
    at += 12 + length
  }
  return chunks
}

/** A chunk's bytes, with length and checksum. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const whole = Buffer.alloc(data.length + 12)
  whole.writeUInt32BE(data.length, 0)
  whole.write(type, 4, 'latin1')
  whole.set(data, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, data.length + 8)), data.length + 8)
  return whole
}

/** Whether a chunk's checksum fits its bytes. */
export function isIntact({ whole }: PngChunk): boolean {
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength)
  return view.getUint32(whole.length - 4) === crc32(whole.subarray(4, -4))
}
