import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { infotext, infotextPairs, parseInfotext, withPairs } from '../src/index.js'
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
