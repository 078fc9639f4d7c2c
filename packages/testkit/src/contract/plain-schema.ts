import type { JsonSchema, Schema } from '@stagewright/core'

/** A config schema without a schema library: takes any map, fills in the JSON Schema's defaults, and checks the types
 *  of top-level properties. For the testkit's own small stages. */
export function plainSchema<I extends object>(schema: JsonSchema): Schema<I, I> {
  const { properties = {} } = schema
  return {
    '~standard': {
      version: 1,
      vendor: 'stagewright-testkit',
      validate: (value) => {
        const given = value as Readonly<Record<string, unknown>>
        const defaults = Object.entries(properties).flatMap(([key, one]) =>
          one.default === undefined ? [] : [[key, one.default]],
        )
        const merged = { ...Object.fromEntries(defaults), ...given } as I
        const issues = Object.entries(properties).flatMap(([key, { type, minimum, maximum }]) => {
          const found: unknown = given[key]
          if (found === undefined || fits(found, type, minimum, maximum)) return []
          return [{ message: `must be ${String(type)} in its range`, path: [key] }]
        })
        return issues.length > 0 ? { issues } : { value: merged }
      },
      jsonSchema: {
        input: () => ({ ...schema, additionalProperties: false }),
        output: () => ({ ...schema, additionalProperties: false }),
      },
    },
  }
}

function fits(
  value: unknown,
  type: JsonSchema['type'],
  minimum = -Infinity,
  maximum = Infinity,
): boolean {
  if (typeof value === 'number')
    return (
      (type === 'number' || (type === 'integer' && Number.isInteger(value))) &&
      value >= minimum &&
      value <= maximum
    )
  return type === (Array.isArray(value) ? 'array' : typeof value)
}
