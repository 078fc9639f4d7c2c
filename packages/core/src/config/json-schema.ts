import type { Schema } from '../contract/stage.js'

/** The part of JSON Schema (draft 2020-12) that run files are checked and documented with. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly minLength?: number
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema | boolean
  readonly prefixItems?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
}

const cache = new WeakMap<object, JsonSchema>()

/** The JSON Schema of a section's input, from the Standard Schema itself: no schema library is imported. */
export function jsonSchemaOf(schema: Schema): JsonSchema {
  const known = cache.get(schema)
  if (known !== undefined) return known
  const made = schema['~standard'].jsonSchema.input({ target: 'draft-2020-12' }) as JsonSchema
  cache.set(schema, made)
  return made
}

/** The alternatives behind `$ref`, `anyOf`, `oneOf` and `allOf`; the schema itself when there are none. */
export function alternatives(schema: JsonSchema, root: JsonSchema): readonly JsonSchema[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? ''
    const target = schema.$ref === '#' ? root : root.$defs?.[name]
    return target === undefined || target === schema ? [] : alternatives(target, root)
  }
  const parts = schema.anyOf ?? schema.oneOf ?? schema.allOf
  return parts === undefined ? [schema] : parts.flatMap((part) => alternatives(part, root))
}

/** The schema of the value at `path`, or undefined where the schema does not say. */
export function schemaAt(root: JsonSchema, path: readonly PropertyKey[]): JsonSchema | undefined {
  let here: JsonSchema | undefined = root
  for (const step of path) {
    const parts: readonly JsonSchema[] = here === undefined ? [] : alternatives(here, root)
    here = parts.map((part) => child(part, step)).find((found) => found !== undefined)
  }
  return here
}

/** What a value must be, in words: "an integer from 1 to 150". */
export function inWords(schema: JsonSchema, root: JsonSchema): string {
  const parts = alternatives(schema, root)
  const constants = parts.flatMap((part) => part.enum ?? ('const' in part ? [part.const] : []))
  const others = parts
    .filter((part) => part.enum === undefined && !('const' in part))
    .map(typeInWords)
  const words = constants.length > 0 ? [constants.map((one) => JSON.stringify(one)).join(', ')] : []
  return [...new Set([...words, ...others])].join(' or ') || 'something else'
}

/** The range of a number, in words; empty when it has none. */
export function rangeInWords(schema: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = schema
  const safe = (bound: number | undefined): bound is number =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER
  const from = safe(minimum) ? `from ${minimum}` : safe(above) ? `above ${above}` : ''
  const to = safe(maximum)
    ? from.startsWith('from')
      ? `to ${maximum}`
      : `up to ${maximum}`
    : safe(below)
      ? `below ${below}`
      : ''
  return from !== '' && to.startsWith('below') ? `${from} and ${to}` : `${from} ${to}`.trim()
}

function typeInWords(schema: JsonSchema): string {
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0]
  switch (type) {
    case 'integer':
    case 'number':
      return `${type === 'integer' ? 'an integer' : 'a number'} ${rangeInWords(schema)}`.trim()
    case 'string':
      return schema.minLength === undefined || schema.minLength === 0
        ? 'text'
        : 'text that is not empty'
    case 'boolean':
      return 'true or false'
    case 'array':
      return schema.minItems === undefined ? 'a list' : `a list of at least ${schema.minItems}`
    case 'object':
      return 'a map'
    case 'null':
      return 'empty'
    default:
      return 'another value'
  }
}

function child(schema: JsonSchema, step: PropertyKey): JsonSchema | undefined {
  if (typeof step === 'number') {
    const item = schema.prefixItems?.[step] ?? schema.items
    return typeof item === 'object' ? item : undefined
  }
  const own = schema.properties?.[String(step)]
  if (own !== undefined) return own
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}
