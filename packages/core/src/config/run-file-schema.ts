import type { Stage } from '../contract/stage.js'
import { type JsonSchema, jsonSchemaOf } from './json-schema.js'
import { presetNames } from './presets.js'

/** The JSON Schema of a whole run file for these stages, so that editors can complete and check it. */
export function runFileSchema(stages: readonly Stage[]): JsonSchema & { readonly $schema: string } {
  const shared = Object.fromEntries(
    stages.flatMap((stage) => {
      const properties = jsonSchemaOf(stage.config).properties ?? {}
      return stage.inherits.flatMap((key) =>
        properties[key] === undefined ? [] : [[key, properties[key]]],
      )
    }),
  )
  const sections = Object.fromEntries(stages.map((stage) => [stage.name, sectionSchema(stage)]))
  const names = Object.keys(sections)
  const list: JsonSchema = { type: 'array', items: { type: 'string', enum: names } }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      $schema: { type: 'string' },
      preset: { enum: presetNames, description: 'Sets shared defaults for a family of models' },
      ...shared,
      ...sections,
      input_images: {
        type: 'array',
        items: { type: 'string' },
        description: 'Pictures to start from, instead of generating',
      },
      placement: {
        type: 'object',
        description: 'Moves stages',
        properties: Object.fromEntries(
          names.map((name) => [
            name,
            {
              type: 'object',
              properties: { before: list, after: list, terminal: { const: false } },
              additionalProperties: false,
            },
          ]),
        ),
        additionalProperties: false,
      },
      metadata: { type: 'object', additionalProperties: true },
    },
    additionalProperties: false,
  }
}

/** A section: nothing after its name means its defaults, and inherited keys are not required of it. */
function sectionSchema(stage: Stage): JsonSchema {
  const { type: _type, required = [], properties = {}, ...rest } = jsonSchemaOf(stage.config)
  const inherited = new Set<string>(stage.inherits)
  return {
    ...rest,
    type: ['object', 'null'],
    properties: { enabled: { type: 'boolean' }, ...properties },
    required: required.filter((key) => !inherited.has(key)),
    additionalProperties: false,
  }
}
