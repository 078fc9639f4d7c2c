/** Text in PNG files, as PIL writes and reads it: tEXt for what fits Latin-1, iTXt for the rest. */

const signatureAndHeader = 33

export function withText(png: Uint8Array, key: string, value: string, utf8InText = false): Buffer {
  // oxlint-disable-next-line no-control-regex -- the range is what Latin-1 is
  const latin1 = /^[\u0000-\u00ff]*$/u.test(value)
  // sd-server puts raw UTF-8 into tEXt, against the PNG specification.
  const body =
    latin1 && !utf8InText
      ? Buffer.from(`tEXt${key}\0${value}`, 'latin1')
      : utf8InText
        ? Buffer.concat([Buffer.from(`tEXt${key}\0`, 'latin1'), Buffer.from(value, 'utf8')])
        : Buffer.concat([Buffer.from(`iTXt${key}\0\0\0\0\0`, 'latin1'), Buffer.from(value, 'utf8')])
  return Buffer.concat([
    png.subarray(0, signatureAndHeader),
    chunk(body),
    png.subarray(signatureAndHeader),
  ])
}

/** All text chunks of a PNG file, by key. */
export function textsOf(png: Uint8Array): Record<string, string> {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength)
  const texts: Record<string, string> = {}
  if (bytes.length < signatureAndHeader || bytes.toString('latin1', 1, 4) !== 'PNG') return texts
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    const body = bytes.subarray(at + 8, at + 8 + length)
    const zero = body.indexOf(0)
    if (type === 'tEXt' && zero > 0)
      texts[body.toString('latin1', 0, zero)] = body.toString('latin1', zero + 1)
    if (type === 'iTXt' && zero > 0 && body[zero + 1] === 0) {
      const language = body.indexOf(0, zero + 3)
      const translated = body.indexOf(0, language + 1)
      texts[body.toString('latin1', 0, zero)] = body.toString('utf8', translated + 1)
    }
    at += length + 12
  }
  return texts
}

function chunk(body: Buffer): Buffer {
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(body.length - 4, 0)
  body.copy(out, 4)
  out.writeUInt32BE(crc32(body), body.length + 4)
  return out
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  return c
})

/** node:zlib has a CRC-32 only from Node 22 on. */
function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (const byte of bytes) c = table[(c ^ byte) & 0xff]! ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}
