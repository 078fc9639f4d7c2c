import { code, table } from './markdown.mjs'

/** The part of JSON Schema that sections are documented from.
 *  @typedef {{
 *    type?: string | readonly string[], description?: string, default?: unknown, enum?: readonly unknown[],
 *    const?: unknown, minimum?: number, maximum?: number, exclusiveMinimum?: number, exclusiveMaximum?: number,
 *    minLength?: number, minItems?: number, maxItems?: number, items?: Schema | boolean,
 *    required?: readonly string[], properties?: Readonly<Record<string, Schema>>,
 *    anyOf?: readonly Schema[], oneOf?: readonly Schema[]
 *  }} Schema
 *  @typedef {{ inherits: readonly string[], definition: { inheritsWhenFirst?: readonly string[] } }} Inheriting
 *  @typedef {(schema: any) => string} RangeInWords */

/** The config table of a stage: every key with its type and range, default, meaning, and whether it is inherited.
 *  Keys of maps in a list follow as `units[].ad_model`.
 *  @param {Inheriting} stage
 *  @param {Schema} schema
 *  @param {RangeInWords} range
 *  @returns {string} */
export function configTable(stage, schema, range) {
  const shares = stage.inherits.length > 0
  const head = ['Key', 'Type and range', 'Default', 'Meaning', ...(shares ? ['Inherited'] : [])]
  const rows = keysOf(schema, '').map(({ path, required, property }) => [
    code(path),
    inWords(property, range),
    defaultOf(property, required),
    property.description ?? '',
    ...(shares ? [inheritance(stage, path)] : []),
  ])
  return table(head, rows)
}

/** @typedef {{ path: string, required: boolean, property: Schema }} Key */

/** @param {Schema} schema
 *  @param {string} prefix
 *  @returns {Key[]} */
function keysOf(schema, prefix) {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const path = `${prefix}${key}`
    const own = { path, required: schema.required?.includes(key) ?? false, property }
    const { items } = property
    return typeof items === 'object' ? [own, ...keysOf(items, `${path}[].`)] : [own]
  })
}

/** @param {Schema} schema
 *  @param {RangeInWords} range
 *  @returns {string} */
function inWords(schema, range) {
  const parts = schema.anyOf ?? schema.oneOf
  if (parts !== undefined) return parts.map((part) => inWords(part, range)).join(' or ')
  if (schema.enum !== undefined) return schema.enum.map((one) => code(String(one))).join(', ')
  if ('const' in schema) return code(String(schema.const))
  switch (schema.type) {
    case 'integer':
    case 'number':
      return `${schema.type === 'integer' ? 'whole number' : 'number'} ${range(schema)}`.trim()
    case 'boolean':
      return '`true`, `false`'
    case 'array':
      return `list of ${itemsInWords(schema.items, range)}${countInWords(schema)}`
    case 'object':
      return 'map'
    default:
      return schema.type === 'string' ? 'text' : 'any value'
  }
}

/** @param {Schema | boolean | undefined} items
 *  @param {RangeInWords} range */
function itemsInWords(items, range) {
  if (typeof items !== 'object') return 'any values'
  if (items.type === 'object') return 'maps'
  return items.type === 'string' ? 'texts' : inWords(items, range)
}

/** @param {Schema} schema */
function countInWords({ minItems, maxItems }) {
  if (minItems !== undefined && maxItems !== undefined) return `, ${minItems} to ${maxItems}`
  return minItems === undefined ? '' : `, at least ${minItems}`
}

/** @param {Schema} property
 *  @param {boolean} required */
function defaultOf(property, required) {
  if (property.default !== undefined) return code(JSON.stringify(property.default))
  return required ? 'required' : ''
}

/** @param {Inheriting} stage
 *  @param {string} path */
function inheritance({ inherits, definition }, path) {
  if (!inherits.includes(path)) return ''
  return definition.inheritsWhenFirst?.includes(path) ? 'when it generates first' : 'yes'
}
