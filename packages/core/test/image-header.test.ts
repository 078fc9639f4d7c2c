import { errors, readImageHeader, stageImage } from '@stagewright/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { picture } from './recording-backend.js'

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
    ),
  )

const le24 = (n: number) => [n & 255, (n >> 8) & 255, (n >> 16) & 255]
const be16 = (n: number) => [(n >> 8) & 255, n & 255]

describe('the header of a picture', () => {
  test('tells type and size of a PNG', async () => {
    expect(readImageHeader(await picture(1040, 1520).bytes())).toEqual({
      mediaType: 'image/png',
      width: 1040,
      height: 1520,
    })
  })

  test('tells the size of a JPEG behind EXIF, fill bytes and tables, baseline or progressive', () => {
    for (const frame of [0xc0, 0xc2])
      expect(
        readImageHeader(
          bytes(
            [0xff, 0xd8, 0xff, 0xe1, 0, 10],
            'Exif\0\0xx',
            [0xff, 0xff, 0xc4, 0, 3, 0],
            [0xff, frame, 0, 17, 8, ...be16(768), ...be16(1024), 3],
          ),
        ),
      ).toEqual({ mediaType: 'image/jpeg', width: 1024, height: 768 })
  })

  test('tells the size of each kind of WebP', () => {
    const riff = (kind: string, body: number[]) =>
      bytes('RIFF', [0, 0, 0, 0], 'WEBP', kind, [0, 0, 0, 0], body, [0, 0, 0, 0, 0, 0, 0])
    const lossless = 639 | (479 << 14)
    expect(readImageHeader(riff('VP8X', [0, 0, 0, 0, ...le24(639), ...le24(479)]))).toEqual({
      mediaType: 'image/webp',
      width: 640,
      height: 480,
    })
    expect(
      readImageHeader(riff('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01])),
    ).toEqual({ mediaType: 'image/webp', width: 640, height: 480 })
    expect(
      readImageHeader(riff('VP8L', [0x2f, ...le24(lossless), (lossless >>> 24) & 255])),
    ).toEqual({ mediaType: 'image/webp', width: 640, height: 480 })
  })

  test('never throws, whatever the bytes', () => {
    const magic = fc.constantFrom(
      [],
      [0xff, 0xd8],
      [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
      [...Buffer.from('RIFFxxxxWEBPVP8 ')],
    )
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 80 }), (start, rest) => {
        const header = readImageHeader(Uint8Array.from([...start, ...rest]))
        expect(header === undefined || (header.width > 0 && header.height > 0)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('is undefined for a truncated or empty picture, and a StageImage is refused with its name', async () => {
    const whole = await picture(64, 64).bytes()
    expect(readImageHeader(whole.subarray(0, 20))).toBeUndefined()
    expect(() => stageImage(new Uint8Array(), { name: 'empty.png' })).toThrow(
      errors.SW_IMAGE_NOT_READABLE({ name: 'empty.png', bytes: 0 }).message,
    )
  })
})
