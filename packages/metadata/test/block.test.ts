import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { checkBlock, readBlock, withMetadata, withoutPaths } from '../src/index.js'
import { block, picture } from './pictures.js'

describe('a block', () => {
  it('of a newer version is told apart from a broken one', () => {
    expect(readBlock(JSON.stringify({ ...block, v: 2 }))).toMatchObject({
      problem: { reason: 'newer_version', message: expect.stringContaining('newer version') },
    })
    expect(readBlock('{"v":')).toMatchObject({ problem: { reason: 'damaged' } })
    expect(readBlock('[]')).toMatchObject({ problem: { reason: 'invalid' } })
  })

  it.each([
    ['made_by', 'me'],
    ['plan', 7],
    ['config', []],
    ['stages', [{ name: 'txt2img' }]],
    ['lineage', 'txt2img'],
    ['stage', undefined],
    ['seed', -1],
    ['seed', 2 ** 32],
    ['settings', { prompt: 'a' }],
    ['backend', {}],
    ['digest', 7],
  ])('with a wrong %s is refused by name', (key, value) => {
    const { problem } = checkBlock({ ...block, [key]: value })
    expect(problem).toMatchObject({ reason: 'invalid', message: expect.stringContaining(key) })
  })

  it('keeps what version 1 does not know', () => {
    const more = { ...block, note: 'kept', backend: { ...block.backend, gpu: 'none' } }
    expect(readBlock(JSON.stringify(more)).block).toEqual(more)
  })

  it('nested without end is refused, not followed', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect(readBlock(`{"v":1,"config":{"a":${deep}}}`).problem?.reason).toMatch(/invalid|damaged/)
  })

  it('that is wrong is not written', async () => {
    const bytes = await picture('png')
    const written = withMetadata(bytes, { block: { ...block, seed: 0.5 } })
    expect(written.problems).toMatchObject([{ field: 'block', reason: 'invalid' }])
    expect(written.bytes).toHaveLength(bytes.length)
  })
})

describe('what leaves the machine', () => {
  it.each([
    ['/home/ann/models/base.safetensors', 'base.safetensors'],
    ['/home/ann/My Models/base v1.safetensors', 'base v1.safetensors'],
    ['C:\\Users\\ann\\base.safetensors', 'base.safetensors'],
    ['c:/Users/ann/base.safetensors', 'base.safetensors'],
    ['\\\\server\\share\\base.safetensors', 'base.safetensors'],
    ['//server/share/base.safetensors', 'base.safetensors'],
    ['file:///home/ann/a%20photo.png', 'a photo.png'],
    ['file:///C:/Users/ann/photo.png', 'photo.png'],
    ['~/photos/harbour.jpg', 'harbour.jpg'],
    ['/photos/', 'photos'],
    ['C:\\', ''],
    ['photos/harbour.jpg', 'photos/harbour.jpg'],
    ['../harbour.jpg', '../harbour.jpg'],
    ['sub/base.safetensors', 'sub/base.safetensors'],
    ['R-ESRGAN 4x+', 'R-ESRGAN 4x+'],
    ['and/or', 'and/or'],
    ['16:9', '16:9'],
    ['mask: /home/ann/mask.png, blur: 4', 'mask: mask.png, blur: 4'],
    ['"C:\\Users\\ann\\mask.png"', '"mask.png"'],
    ['see file:///home/ann/mask.png', 'see mask.png'],
    ['http://127.0.0.1:7860/sdapi/v1/txt2img', 'http://127.0.0.1:7860/sdapi/v1/txt2img'],
    ['https://ann:s3cret@host/a?token=abc&x=1', 'https://host/a?token=&x=1'],
  ])('%j becomes %j', (given, expected) => {
    expect(withoutPaths({ model: given })).toEqual({ model: expected })
  })

  it('has no secret, whatever it is nested in', () => {
    const config = {
      auth: 'ann:pw',
      override_settings: { hf_token: 'x', apiKey: 'x', civitai_api_key: 'x', steps: 3 },
      list: [{ password: 'x', token_merging_ratio: 0.5 }],
    }
    expect(withoutPaths(config)).toEqual({
      override_settings: { steps: 3 },
      list: [{ token_merging_ratio: 0.5 }],
    })
  })

  it('leaves prompts as they are', () => {
    const prompts = {
      prompt: '/home/ann C:\\x',
      refiner: { hr_negative_prompt: '~/x /a/b' },
      adetailer: { units: [{ ad_prompt: '/a/b/c' }] },
      styles: ['/x/y'],
    }
    expect(withoutPaths(prompts)).toEqual(prompts)
  })

  it('never has a folder of the machine, however it is written', () => {
    const name = fc.stringMatching(/^[a-z]{1,6}$/)
    const file = fc.stringMatching(/^[a-z]{1,6}\.png$/)
    const root = fc.constantFrom('/', 'C:\\', 'd:/', '\\\\', 'file:///', '~/', '//')
    const around = fc.constantFrom(['', ''], ['"', '"'], ['a: ', ', b'], ['(', ')'], ['', ' x'])
    fc.assert(
      fc.property(
        root,
        fc.array(name, { minLength: 1, maxLength: 4 }),
        file,
        around,
        (...given) => {
          const [start, folders, last, [before, after]] = given
          const secret = folders.map((one) => `SECRET${one}`)
          const sep = start.includes('\\') ? '\\' : '/'
          const text = `${before}${start}${[...secret, last].join(sep)}${after}`
          const cleaned = withoutPaths({ a: [{ [text]: text }] })
          expect(JSON.stringify(cleaned)).not.toContain('SECRET')
          expect(JSON.stringify(cleaned)).toContain(last)
        },
      ),
    )
  })
})
