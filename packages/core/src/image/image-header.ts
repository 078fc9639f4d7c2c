export type MediaType = 'image/png' | 'image/jpeg' | 'image/webp'

export interface ImageHeader {
  readonly mediaType: MediaType
  readonly width: number
  readonly height: number
}

/** Type and size of an encoded picture, read from its first bytes; undefined when it is not PNG, JPEG or WebP, is
 *  truncated, or says 0 pixels. Pure: no decoding.
 *  @source PNG (third edition) §11.2.1; ITU-T T.81 B.2.2; RFC 9649 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = png(view) ?? webp(view) ?? jpeg(view)
  return header !== undefined && header.width > 0 && header.height > 0 ? header : undefined
}

function png(view: DataView): ImageHeader | undefined {
  if (view.byteLength < 24 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a)
    return undefined
  if (ascii(view, 12, 4) !== 'IHDR') return undefined
  return { mediaType: 'image/png', width: view.getUint32(16), height: view.getUint32(20) }
}

function webp(view: DataView): ImageHeader | undefined {
  if (view.byteLength < 30 || ascii(view, 0, 4) !== 'RIFF' || ascii(view, 8, 4) !== 'WEBP')
    return undefined
  const mediaType = 'image/webp'
  switch (ascii(view, 12, 4)) {
    case 'VP8 ':
      if (view.getUint8(23) !== 0x9d || view.getUint16(24) !== 0x012a) return undefined
      return {
        mediaType,
        width: view.getUint16(26, true) & 0x3fff,
        height: view.getUint16(28, true) & 0x3fff,
      }
    case 'VP8L': {
      if (view.getUint8(20) !== 0x2f) return undefined
      const bits = view.getUint32(21, true)
      return { mediaType, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8X':
      return { mediaType, width: uint24(view, 24) + 1, height: uint24(view, 27) + 1 }
    default:
      return undefined
  }
}

/** Walks the segments up to the first start-of-frame. */
function jpeg(view: DataView): ImageHeader | undefined {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return undefined
  let at = 2
  while (at + 4 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) {
      at += 1 // fill byte
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2 // stands alone
    } else if (isStartOfFrame(marker)) {
      if (at + 9 > view.byteLength) return undefined
      return {
        mediaType: 'image/jpeg',
        width: view.getUint16(at + 7),
        height: view.getUint16(at + 5),
      }
    } else {
      const length = view.getUint16(at + 2)
      if (length < 2 || marker === 0xd9 || marker === 0xda) return undefined
      at += 2 + length
    }
  }
  return undefined
}

/** C0–CF, less the tables and extensions DHT (C4), JPG (C8) and DAC (CC). */
function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

function ascii(view: DataView, at: number, length: number): string {
  let text = ''
  for (let i = at; i < at + length; i++) text += String.fromCharCode(view.getUint8(i))
  return text
}

function uint24(view: DataView, at: number): number {
  return view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16)
}
