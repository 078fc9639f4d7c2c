import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { AnswerScanner } from '../src/http/answer-scanner.js'
import { encodeBody } from '../src/http/body-encoder.js'
import { defaultLimits } from '../src/http/limits.js'
import { NotBase64, PictureDecoder, PictureTooLarge } from '../src/http/picture-decoder.js'
import type { BodyPart } from '../src/transport.js'

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.integer({ min: 0, max: 200_000 }).map((length) => patterned(length)),
)
const cuts = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 6 })

describe('the answer to a generation is read as JSON.parse and Buffer.from would', () => {
  test('whatever its pictures, keys, spacing and pieces', () => {
    const key = fc.string({ unit: 'binary' }).filter((name) => !['images', 'image'].includes(name))
    const entries = fc.array(fc.tuple(key, fc.jsonValue()), { maxLength: 5 })
    fc.assert(
      fc.property(
        fc.array(fc.option(bytes), { maxLength: 4 }),
        entries,
        entries,
        fc.jsonValue(),
        fc.constantFrom(undefined, 1, '\t'),
        cuts,
        (pictures, before, after, parameters, space, sizes) => {
          const images = pictures.map((one) => (one === null ? null : base64(one)))
          const whole = Object.fromEntries([
            ...before,
            ['parameters', parameters],
            ['images', images],
            ...after,
          ])
          const scanned = scan(JSON.stringify(whole, undefined, space), sizes)
          const expected = JSON.parse(JSON.stringify({ ...whole, parameters: null }))
          expected.images = images.map((one) => (one === null ? null : ''))
          expect(JSON.parse(scanned.rest)).toEqual(expected)
          expect(scanned.images.map((one) => base64(one))).toEqual(
            images.filter((one) => one !== null),
          )
        },
      ),
      { numRuns: 200 },
    )
  })

  test('with data URIs, escapes, line breaks and missing padding', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom(...disguises), cuts, (picture, disguise, sizes) => {
        const text = `{"image": ${disguise(base64(picture))}, "info": ""}`
        const scanned = scan(text, sizes)
        expect(Buffer.from(picture).equals(scanned.image ?? Buffer.from('none'))).toBe(true)
        expect(JSON.parse(scanned.rest)).toEqual({ image: '', info: '' })
      }),
      { numRuns: 200 },
    )
  })

  test('and nested or misplaced keys named images are left alone', () => {
    const text = JSON.stringify({
      info: '{"images":["no\\"pe"]}',
      html: { images: ['aGk='], image: 'aGk=' },
      images: ['aGk='],
    })
    const scanned = scan(text, [7])
    expect(scanned.images.map((one) => Buffer.from(one).toString())).toEqual(['hi'])
    expect(JSON.parse(scanned.rest)).toEqual({ ...JSON.parse(text), images: [''] })
  })

  test('and of equal keys the last one counts, however it is escaped', () => {
    const scanned = scan('{"images":["aGk="],"im\\u0061ges":["eW8="]}', [5])
    expect(scanned.images.map((one) => Buffer.from(one).toString())).toEqual(['yo'])
  })

  test('what a request echoes in parameters is never kept', () => {
    const echo = { mask: 'x'.repeat(500_000), nested: [{ image: 'a"b\\' }] }
    const scanned = scan(JSON.stringify({ parameters: echo, images: [] }), [4096])
    expect(scanned.rest).toBe('{"parameters":null,"images":[]}')
  })
})

describe('what is no base64 is refused', () => {
  test.each(['a', '!!!!', 'aGk=aGk=', 'aGk==', 'a===', 'aG\\u00e9k', 'aGk='.repeat(30)])(
    '%s',
    (text) => {
      expect(() => scan(`{"images":["${text}"]}`, [3])).toThrow(NotBase64)
    },
  )

  test('a wrong sign far inside of a large picture is found', () => {
    const text = base64(patterned(150_000))
    const wrong = `${text.slice(0, 100_001)}*${text.slice(100_002)}`
    expect(() => scan(`{"images":["${wrong}"]}`, [65_536])).toThrow(NotBase64)
  })

  test('a picture over the limit is refused before it is whole', () => {
    const decoder = new PictureDecoder(1000)
    const chunk = Buffer.from(base64(patterned(2000)))
    expect(() => decoder.feed(chunk, 0, chunk.length)).toThrow(PictureTooLarge)
  })
})

describe('an upload has the bytes that JSON.stringify would make', () => {
  const { body } = fc.letrec<{ body: BodyPart }>((tie) => ({
    body: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      bytes,
      fc.array(tie('body'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('body'), { maxKeys: 4 }),
    ),
  }))

  test('for any body, and its length is known before', () => {
    fc.assert(
      fc.property(body, (value) => {
        const encoded = encodeBody(value)
        const made = Buffer.concat(Array.from(encoded.pieces(), (piece) => Buffer.from(piece)))
        expect(made.equals(Buffer.from(JSON.stringify(withBase64(value))))).toBe(true)
        expect(encoded.length).toBe(made.length)
      }),
      { numRuns: 300 },
    )
  })

  test('in pieces that a socket always waits for, except the last', () => {
    const sizes = [
      ...encodeBody({ prompt: 'x'.repeat(300_000), init_images: [patterned(1_000_000)] }).pieces(),
    ].map((piece) => piece.length)
    expect(sizes.length).toBeGreaterThan(5)
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(128 * 1024)
    expect(Math.max(...sizes)).toBeLessThan(192 * 1024)
  })

  test.each([
    [{ seed: Number.NaN }, 'SW_WEBUI_BODY'],
    [{ script: { args: null } }, 'SW_WEBUI_BODY'],
    [{ init_images: ['http://example.com/a.png'] }, 'SW_WEBUI_URL_AS_PICTURE'],
    [{ mask: ' file:///etc/passwd' }, 'SW_WEBUI_URL_AS_PICTURE'],
    [{ imageList: [{ data: 'https://example.com', name: 'a' }] }, 'SW_WEBUI_URL_AS_PICTURE'],
    [{ alwayson_scripts: { c: { args: [{ image: 'HTTP://x' }] } } }, 'SW_WEBUI_URL_AS_PICTURE'],
  ])('and %j is refused', (value, code) => {
    expect(() => encodeBody(value as BodyPart)).toThrow(expect.objectContaining({ code }))
  })

  test('but a prompt may hold an address, and positional arguments a null', () => {
    const value = { prompt: 'http://x', script_args: [null, 64] }
    const made = Buffer.concat([...encodeBody(value).pieces()]).toString()
    expect(JSON.parse(made)).toEqual(value)
  })
})

const disguises: readonly ((text: string) => string)[] = [
  (text) => JSON.stringify(`data:image/png;base64,${text}`),
  (text) => JSON.stringify(text).replaceAll('/', '\\/'),
  (text) => JSON.stringify(text.replaceAll(/.{76}/g, '$&\r\n')),
  (text) => JSON.stringify(text.replace(/=+$/, '')),
  (text) => JSON.stringify(text.replaceAll('+', '-').replaceAll('/', '_')),
  (text) => JSON.stringify(text).replaceAll('A', '\\u0041'),
]

function scan(text: string, sizes: readonly number[]) {
  const scanner = new AnswerScanner(defaultLimits)
  const whole = Buffer.from(text)
  for (let at = 0, turn = 0; at < whole.length; turn++) {
    const end = at + (sizes[turn % sizes.length] ?? 1)
    scanner.push(Buffer.from(whole.subarray(at, end)))
    at = end
  }
  return scanner.end()
}

function base64(picture: Uint8Array): string {
  return Buffer.from(picture).toString('base64')
}

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 2_654_435_761) >>> 24)
}

function withBase64(value: BodyPart | null): unknown {
  if (value instanceof Uint8Array) return base64(value)
  if (Array.isArray(value)) return value.map(withBase64)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withBase64(one)]))
  return value
}
