import { type JsonSchema, jsonSchemaOf, rangeInWords, type Stage } from '@stagewright/core'

import { code, markdownTable } from './markdown.js'

/** The config table of a stage's README, from the JSON Schema of its section: every key with its type and range,
 *  default, meaning, and whether it is inherited. Keys of maps follow as `mask.blur`, of maps in a list as
 *  `units[].ad_model`. */
export function configTable(stage: Stage): string {
  const shares = stage.inherits.length > 0
  const head = ['Key', 'Type and range', 'Default', 'Meaning', ...(shares ? ['Inherited'] : [])]
  const rows = keysOf(jsonSchemaOf(stage.config), '').map(({ path, required, property }) => [
    code(path),
    inWords(property),
    defaultOf(property, required),
    property.description ?? '',
    ...(shares ? [inheritance(stage, path)] : []),
  ])
  return markdownTable(head, rows)
}

interface Key {
  readonly path: string
  readonly required: boolean
  readonly property: JsonSchema
}

function keysOf(schema: JsonSchema, prefix: string): Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const path = `${prefix}${key}`
    const own = { path, required: schema.required?.includes(key) ?? false, property }
    const { items } = property
    return [
      own,
      ...keysOf(property, `${path}.`),
      ...(typeof items === 'object' ? keysOf(items, `${path}[].`) : []),
    ]
  })
}

function inWords(schema: JsonSchema): string {
  const parts = schema.anyOf ?? schema.oneOf
  if (parts !== undefined) return parts.map(inWords).join(' or ')
  if (schema.enum !== undefined) return schema.enum.map((one) => code(String(one))).join(', ')
  if ('const' in schema) return code(String(schema.const))
  switch (schema.type) {
    case 'integer':
    case 'number':
      return `${schema.type === 'integer' ? 'whole number' : 'number'} ${rangeInWords(schema)}`.trim()
    case 'boolean':
      return '`true`, `false`'
    case 'array':
      return `list of ${itemsInWords(schema.items)}${countInWords(schema)}`
    case 'object':
      return 'map'
    default:
      return schema.type === 'string' ? 'text' : 'any value'
  }
}

function itemsInWords(items: JsonSchema['items']): string {
  if (typeof items !== 'object') return 'any values'
  if (items.type === 'object') return 'maps'
  return items.type === 'string' ? 'texts' : inWords(items)
}

function countInWords({ minItems, maxItems }: JsonSchema): string {
  if (minItems !== undefined && maxItems !== undefined) return `, ${minItems} to ${maxItems}`
  return minItems === undefined ? '' : `, at least ${minItems}`
}

function defaultOf(property: JsonSchema, required: boolean): string {
  if (property.default !== undefined) return code(JSON.stringify(property.default))
  return required ? 'required' : ''
}

function inheritance({ inherits, definition }: Stage, path: string): string {
  if (!inherits.includes(path)) return ''
  return definition.inheritsWhenFirst?.includes(path) === true ? 'when it generates first' : 'yes'
}
