import { defineStage, Phase, stageImage, type StageImage } from '@stagewright/core'
import { provideClass } from '@stagewright/core/di'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { plainSchema } from '../src/contract/plain-schema.js'
import { stageClauses, stageContract, type StageSubject } from '../src/index.js'
import { collect } from './collect.js'
import {
  Palette,
  Tint,
  type TintConfig,
  tint,
  tintJsonSchema,
  tintParts,
  tintSchema,
  tintSubject,
  tintWith,
} from './reference-stage.js'

const { execute, plan } = tintParts
const named = { type: 'string', description: 'Sampler of the server' }

/** By clause, a stage that breaks it. */
const mutants: Readonly<Record<string, () => StageSubject>> = {
  'stage/definition/valid': () => ({ ...tintSubject, stage: { ...tint } }),
  'stage/definition/renamed': () => {
    const other = defineStage({
      ...tintParts,
      execute: (ctx, images) =>
        ctx.each(images, (image) => ctx.call(Tint, { image, amount: 1, lut: 'cold' })),
    })
    return {
      ...tintSubject,
      stage: Object.freeze({ ...tint, as: (name: never) => other.as(name) }),
    }
  },
  'stage/config/json-schema': () => {
    const { amount, ...properties } = tintJsonSchema.properties ?? {}
    const { description: _description, ...undescribed } = amount ?? {}
    return withJsonSchema({ properties: { ...properties, amount: undescribed } })
  },
  'stage/config/defaults': () => {
    const { amount, ...properties } = tintJsonSchema.properties ?? {}
    return withJsonSchema({ properties: { ...properties, amount: { ...amount, default: 0.9 } } })
  },
  'stage/config/unknown-key': () => withJsonSchema({ additionalProperties: true }),
  'stage/config/bad-value': () => {
    const { '~standard': standard } = tintSchema
    const validate = (value: unknown) => ({
      value: Object.assign({ amount: 0.5 }, value) as TintConfig,
    })
    return tintWith({ config: { '~standard': { ...standard, validate } } })
  },
  'stage/needs/resources': () =>
    tintWith({ plan: (config, view) => ({ ...plan(config, view), needs: [] }) }),
  'stage/setup/invisible': () => {
    let count = 0
    return tintWith({
      plan: (config, view) => {
        Reflect.set(globalThis, `acme_${(count += 1)}`, true)
        return plan(config, view)
      },
    })
  },
  'stage/services/disposed': () =>
    tintWith({ provides: [{ token: Palette, make: () => ({ close: () => undefined }) }] }),
  'stage/plan/pure': () => {
    let count = 0
    return tintWith({
      plan: (config, view) => ({ ...plan(config, view), why: `plan ${(count += 1)}` }),
    })
  },
  'stage/plan/json': () =>
    tintWith({
      plan: (config, view) => ({ ...plan(config, view), config: { ...config, gaps: [undefined] } }),
      execute: (ctx, images) => {
        const { amount, lut } = ctx.config as TintConfig
        return ctx.each(images, (image) => ctx.call(Tint, { image, amount, lut }))
      },
    }),
  'stage/plan/forecast': () =>
    tintWith({
      plan: (config, view) => ({
        ...plan(config, view),
        output: view.input.map((one) => ({ ...one, width: one.width + 8 })),
      }),
    }),
  'stage/slots/only': () =>
    tintWith({
      execute: async (ctx, images) =>
        (await execute(ctx, images)).map((image) => ({
          ...image,
          settings: { ...image.settings, prompt: 'smuggled' } as never,
        })),
    }),
  'stage/run/same-seed': () => {
    let count = 0
    return tintWith({
      execute: (ctx, images) => {
        const { lut } = ctx.config as TintConfig
        return ctx.each(images, (image) => {
          count += 1
          return ctx.call(Tint, { image, lut, amount: 1 / count })
        })
      },
    })
  },
  'stage/run/deterministic': () =>
    tintWith({
      deterministic: true,
      execute: async (ctx, images) => stamped(await execute(ctx, images), () => Math.random()),
    }),
  'stage/run/isolated': () => {
    let latest: readonly StageImage[] = []
    return tintWith({
      execute: (ctx, images) => {
        latest = images
        const { amount, lut } = ctx.config as TintConfig
        return ctx.each(images, (image) =>
          ctx.call(Tint, { image, amount, lut: `${lut} of ${latest[0]?.seed}` }),
        )
      },
    })
  },
  'stage/run/batch': () =>
    tintWith({
      execute: async (ctx, images) => (await execute(ctx, images)).toReversed(),
    }),
  'stage/run/partial': () =>
    tintWith({
      execute: async (ctx, images) => {
        const done: StageImage[] = []
        for (const image of images)
          done.push(...(await ctx.call(Tint, { image, ...(ctx.config as TintConfig) })))
        return done
      },
    }),
  'stage/abort': () =>
    tintWith({
      execute: async (ctx, images) => {
        const done: StageImage[] = []
        for (const image of images) {
          if (ctx.signal.aborted) done.push(image)
          else
            done.push(
              ...(await ctx.each([image], async () => {
                try {
                  return await ctx.call(Tint, { image, ...(ctx.config as TintConfig) })
                } catch (error) {
                  if (!ctx.signal.aborted) throw error
                  return [image]
                }
              })),
            )
        }
        return done
      },
    }),
}

/** Other ways to break a clause, each of which some check of that clause is there for. */
const further: readonly (readonly [clause: string, how: string, mutant: () => StageSubject])[] = [
  [
    'stage/needs/resources',
    'forgets a name that its section could hold',
    () => {
      const properties = { ...tintJsonSchema.properties, sampler_name: named }
      return tintWith({ config: plainSchema<TintConfig>({ ...tintJsonSchema, properties }) })
    },
  ],
  [
    'stage/setup/invisible',
    'writes to the console while it plans',
    () =>
      tintWith({
        plan: (config, view) => {
          console.log('planning')
          return plan(config, view)
        },
      }),
  ],
  [
    'stage/services/disposed',
    'brings a class that only its own close() closes',
    () => tintWith({ provides: [provideClass(Palette, PaletteFile, [])] }),
  ],
  [
    'stage/plan/pure',
    'looks at the date while it plans',
    () =>
      tintWith({
        plan: (config, view) => ({ ...plan(config, view), why: `in ${new Date().getFullYear()}` }),
      }),
  ],
  [
    'stage/run/deterministic',
    'writes the date into its pictures',
    () =>
      tintWith({
        deterministic: true,
        execute: async (ctx, images) =>
          stamped(await execute(ctx, images), () => new Date().toDateString()),
      }),
  ],
  [
    'stage/abort',
    'works on its pictures without asking whether the run goes on',
    () => ({
      config: {},
      stage: defineStage({
        name: 'acme_sharpen',
        phase: Phase.Upscale,
        consumes: 'images',
        config: plainSchema<object>({ type: 'object', properties: {} }),
        plan: () => ({}),
        execute: async (_, images) => {
          const done: StageImage[] = []
          for (const image of images) done.push(stageImage(await image.bytes(), image))
          return done
        },
      }),
    }),
  ],
]

class PaletteFile {
  close(): void {}
}

/** Pictures with something behind their last chunk. */
function stamped(images: readonly StageImage[], stamp: () => unknown): Promise<StageImage[]> {
  return Promise.all(
    images.map(async (image) =>
      stageImage(Buffer.concat([await image.bytes(), Buffer.from(String(stamp()))]), image),
    ),
  )
}

/** The reference with another JSON Schema; its validation stays. */
function withJsonSchema(parts: Partial<typeof tintJsonSchema>): StageSubject {
  const { '~standard': standard } = tintSchema
  const json = () => ({ additionalProperties: false, ...tintJsonSchema, ...parts })
  const jsonSchema = { input: json, output: json }
  return tintWith({ config: { '~standard': { ...standard, jsonSchema } } })
}

describe('the stage contract bites', () => {
  afterEach(() => {
    for (const key of Object.keys(globalThis))
      if (key.startsWith('acme_')) Reflect.deleteProperty(globalThis, key)
  })

  test('a small stage that is right passes every clause', async () => {
    const { failed, passed } = await collect((runner) => stageContract(runner, tintSubject))
    expect(failed).toEqual([])
    expect(passed).toEqual(stageClauses.map(({ id }) => id))
  })

  test('there is a mutant for every clause', () => {
    expect(Object.keys(mutants)).toEqual(stageClauses.map(({ id }) => id))
  })

  for (const [id, mutant] of Object.entries(mutants))
    test(`a stage that breaks ${id} fails that clause and no other`, async () => {
      const { failed, reasons } = await collect((runner) => stageContract(runner, mutant()))
      if (failed.length !== 1) console.error([...reasons.values()].map(String).join('\n'))
      expect(failed).toEqual([id])
    })

  for (const [id, how, mutant] of further)
    test(`a stage that ${how} fails ${id} and no other`, async () => {
      const silent = vi.spyOn(console, 'log').mockReturnValue()
      const { failed } = await collect((runner) => stageContract(runner, mutant()))
      silent.mockRestore()
      expect(failed).toEqual([id])
    })
})
