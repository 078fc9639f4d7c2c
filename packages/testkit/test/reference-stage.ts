import {
  defineStage,
  type Intent,
  type JsonSchema,
  operation,
  Phase,
  provide,
  type Schema,
  type StageDefinition,
  type StageImage,
  token,
} from '@stagewright/core'

import { plainSchema } from '../src/contract/plain-schema.js'
import type { StageSubject } from '../src/index.js'

export const Tint = operation<{ image: StageImage; amount: number; lut: string }>('acme_tint')

export interface TintConfig {
  readonly amount: number
  readonly lut: string
}

interface Palette {
  close(): void
}
export const Palette = token<Palette>('Palette')

export const tintJsonSchema: JsonSchema = {
  type: 'object',
  properties: {
    amount: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.5,
      description: 'How much of the tint',
    },
    lut: { type: 'string', description: 'Colour table of the server' },
  },
  required: ['lut'],
}

export const tintSchema: Schema<TintConfig> = plainSchema<TintConfig>(tintJsonSchema)

export const tintParts = {
  name: 'acme_tint',
  phase: Phase.Upscale,
  consumes: 'images',
  config: tintSchema,
  inject: { palette: Palette },
  provides: [
    provide(
      Palette,
      () => ({ close: () => undefined }),
      (palette) => palette.close(),
    ),
  ],
  plan: (config: TintConfig, { input }): Intent<TintConfig> => ({
    call: { operation: Tint, times: input.length },
    needs: [{ kind: 'lut', name: config.lut, path: 'lut' }],
  }),
  execute: (ctx, images) =>
    ctx.each(images, (image) => ctx.call(Tint, { image, ...(ctx.config as TintConfig) })),
} satisfies StageDefinition

/** A small stage that keeps every clause. */
export const tint = defineStage(tintParts)

export const tintSubject: StageSubject = {
  stage: tint,
  config: { amount: 0.25, lut: 'warm' },
  bad: [{ amount: 0.25, lut: 3 }],
  resources: { lut: 'lut' },
  operations: [Tint],
}

/** The reference with parts of it replaced. */
export function tintWith(parts: Partial<StageDefinition>): StageSubject {
  return {
    ...tintSubject,
    stage: defineStage({ ...tintParts, ...parts } as StageDefinition<string, Schema, never>),
  }
}
