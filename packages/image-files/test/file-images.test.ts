import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isPipelineError } from '@stagewright/core'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { fileImages } from '../src/index.js'

let folder: string
let root: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-files-'))
  root = join(folder, 'work')
  await mkdir(join(root, 'photos', 'deep'), { recursive: true })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('what a reference names', () => {
  test('a path is relative to the root, and the picture keeps its name', async () => {
    await put('photos/harbour.png', await solid(8, 4))
    const [given] = await open('photos/harbour.png')
    expect(given?.image).toMatchObject({ name: 'harbour.png', width: 8, height: 4 })
  })

  test('a folder gives its own pictures in natural order, and skips other files', async () => {
    for (const name of ['b10.png', 'b9.png', 'a.webp', 'deep/z.png', '.hidden.png'])
      await put(`photos/${name}`, await solid(4, 4))
    await put('photos/notes.txt', Buffer.from('no picture'))
    expect(await names('photos')).toEqual(['a.webp', 'b9.png', 'b10.png'])
  })

  test('a glob gives what matches, at any depth, in natural order', async () => {
    for (const name of ['2.png', '10.png', 'deep/1.png', 'x.jpg'])
      await put(`photos/${name}`, await solid(4, 4))
    expect(await names('photos/*.png')).toEqual(['2.png', '10.png'])
    expect(await names('photos/**/*.png')).toEqual(['2.png', '10.png', '1.png'])
    expect(await names('photos/{2,x}.*')).toEqual(['2.png', 'x.jpg'])
  })

  test('a file whose name looks like a glob is that file', async () => {
    await put('photos/shot [1].png', await solid(4, 4))
    expect(await names('photos/shot [1].png')).toEqual(['shot [1].png'])
  })

  test('a glob that matches nothing gives no picture', async () => {
    expect(await names('photos/*.gif')).toEqual([])
  })

  test('a missing file is an error that names where it was looked for', async () => {
    expect(await codeOf(open('photos/nope.png'))).toBe('SW_IMAGE_FILE_NOT_FOUND')
  })

  test('an empty reference is an error', async () => {
    expect(await codeOf(open(' '))).toBe('SW_IMAGE_BAD_REFERENCE')
  })
})

describe('what lies outside the root', () => {
  beforeEach(async () => {
    await mkdir(join(folder, 'elsewhere'))
    await writeFile(join(folder, 'elsewhere', 'secret.png'), await solid(4, 4))
  })

  test.each(['../elsewhere/secret.png', '../elsewhere', '../elsewhere/*.png', '../*/secret.png'])(
    '%s is refused, and the hint names --allow-path',
    async (reference) => {
      const error = await errorOf(open(reference))
      expect(error.code).toBe('SW_IMAGE_OUTSIDE_ROOT')
      expect(error.hint).toContain('--allow-path')
    },
  )

  test('a wildcard followed by .. is refused', async () => {
    expect(await codeOf(open('photos/*/../../../elsewhere/secret.png'))).toMatch(
      /SW_IMAGE_(BAD_REFERENCE|OUTSIDE_ROOT)/,
    )
  })

  test('a link that leads out is refused, alone, in a folder and in a glob', async () => {
    await symlink(join(folder, 'elsewhere', 'secret.png'), join(root, 'photos', 'link.png'))
    await symlink(join(folder, 'elsewhere'), join(root, 'photos', 'out'))
    for (const reference of ['photos/link.png', 'photos', 'photos/*.png', 'photos/out/*.png'])
      expect([reference, await codeOf(open(reference))]).toEqual([
        reference,
        'SW_IMAGE_OUTSIDE_ROOT',
      ])
  })

  test('a missing file outside is told as outside, so that nothing is learnt of it', async () => {
    expect(await codeOf(open('../elsewhere/none.png'))).toBe('SW_IMAGE_OUTSIDE_ROOT')
  })

  test('an allowed folder is open, by a relative and by an absolute path', async () => {
    const allow = [join(folder, 'elsewhere')]
    expect(await names('../elsewhere/*.png', { allow })).toEqual(['secret.png'])
    expect(await names(join(folder, 'elsewhere', 'secret.png'), { allow })).toEqual(['secret.png'])
    expect(await names(join(folder, 'elsewhere', '*.png'), { allow })).toEqual(['secret.png'])
  })
})

describe('a picture becomes 8-bit sRGB RGB', () => {
  test('EXIF orientation 6 is applied, and the metadata is gone', async () => {
    const upright = await halves(8, 4)
    const jpeg = await sharp(upright)
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer()
    await put('photos/turned.jpg', jpeg)
    const { image, pixels, metadata } = await only('photos/turned.jpg')
    expect(image).toMatchObject({ width: 4, height: 8, mediaType: 'image/png' })
    expect(metadata.orientation).toBeUndefined()
    expect(metadata.exif).toBeUndefined()
    // What was left is on top after a quarter turn clockwise.
    expect(pixels[0]).toBeGreaterThan(240)
    expect(pixels.at(-3)).toBeLessThan(15)
  })

  test('transparency is laid on white, or on the colour asked for', async () => {
    const clear = await sharp({
      create: { width: 2, height: 2, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer()
    await put('photos/clear.png', clear)
    expect((await only('photos/clear.png')).pixels.slice(0, 3)).toEqual([255, 255, 255])
    const green = await only('photos/clear.png', { background: { r: 0, g: 128, b: 0 } })
    expect(green.pixels.slice(0, 3)).toEqual([0, 128, 0])
  })

  test('grey, grey with alpha, 16 bits, WebP and CMYK all come as three 8-bit channels', async () => {
    const base = sharp(await halves(8, 4))
    await put(
      'photos/grey.png',
      await base.clone().greyscale().toColourspace('b-w').png().toBuffer(),
    )
    const half = Buffer.from([0, 255, 128, 255, 255, 255, 64, 0])
    await put(
      'photos/grey-alpha.png',
      await sharp(half, { raw: { width: 2, height: 2, channels: 2 } })
        .toColourspace('b-w')
        .png()
        .toBuffer(),
    )
    await put('photos/deep.png', await base.clone().toColourspace('rgb16').png().toBuffer())
    await put('photos/lossless.webp', await base.clone().webp({ lossless: true }).toBuffer())
    await put('photos/ink.jpg', await base.clone().toColourspace('cmyk').jpeg().toBuffer())
    for (const name of ['grey.png', 'grey-alpha.png', 'deep.png', 'lossless.webp', 'ink.jpg']) {
      const { metadata } = await only(`photos/${name}`)
      const { channels, depth, space, hasAlpha, format } = metadata
      expect({ name, channels, depth, space, hasAlpha, format }).toEqual({
        name,
        channels: 3,
        depth: 'uchar',
        space: 'srgb',
        hasAlpha: false,
        format: 'png',
      })
    }
    expect((await only('photos/deep.png')).pixels).toEqual([...(await raw(await halves(8, 4)))])
    expect((await only('photos/grey-alpha.png')).pixels.slice(9)).toEqual([255, 255, 255])
  })

  test('what comes out goes in again unchanged, byte for byte', async () => {
    await put('photos/a.png', await halves(8, 4))
    const first = (await only('photos/a.png')).image
    await put('photos/b.png', Buffer.from(await first.bytes()))
    expect((await only('photos/b.png')).image.digest).toBe(first.digest)
  })
})

describe('a mask becomes 8-bit grey', () => {
  test('real transparency is the mask', async () => {
    const rgba = Buffer.from([0, 0, 0, 255, 255, 255, 255, 0])
    await put(
      'm.png',
      await sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } })
        .png()
        .toBuffer(),
    )
    const { given, pixels, metadata } = await only('m.png', {}, 'mask')
    expect(pixels).toEqual([255, 0])
    expect(given.coverage).toBe(0.5)
    expect(metadata).toMatchObject({ channels: 1, depth: 'uchar', space: 'b-w' })
  })

  test('without transparency the luminance is the mask, alpha channel or not', async () => {
    const rgba = Buffer.from([255, 255, 255, 255, 0, 0, 0, 255, 128, 128, 128, 255, 0, 0, 0, 255])
    await put(
      'm.png',
      await sharp(rgba, { raw: { width: 4, height: 1, channels: 4 } })
        .png()
        .toBuffer(),
    )
    const { given, pixels } = await only('m.png', {}, 'mask')
    expect(pixels).toEqual([255, 0, 128, 0])
    expect(given.coverage).toBeCloseTo(383 / 1020, 10)
  })

  test('a mask that is read again keeps its values', async () => {
    const ramp = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    await put(
      'm.png',
      await sharp(ramp, { raw: { width: 16, height: 16, channels: 1 } })
        .toColourspace('b-w')
        .png()
        .toBuffer(),
    )
    const first = await only('m.png', {}, 'mask')
    expect(first.pixels).toEqual([...ramp])
    await put('again.png', Buffer.from(await first.image.bytes()))
    expect((await only('again.png', {}, 'mask')).image.digest).toBe(first.image.digest)
  })
})

describe('limits', () => {
  test('a file too large, a picture of too many pixels, and too many files are refused', async () => {
    for (const name of ['a.png', 'b.png']) await put(`photos/${name}`, await solid(8, 8))
    expect(await codeOf(open('photos/a.png', { maxFileBytes: 10 }))).toBe('SW_IMAGE_TOO_LARGE')
    expect(await codeOf(open('photos/a.png', { maxPixels: 63 }))).toBe('SW_IMAGE_TOO_MANY_PIXELS')
    expect(await codeOf(open('photos', { maxFiles: 1 }))).toBe('SW_IMAGE_TOO_MANY')
  })

  test('text, an SVG and half a PNG are told as unreadable, with the file', async () => {
    await put('photos/a.png', Buffer.from('just text'))
    await put(
      'photos/b.png',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>'),
    )
    const whole = await noise(64, 64)
    await put('photos/c.png', whole.subarray(0, whole.length / 2))
    for (const name of ['a.png', 'b.png', 'c.png']) {
      const error = await errorOf(open(`photos/${name}`))
      expect([name, error.code]).toEqual([name, 'SW_IMAGE_FILE_UNREADABLE'])
      expect(error.message).toContain(name)
    }
  })

  test('bytes beyond what is kept are read again, and a file that changed meanwhile is told', async () => {
    await put('photos/a.png', await halves(8, 4))
    const [given] = await open('photos/a.png', { keepBytes: 0 })
    const bytes = await given?.image.bytes()
    expect((await raw(Buffer.from(bytes ?? []))).length).toBe(8 * 4 * 3)
    await put('photos/a.png', await solid(8, 4))
    expect(await codeOf(given?.image.bytes() ?? Promise.resolve())).toBe('SW_IMAGE_CHANGED')
  })
})

type Options = Partial<Parameters<typeof fileImages>[0]>

function open(reference: string, options: Options = {}, use: 'picture' | 'mask' = 'picture') {
  return fileImages({ root, ...options }).open(reference, use)
}

async function names(reference: string, options: Options = {}): Promise<(string | undefined)[]> {
  return (await open(reference, options)).map(({ image }) => image.name)
}

async function only(reference: string, options: Options = {}, use: 'picture' | 'mask' = 'picture') {
  const [given] = await open(reference, options, use)
  if (given === undefined) throw new Error('no picture')
  const bytes = Buffer.from(await given.image.bytes())
  const metadata = await sharp(bytes).metadata()
  return { given, image: given.image, metadata, pixels: [...(await raw(bytes))] }
}

async function raw(bytes: Buffer): Promise<Buffer> {
  const { channels } = await sharp(bytes).metadata()
  const picture = channels === 1 ? sharp(bytes).toColourspace('b-w') : sharp(bytes)
  return picture.raw().toBuffer()
}

async function errorOf(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isPipelineError(error)) throw new Error(`no PipelineError but ${String(error)}`)
  return error
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return (await errorOf(work)).code
}

function put(path: string, bytes: Buffer): Promise<void> {
  return writeFile(join(root, path), bytes)
}

function solid(width: number, height: number): Promise<Buffer> {
  const background = { r: 200, g: 100, b: 50 }
  return sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer()
}

/** White on the left, black on the right. */
function halves(width: number, height: number): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 3)
  for (let i = 0; i < width * height; i++)
    pixels.fill(i % width < width / 2 ? 255 : 0, i * 3, i * 3 + 3)
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

function noise(width: number, height: number): Promise<Buffer> {
  const pixels = Buffer.from(
    Array.from({ length: width * height * 3 }, (_, i) => (i * 7919 + (i >> 3) * 104729) % 251),
  )
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}
