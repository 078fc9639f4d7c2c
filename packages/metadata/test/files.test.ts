import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'

import { pngChunk, pngChunks, readMetadata, withMetadata } from '../src/index.js'
import { block, compressedText, formats, picture, pixels, withChunks, zText } from './pictures.js'

const texts = fc
  .string({ unit: 'binary', maxLength: 300 })
  .map((text) => text.replaceAll('\0', ''))
  .filter((text) => text !== '' && !/[\uD800-\uDFFF]/u.test(text))

describe.each(formats)('a %s', (format) => {
  it('gives back any infotext and block, and no pixel changes', async () => {
    const bytes = await picture(format)
    const before = await pixels(bytes)
    await fc.assert(
      fc.asyncProperty(texts, fc.jsonValue(), async (infotext, json) => {
        const given = { ...block, config: { ...block.config, json } }
        const written = withMetadata(bytes, { infotext, block: given })
        expect(written.problems).toEqual([])
        const read = readMetadata(written.bytes)
        expect(read.infotext).toBe(infotext)
        expect(read.block).toEqual(JSON.parse(JSON.stringify(given)))
        expect(read.problems).toEqual([])
        expect(await pixels(written.bytes)).toEqual(before)
      }),
      { numRuns: 15 },
    )
  })

  it('holds each text once, and keeps what is not given', async () => {
    const bytes = await picture(format)
    const once = withMetadata(bytes, { infotext: 'a cat\nSteps: 20', block }).bytes
    const again = withMetadata(once, { infotext: 'a dog, пёс\nSteps: 9' }).bytes
    const thrice = withMetadata(again, { block: { ...block, seed: 8 } }).bytes
    expect(readMetadata(again)).toMatchObject({ infotext: 'a dog, пёс\nSteps: 9', block })
    expect(readMetadata(thrice)).toMatchObject({
      infotext: 'a dog, пёс\nSteps: 9',
      block: { seed: 8 },
    })
    const direct = withMetadata(bytes, { infotext: 'a dog, пёс\nSteps: 9', block }).bytes
    expect(thrice).toHaveLength(direct.length)
    expect(await sharp(thrice).metadata()).toMatchObject({ width: 40, height: 24 })
  })

  it('that is cut off anywhere is read without an exception, and never written to', async () => {
    const { bytes } = withMetadata(await picture(format), { infotext: 'a cat', block })
    for (let end = 0; end < bytes.length - 1; end += 5) {
      const cut = bytes.subarray(0, end)
      const read = readMetadata(cut)
      if (read.infotext !== undefined) expect(read.infotext).toBe('a cat')
      const written = withMetadata(cut, { infotext: 'a dog' })
      // What follows a JPEG's head are pixels, whose end nothing tells.
      if (written.problems.length > 0) expect(written.bytes).toBe(cut)
      else expect(format).toBe('jpeg')
    }
  })

  it('with any byte wrong is read without an exception', async () => {
    const { bytes } = withMetadata(await picture(format, 9, 7), { infotext: 'a cat', block })
    const head = Math.min(bytes.length, 1500)
    fc.assert(
      fc.property(fc.nat(head - 1), fc.nat(255), fc.nat(head - 1), fc.nat(255), (a, x, b, y) => {
        const wrong = Buffer.from(bytes)
        wrong[a] = x
        wrong[b] = y
        expect(() => readMetadata(wrong)).not.toThrow()
        expect(() => withMetadata(wrong, { infotext: 'a dog', block })).not.toThrow()
      }),
      { numRuns: 400 },
    )
  })

  it('refuses a text of more than 1 MiB, which would not be read back', async () => {
    const bytes = await picture(format)
    const { problems } = withMetadata(bytes, { infotext: 'x'.repeat(2 ** 20 + 1) })
    expect(problems).toMatchObject([{ field: 'infotext', reason: 'too_long' }])
  })
})

it('bytes that are no picture are handed back as they are, with the reason', () => {
  const bytes = Buffer.from('GIF89a, or anything else')
  const written = withMetadata(bytes, { infotext: 'x' })
  expect(written.bytes).toBe(bytes)
  expect(written.problems).toMatchObject([{ field: 'picture', reason: 'not_a_picture' }])
  expect(readMetadata(bytes).problems).toMatchObject([{ reason: 'not_a_picture' }])
})

describe('a PNG', () => {
  it('holds Latin-1 as tEXt, and what could be mistaken or does not fit as iTXt', async () => {
    const bytes = await picture('png')
    const typeOf = (infotext: string): string | undefined =>
      pngChunks(withMetadata(bytes, { infotext }).bytes)?.[1]?.type
    expect(typeOf('plain')).toBe('tEXt')
    expect(typeOf('café')).toBe('tEXt')
    expect(typeOf('Ã© (in UTF-8 another letter)')).toBe('iTXt')
    expect(typeOf('кот')).toBe('iTXt')
  })

  it('of other tools is read: zTXt, compressed iTXt, and UTF-8 where Latin-1 should be', async () => {
    const bytes = await picture('png')
    const read = (chunk: Uint8Array) => readMetadata(withChunks(bytes, chunk)).infotext
    expect(read(zText('parameters', 'a café'))).toBe('a café')
    expect(read(compressedText('parameters', 'a кот 🐈'))).toBe('a кот 🐈')
    expect(read(pngChunk('tEXt', Buffer.from('parameters\0a кот', 'utf8')))).toBe('a кот')
  })

  it('with a text that inflates beyond 1 MiB gives none, and says why', async () => {
    const bytes = await picture('png')
    for (const chunk of [
      zText('parameters', 'x'.repeat(2 ** 24)),
      compressedText('parameters', 'x'.repeat(2 ** 24)),
      pngChunk('tEXt', Buffer.from(`parameters\0${'x'.repeat(2 ** 20 + 1)}`)),
    ]) {
      const read = readMetadata(withChunks(bytes, chunk))
      expect(read.infotext).toBeUndefined()
      expect(read.problems).toMatchObject([{ field: 'infotext', reason: 'too_long' }])
    }
  })

  it('with a broken text gives none, and says why', async () => {
    const bytes = await picture('png')
    const broken = Buffer.from(pngChunk('tEXt', Buffer.from('parameters\0a cat')))
    broken[20] = 0x58
    const head = Buffer.from('parameters\0\u0001\0\0\0', 'latin1')
    const noise = pngChunk('iTXt', Buffer.concat([head, Buffer.from('no deflate')]))
    const short = pngChunk('iTXt', Buffer.from('parameters\0\0\0x', 'latin1'))
    for (const chunk of [broken, noise, short]) {
      const read = readMetadata(withChunks(bytes, chunk))
      expect(read.infotext).toBeUndefined()
      expect(read.problems).toMatchObject([{ field: 'infotext', reason: 'damaged' }])
    }
  })

  it('made from a JPEG by another tool still gives what its EXIF and XMP say', async () => {
    const jpeg = withMetadata(await picture('jpeg'), { infotext: 'a кот\nSteps: 20', block }).bytes
    const png = await sharp(jpeg).keepMetadata().png().toBuffer()
    expect(readMetadata(png)).toMatchObject({
      infotext: 'a кот\nSteps: 20',
      block,
      source: 'exif',
      problems: [],
    })
  })
})

describe('EXIF and XMP of others', () => {
  const exif = {
    IFD0: { Copyright: 'somebody', ImageDescription: 'a harbour' },
    IFD2: { LensModel: '50mm f/1.8' },
  }

  it.each(['jpeg', 'webp'] as const)('stay in a %s', async (format) => {
    const plain = sharp(await picture('png')).withExif(exif)
    const bytes = await plain.withXmp(foreignXmp)[format]().toBuffer()
    let { bytes: written, problems } = withMetadata(bytes, { infotext: 'a кот', block })
    expect(problems).toEqual([])
    const length = written.length
    for (let i = 0; i < 3; i++)
      ({ bytes: written, problems } = withMetadata(written, { infotext: 'a пёс', block }))
    expect(written).toHaveLength(length)
    expect(readMetadata(written)).toMatchObject({ infotext: 'a пёс', block, problems: [] })
    const after = await sharp(written).metadata()
    for (const text of ['somebody', 'a harbour', '50mm f/1.8'])
      expect(after.exif?.includes(text)).toBe(true)
    expect(after.xmpAsString).toContain('<dc:title>kept</dc:title>')
  })

  it('in little-endian order keep the text in the order that the WebUI reads', async () => {
    const bytes = await sharp(await picture('png'))
      .withExif(exif)
      .jpeg()
      .toBuffer()
    const at = bytes.indexOf('Exif\0\0', 0, 'latin1') + 6
    expect(bytes.toString('latin1', at, at + 2)).toBe('II')
    for (const text of ['a cat', '一一一', 'Ā', '\uFEFFa']) {
      const written = withMetadata(bytes, { infotext: text })
      expect(written.problems).toEqual([])
      expect(readMetadata(written.bytes).infotext).toBe(text)
    }
    const { bytes: written } = withMetadata(bytes, { infotext: 'a cat' })
    expect(Buffer.from(written).includes(Buffer.from('UNICODE\0\0a\0 \0c', 'latin1'))).toBe(true)
  })

  it('give way to an infotext that leaves them no room, which is said', async () => {
    const long = { IFD0: { ImageDescription: 'd'.repeat(30_000) } }
    const bytes = await sharp(await picture('png'))
      .withExif(long)
      .jpeg()
      .toBuffer()
    const written = withMetadata(bytes, { infotext: 'x'.repeat(20_000) })
    expect(written.problems).toMatchObject([{ field: 'exif', reason: 'too_long' }])
    expect(readMetadata(written.bytes).infotext).toBe('x'.repeat(20_000))
  })
})

describe('a JPEG', () => {
  it('refuses an infotext that one segment cannot hold, and keeps the one it has', async () => {
    const bytes = withMetadata(await picture('jpeg'), { infotext: 'short' }).bytes
    const written = withMetadata(bytes, { infotext: 'x'.repeat(33_000), block })
    expect(written.problems).toMatchObject([{ field: 'infotext', reason: 'too_long' }])
    expect(readMetadata(written.bytes)).toMatchObject({ infotext: 'short', block })
  })

  it('holds a block of any length up to 1 MiB, in as many segments as it takes', async () => {
    const plain = await picture('jpeg')
    const large = { ...block, config: { prompt: 'кот '.repeat(100_000) } }
    const written = withMetadata(plain, { infotext: 'a cat', block: large })
    expect(written.problems).toEqual([])
    expect(readMetadata(written.bytes)).toMatchObject({ infotext: 'a cat', problems: [] })
    expect(readMetadata(written.bytes).block).toEqual(large)
    expect(await pixels(written.bytes)).toEqual(await pixels(plain))
    const small = withMetadata(written.bytes, { block }).bytes
    expect(readMetadata(small).block).toEqual(block)
    expect(small).toHaveLength(withMetadata(plain, { infotext: 'a cat', block }).bytes.length)
  })
})

describe('ComfyUI’s graph', () => {
  const graph = '{"3":{"class_type":"KSampler","inputs":{}}}'

  it('is found in PNG', async () => {
    const bytes = withChunks(
      await picture('png'),
      pngChunk('tEXt', Buffer.from(`prompt\0${graph}`)),
    )
    expect(readMetadata(bytes)).toMatchObject({ comfy: graph, source: 'png-text' })
  })

  it('is found in WebP, where it stands as the camera’s model', async () => {
    const bytes = await sharp(await picture('png'))
      .withExif({ IFD0: { Model: `prompt:${graph}`, Make: 'workflow:{}' } })
      .webp()
      .toBuffer()
    expect(readMetadata(bytes)).toMatchObject({ comfy: graph, source: 'exif' })
  })
})

const foreignXmp =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>kept</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>'
