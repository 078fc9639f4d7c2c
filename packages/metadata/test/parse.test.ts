import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { infotext, infotextPairs, parseInfotext, withPairs } from '../src/index.js'
import { a1111, adetailer, forge, reforge, sdcpp, sdnext } from './dialect-texts.js'
import { facts } from './facts.js'

describe('reading an infotext', () => {
  it('gives back what was written, for any prompts and settings', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const parsed = parseInfotext(infotext(given))
        expect(parsed.prompt).toBe(given.settings.prompt)
        expect(parsed.negative_prompt).toBe(given.settings.negative_prompt)
        expect(parsed.pairs).toEqual(infotextPairs(given))
      }),
      { numRuns: 2000 },
    )
  })

  it('gives back the prompts after pairs were added', () => {
    fc.assert(
      fc.property(facts, fc.string(), (given, value) => {
        const parsed = parseInfotext(withPairs(infotext(given), [['Stages', `a > ${value}`]]))
        expect(parsed.prompt).toBe(given.settings.prompt)
        expect(parsed.negative_prompt).toBe(given.settings.negative_prompt)
        expect(parsed.pairs.at(-1)).toEqual(['Stages', `a > ${value}`])
      }),
    )
  })

  it('takes any text at all', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), (text) => {
        expect(() => parseInfotext(text)).not.toThrow()
      }),
    )
  })
})

describe('the texts of the servers', () => {
  const read = (text: string) => {
    const { pairs, ...rest } = parseInfotext(text)
    return { ...rest, told: Object.fromEntries(pairs) }
  }

  it('AUTOMATIC1111: prompts of several lines, quoted values, hashes', () => {
    expect(read(a1111)).toMatchObject({
      prompt:
        'a lighthouse, (storm:1.2), "quoted", <lora:sea:0.7>\ntwo lines, Negative prompt: not here',
      negative_prompt: 'lowres, text\nsecond negative line',
      dialect: 'a1111',
      told: {
        'Hires prompt': 'sharp, clear',
        'Lora hashes': 'sea: 1234567890ab, sky: ba0987654321',
        Refiner: 'sd_xl_refiner_1.0 [7440042bbd]',
        Version: 'v1.10.1',
      },
    })
  })

  it('Forge and reForge, told apart by their versions', () => {
    expect(read(forge)).toMatchObject({ dialect: 'forge', told: { 'Module 2': 'clip_l' } })
    expect(read(reforge)).toMatchObject({ dialect: 'reforge', prompt: 'a cat' })
  })

  it('SD.Next: words that stand alone, and its own keys', () => {
    expect(read(sdnext)).toMatchObject({
      dialect: 'sdnext',
      negative_prompt: 'blurry',
      told: { Styles: 'cinematic; film, grain', Refine: 'Refine', 'Sampler sigma': 'karras' },
    })
    const without = sdnext.replace('Negative prompt: blurry', 'Negative prompt: ')
    expect(read(without).negative_prompt).toBe('')
  })

  it('sd-server: its JSON is one value, whatever the prompt in it looks like', () => {
    for (const prompt of ['a cat', 'a {cat}, "b", Steps: 9, Seed: 1', 'кот 🐈\nline, two: 2']) {
      const { told, ...rest } = read(sdcpp(prompt))
      expect(rest).toMatchObject({ prompt, negative_prompt: 'blurry', dialect: 'sdcpp' })
      expect(told).toMatchObject({ Seed: '42', 'CFG scale': '5.500000', Eta: 'inf' })
      expect(JSON.parse(told['SDCPP'] ?? '')).toMatchObject({ prompt: { positive: prompt } })
      expect(Object.keys(told)).toHaveLength(16)
    }
  })

  it('ADetailer: every unit under its own keys', () => {
    expect(read(adetailer).told).toMatchObject({
      'ADetailer prompt': 'a face, [SEP], smiling',
      'ADetailer model 2nd': 'hand_yolov8n.pt',
      'ADetailer steps 2nd': '30',
      Template: 'a {fisherman|sailor}, wet',
    })
  })

  it('that a program has given Windows’ line ends are read as before', () => {
    const { prompt, negative_prompt, pairs } = parseInfotext(a1111)
    const windows = parseInfotext(a1111.replaceAll('\n', '\r\n'))
    expect(windows).toMatchObject({ prompt, negative_prompt, pairs })
  })

  it('that hold JSON unquoted, as some extensions write, are taken whole', () => {
    const text =
      'a\nSteps: 1, Hashes: {"model": "abc", "lora:x": "d, e"}, Civitai resources: [{"a": [1, 2]}], Seed: 3, Broken: {"a, Size: 8x8'
    expect(parseInfotext(text).pairs).toEqual([
      ['Steps', '1'],
      ['Hashes', '{"model": "abc", "lora:x": "d, e"}'],
      ['Civitai resources', '[{"a": [1, 2]}]'],
      ['Seed', '3'],
      ['Broken', '{"a'],
      ['Size', '8x8'],
    ])
  })

  it('without settings are a prompt alone, even one with weights on its last line', () => {
    const text = 'masterpiece, (best quality:1.2), (light:1.3), mood: dark, style: old, kind: ink'
    expect(parseInfotext(text)).toMatchObject({ prompt: text, negative_prompt: '', pairs: [] })
    expect(parseInfotext('a\nNegative prompt: b')).toMatchObject({
      prompt: 'a',
      negative_prompt: 'b',
    })
  })

  it('without a prompt are settings alone', () => {
    const { prompt, pairs } = parseInfotext('Steps: 20, Sampler: Euler, Seed: 1')
    expect([prompt, pairs.length]).toEqual(['', 3])
  })

  it('take time in proportion to their length, however hostile', () => {
    // Each would take minutes if every comma or bracket were followed to the end.
    const hostile = ['a: {, ', 'a: [', 'a: ", ', 'a: "\\', 'Steps: 1, ab', 'ab ', '\nSteps: 1']
    for (const part of hostile) {
      const text = `x\nSteps: 1, Seed: 1, Size: 1x1, ${part.repeat(200_000)}`
      expect(parseInfotext(text)).toBeDefined()
    }
  })
})
