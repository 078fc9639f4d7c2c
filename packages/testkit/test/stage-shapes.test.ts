import {
  defineStage,
  Img2Img,
  Phase,
  phaseBetween,
  slot,
  stageImage,
  token,
  Txt2Img,
} from '@stagewright/core'
import { provideClass } from '@stagewright/core/di'
import { describe, expect, test } from 'vitest'

import { plainSchema } from '../src/contract/plain-schema.js'
import { source } from '../src/contract/stage-subject.js'
import { stageContract, type StageSubject } from '../src/index.js'
import { wash } from '../src/journeys/third-party.js'
import { collect } from './collect.js'

const Units = slot<readonly string[]>('acme_units', [Txt2Img, Img2Img], (a, b) => [...a, ...b])
const Glow = slot<{ amount: number }>('acme_glow', [Txt2Img])
const nothing = plainSchema<object>({ type: 'object', properties: {} })

const Cache = token<Map<string, Uint8Array>>('Cache')

class OwnCache extends Map<string, Uint8Array> {
  [Symbol.dispose](): void {
    this.clear()
  }
}

const shapes: Readonly<Record<string, StageSubject>> = {
  'generates from nothing': { stage: source, config: {} },
  'calls for each picture': { stage: wash, config: { strength: 0.3 }, bad: [{ strength: 2 }] },
  'contributes to every generating call': {
    stage: defineStage({
      name: 'acme_control',
      phase: Phase.Prepare,
      consumes: 'nothing',
      config: nothing,
      plan: () => ({ contribute: { generating: [Units.with(['canny'])] } }),
    }),
    config: {},
    slots: [Units],
  },
  'is merged into the call before it': {
    stage: defineStage({
      name: 'acme_glow',
      phase: Phase.Refine,
      consumes: 'images',
      config: nothing,
      plan: () => ({ contribute: { previous: [Glow.with({ amount: 1 })] } }),
    }),
    config: {},
    slots: [Glow],
  },
  'works on pixels, with a class of its own that the pipeline disposes': {
    stage: defineStage({
      name: 'acme_sharpen',
      deterministic: true,
      inject: { cache: Cache },
      provides: [provideClass(Cache, OwnCache, [])],
      phase: phaseBetween(Phase.Upscale, Phase.Detail, 'acme_sharpen'),
      consumes: 'images',
      config: nothing,
      plan: () => ({}),
      execute: (ctx, images) =>
        ctx.each(images, async (image) => {
          const bytes = ctx.services.cache.get(image.digest) ?? (await image.bytes())
          ctx.services.cache.set(image.digest, bytes)
          return [stageImage(bytes, image)]
        }),
    }),
    config: {},
  },
}

describe('a stage of a shape that', () => {
  for (const [shape, subject] of Object.entries(shapes))
    test(`${shape} keeps every clause`, async () => {
      const report = await collect((runner) => stageContract(runner, subject))
      expect([...report.reasons.values()].map(String)).toEqual([])
    })
})
