/** Bytes that a segment may hold beside its length. */
const mostBytes = 0xffff - 2

/** A JPEG with `text` as its EXIF user comment, in place of the EXIF it had; pixels are not touched. Text that is too
 *  long for one segment, or bytes that are no JPEG, leave the picture as it is.
 *  @source ITU-T T.81 B.1; Exif 2.3 §4.6.5 (UserComment), with the WebUI's "UNICODE" prefix */
export function jpegWithComment(bytes: Uint8Array, text: string): Uint8Array {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return bytes
  const exif = exifOf(text)
  if (exif.length > mostBytes) return bytes
  const head = Buffer.alloc(4)
  head.writeUInt16BE(0xffe1, 0)
  head.writeUInt16BE(exif.length + 2, 2)
  return Buffer.concat([bytes.subarray(0, 2), head, exif, ...withoutExif(bytes)])
}

/** The user comment of a JPEG; undefined where it has none of this form. */
export function jpegComment(bytes: Uint8Array): string | undefined {
  for (const { marker, start, end } of segments(bytes)) {
    if (marker !== 0xe1) continue
    const data = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    const at = data.indexOf('UNICODE\0', 0, 'latin1')
    if (at < 0 || !data.toString('latin1', 4, 10).startsWith('Exif')) continue
    return Buffer.from(data.subarray(at + 8, at + 8 + ((end - start - at - 8) & ~1)))
      .swap16()
      .toString('utf16le')
  }
  return undefined
}

/** A TIFF header, one directory that points to another, and in that the comment. */
function exifOf(text: string): Buffer {
  const comment = Buffer.concat([
    Buffer.from('UNICODE\0', 'latin1'),
    Buffer.from(text, 'utf16le').swap16(),
  ])
  const tiff = Buffer.alloc(44)
  tiff.write('MM', 0, 'latin1')
  tiff.writeUInt16BE(42, 2)
  tiff.writeUInt32BE(8, 4)
  entry(tiff, 8, { tag: 0x8769, type: 4, count: 1, value: 26 })
  entry(tiff, 26, { tag: 0x9286, type: 7, count: comment.length, value: 44 })
  return Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff, comment])
}

/** A directory of one entry. */
function entry(
  tiff: Buffer,
  at: number,
  field: {
    readonly tag: number
    readonly type: number
    readonly count: number
    readonly value: number
  },
): void {
  tiff.writeUInt16BE(1, at)
  tiff.writeUInt16BE(field.tag, at + 2)
  tiff.writeUInt16BE(field.type, at + 4)
  tiff.writeUInt32BE(field.count, at + 6)
  tiff.writeUInt32BE(field.value, at + 10)
  tiff.writeUInt32BE(0, at + 14)
}

/** Everything behind the start of the picture but its EXIF. */
function withoutExif(bytes: Uint8Array): Uint8Array[] {
  const kept: Uint8Array[] = []
  let from = 2
  for (const { marker, start, end } of segments(bytes)) {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    if (marker !== 0xe1 || data.toString('latin1', 4, 8) !== 'Exif') continue
    kept.push(bytes.subarray(from, start))
    from = end
  }
  return [...kept, bytes.subarray(from)]
}

/** The segments before the coded pixels; `start` is that of the marker. */
function segments(bytes: Uint8Array): { marker: number; start: number; end: number }[] {
  const found: { marker: number; start: number; end: number }[] = []
  let at = 2
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0
    if (marker === 0xda || marker === 0xd9) break
    const end = at + 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
    if (end <= at + 3 || end > bytes.length) break
    found.push({ marker, start: at, end })
    at = end
  }
  return found
}
