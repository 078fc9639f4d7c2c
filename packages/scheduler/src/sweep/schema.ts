import { type JsonSchema, jsonSchemaOf, type Stage } from '@stagewright/core'

import { knownFields } from './fields.js'
import { mostValues, rangePattern } from './ranges.js'
import { sweepShape } from './spec.js'

/** The JSON Schema of the section `sweep`, as part of the run-file schema of the same stages: values of an axis are those
 *  of the field's own schema there. */
export function sweepSchema(stages: readonly Stage[]): JsonSchema {
  const { $schema: _, ...schema } = jsonSchemaOf(sweepShape) as JsonSchema & { $schema?: string }
  const own = schema.properties ?? {}
  const fields = [...knownFields(stages), ...stages.map(({ name }) => `${name}.enabled`)]
  const values = (of: (field: string) => JsonSchema): Partial<JsonSchema> => ({
    properties: Object.fromEntries(fields.map((field) => [field, of(field)])),
    // What lies deeper in a field, and words of prompts.
    patternProperties: {
      [String.raw`^(?:prompt:.|(?:${fields.map(escaped).join('|')})[.[])`]: of(''),
    },
    additionalProperties: false,
  })
  const axes = values((field) => axisOf(valueOf(field)))
  return {
    ...schema,
    properties: {
      ...own,
      axes: { ...own['axes'], ...axes },
      zip: { ...own['zip'], ...axes },
      list: { ...own['list'], items: { type: 'object', ...values(valueOf) } },
    },
  }
}

const range: JsonSchema = { type: 'string', pattern: rangePattern }

/** One value, a range, or a list of both. */
function axisOf(value: JsonSchema): JsonSchema {
  const items: JsonSchema = { anyOf: [value, range] }
  return { anyOf: [value, range, { type: 'array', minItems: 1, maxItems: mostValues, items }] }
}

/** Of a field that is not known, or deeper in one, anything. */
function valueOf(field: string): JsonSchema {
  return field === '' ? {} : { $ref: `#/properties/${field.replace('.', '/properties/')}` }
}

function escaped(text: string): string {
  return text.replaceAll(/[.$]/g, String.raw`\$&`)
}
