/** The EXIF UserComment in which the servers keep the infotext of JPEG and WebP files. */

/** A TIFF block that holds nothing but a UserComment. */
function userComment(text: string): Buffer {
  const utf16 = Buffer.from(text, 'utf16le').swap16()
  const value = Buffer.concat([Buffer.from('UNICODE\0', 'latin1'), utf16])
  const out = Buffer.alloc(44 + value.length)
  out.write('MM', 0, 'latin1')
  out.writeUInt16BE(42, 2)
  out.writeUInt32BE(8, 4)
  out.writeUInt16BE(1, 8)
  entry(out, 10, 0x8769, 4, 1, 26)
  out.writeUInt32BE(0, 22)
  out.writeUInt16BE(1, 26)
  entry(out, 28, 0x9286, 7, value.length, 44)
  out.writeUInt32BE(0, 40)
  value.copy(out, 44)
  return out
}

function entry(
  out: Buffer,
  at: number,
  tag: number,
  type: number,
  count: number,
  value: number,
): void {
  out.writeUInt16BE(tag, at)
  out.writeUInt16BE(type, at + 2)
  out.writeUInt32BE(count, at + 4)
  out.writeUInt32BE(value, at + 8)
}

export function jpegWithComment(jpeg: Buffer, text: string): Buffer {
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), userComment(text)])
  if (body.length + 2 > 0xffff) return jpeg
  const head = Buffer.from([0xff, 0xe1, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)])
}

export function webpWithComment(webp: Buffer, width: number, height: number, text: string): Buffer {
  const extended = Buffer.alloc(10)
  extended[0] = 0x08
  extended.writeUIntLE(width - 1, 4, 3)
  extended.writeUIntLE(height - 1, 7, 3)
  const parts = [
    riff('VP8X', extended),
    // sharp writes the plain form: one VP8 or VP8L part.
    webp.subarray(12),
    riff('EXIF', userComment(text)),
  ]
  const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), ...parts])
  const head = Buffer.alloc(8)
  head.write('RIFF', 0, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body])
}

function riff(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.write(name, 0, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}

/** The UserComment of an EXIF block with or without its "Exif" head; undefined when there is none. */
export function commentIn(exif: Uint8Array): string | undefined {
  const bytes = Buffer.from(exif.buffer, exif.byteOffset, exif.byteLength)
  const at = bytes.indexOf('UNICODE\0', 0, 'latin1')
  if (at < 0) return undefined
  const value = bytes.subarray(at + 8, at + 8 + Math.floor((bytes.length - at - 8) / 2) * 2)
  return Buffer.from(value).swap16().toString('utf16le')
}
