import { deflateSync } from 'node:zlib'

import sharp from 'sharp'
import { describe, expect, it } from 'vitest'

import { contentDigest, pngChunk, pngChunks, withMetadata } from '../src/index.js'
import { block, formats, picture, withChunks } from './pictures.js'

describe.each(formats)('the digest of a %s', (format) => {
  it('is the same whatever its texts, and another for other pixels', async () => {
    const bytes = await picture(format)
    const digest = contentDigest(bytes)
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    const { bytes: told } = withMetadata(bytes, { infotext: 'a cat', block })
    expect(contentDigest(told)).toBe(digest)
    expect(contentDigest(withMetadata(told, { infotext: 'a dog' }).bytes)).toBe(digest)
    expect(contentDigest(await picture(format, 40, 25))).not.toBe(digest)
    const damaged = Buffer.from(bytes)
    const middle = bytes.length - 40
    damaged[middle] = (damaged[middle] ?? 0) ^ 0xff
    expect(contentDigest(damaged)).not.toBe(digest)
  })
})

it('does not see where a PNG cuts its pixels into chunks, nor times and comments', async () => {
  const bytes = await picture('png', 300, 300)
  const chunks = pngChunks(bytes) ?? []
  const cut = chunks.flatMap(({ type, data, whole }) =>
    type === 'IDAT'
      ? [pngChunk('IDAT', data.subarray(0, 100)), pngChunk('IDAT', data.subarray(100))]
      : [whole],
  )
  const time = pngChunk('tIME', Buffer.alloc(7))
  const other = Buffer.concat([bytes.subarray(0, 8), ...cut])
  expect(contentDigest(withChunks(other, time))).toBe(contentDigest(bytes))
})

it('sees the colour space, the palette and the compression', async () => {
  const bytes = await picture('png')
  const digests = [
    bytes,
    withChunks(bytes, pngChunk('gAMA', Buffer.from([0, 1, 0, 0]))),
    withChunks(bytes, pngChunk('sRGB', Buffer.from([0]))),
    withChunks(bytes, pngChunk('iCCP', Buffer.concat([Buffer.from('x\0\0'), deflateSync('x')]))),
    await sharp(bytes).png({ compressionLevel: 1 }).toBuffer(),
    await sharp(bytes).png({ palette: true }).toBuffer(),
  ].map(contentDigest)
  expect(new Set(digests).size).toBe(digests.length)
})

it('is none for a file that is cut off, or no picture', async () => {
  for (const format of formats) {
    const bytes = await picture(format)
    expect(contentDigest(bytes.subarray(0, 60))).toBeUndefined()
  }
  expect(contentDigest(Buffer.from('no picture'))).toBeUndefined()
})
