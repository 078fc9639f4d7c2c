import { alternatives, type JsonSchema } from './json-schema.js'

export interface UnknownKey {
  readonly path: readonly PropertyKey[]
  readonly key: string
  readonly known: readonly string[]
}

/** Keys of `value` that the schema does not name, at any depth: what a schema library would strip in silence.
 *  A map whose schema allows additional properties is open. */
export function unknownKeys(
  value: unknown,
  schema: JsonSchema,
  root: JsonSchema = schema,
  path: readonly PropertyKey[] = [],
): UnknownKey[] {
  const parts = alternatives(schema, root)
  if (Array.isArray(value)) {
    const items = parts.flatMap((part) => (typeof part.items === 'object' ? [part.items] : []))
    const [first] = items
    return first === undefined
      ? []
      : value.flatMap((item, i) => unknownKeys(item, { anyOf: items }, root, [...path, i]))
  }
  if (typeof value !== 'object' || value === null) return []
  const maps = parts.filter((part) => part.properties !== undefined || isOpen(part))
  if (maps.length === 0 || maps.some(isOpen)) return []
  const known = maps.flatMap((part) => Object.keys(part.properties ?? {}))
  return Object.entries(value).flatMap(([key, inner]) => {
    if (!known.includes(key)) return [{ path: [...path, key], key, known }]
    const inside = maps.flatMap((part) => part.properties?.[key] ?? [])
    return unknownKeys(inner, { anyOf: inside }, root, [...path, key])
  })
}

function isOpen(schema: JsonSchema): boolean {
  return (
    (schema.additionalProperties !== undefined && schema.additionalProperties !== false) ||
    schema.patternProperties !== undefined
  )
}
