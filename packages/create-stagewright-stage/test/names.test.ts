import { defineStage, Phase, runFileSchema } from '@stagewright/core'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { BadName, namesFrom, takenNames } from '../src/index.js'

describe('the names of a new stage', () => {
  test.each([
    ['film-grain', 'film-grain', 'film_grain', 'filmGrain'],
    ['@acme/film-grain', 'film-grain', 'acme_film_grain', 'acmeFilmGrain'],
    ['stagewright-stage-grain', 'stagewright-stage-grain', 'grain', 'grain'],
    ['@acme/stagewright-sharpen.v2', 'stagewright-sharpen.v2', 'acme_sharpen_v2', 'acmeSharpenV2'],
  ])('of %s follow from it', (given, folder, stage, identifier) => {
    expect(namesFrom(given)).toEqual({ package: given, folder, stage, identifier })
  })

  test('may be given by hand', () => {
    expect(namesFrom('sharp', 'acme_sharpen')).toMatchObject({ stage: 'acme_sharpen' })
  })

  test.each([
    'Film',
    '../up',
    '/etc',
    'a b',
    '',
    '.hidden',
    '@acme/',
    '@/x',
    'a/b',
    'x'.repeat(215),
  ])('are refused where npm would refuse %j', (given) => {
    expect(() => namesFrom(given)).toThrow(BadName)
  })

  test.each([
    ['2x', /"2x" is no name for a stage/],
    ['upscale', /"upscale" is taken .* --stage acme_upscale/],
    ['class', /"class" is a word of JavaScript/],
  ])('of %s are refused, with what to do', (given, message) => {
    expect(() => namesFrom(given)).toThrow(message)
  })

  test('are never those of a section or a key that run files have', () => {
    const schema = runFileSchema([txt2img, img2img, refiner, upscale, adetailer])
    const keys = Object.keys(schema.properties ?? {}).filter((key) => /^\w+$/.test(key))
    // Two that no schema shows: one within sections, one that a sweep takes off first.
    const all = new Set([...keys, 'enabled', 'sweep'])
    expect([...takenNames].toSorted(compare)).toEqual([...all].toSorted(compare))
  })

  test('are ones that a stage may have, whatever they were made from', () => {
    const words = fc.stringMatching(/^(@[a-z0-9]{1,4}\/)?[a-z0-9][a-z0-9._-]{0,12}$/)
    fc.assert(
      fc.property(words, (given) => {
        let stage: string
        try {
          ;({ stage } = namesFrom(given))
        } catch (error) {
          expect(error).toBeInstanceOf(BadName)
          return
        }
        const made = defineStage({
          name: stage,
          phase: Phase.Upscale,
          consumes: 'images',
          config: z.object({}),
          plan: () => ({}),
        })
        expect(made.name).toBe(stage)
      }),
    )
  })
})

function compare(a: string, b: string): number {
  return a < b ? -1 : 1
}
