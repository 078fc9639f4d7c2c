import type { StandardSchemaV1 } from '@standard-schema/spec'

import type { Stage } from '../contract/stage.js'
import { errors } from '../errors/catalogue.js'
import { didYouMean } from '../errors/nearest.js'
import type { PipelineError } from '../errors/pipeline-error.js'
import type { ErrorCollector } from './collect.js'
import { alternatives, inWords, type JsonSchema, jsonSchemaOf, schemaAt } from './json-schema.js'
import { isMap, type JsonMap } from './json.js'
import { pathInWords } from './path.js'
import { unknownKeys } from './unknown-keys.js'

/** Checks a section's keys against its JSON Schema and its values with the schema itself.
 *  Errors name the place where the user wrote the value: `steps` for a shared field, `img2img.steps` for a section's.
 *  @returns the validated config; undefined when something is wrong, or when only the keys were to be checked */
export function validateSection(
  stage: Stage,
  own: JsonMap,
  inherited: JsonMap,
  options: { readonly keysOnly: boolean },
  found: ErrorCollector,
): JsonMap | undefined {
  const root = jsonSchemaOf(stage.config)
  const unknown = unknownKeys(own, root)
  for (const { path, key, known } of unknown) {
    const remedy = path.length === 1 ? stage.definition.misnomers?.[key] : undefined
    found.add(
      errors.SW_CONFIG_UNKNOWN_KEY({
        path: pathInWords([stage.name, ...path]),
        key,
        known,
        ...(remedy === undefined ? {} : { remedy }),
      }),
    )
  }
  if (options.keysOnly) return undefined
  const values = { ...inherited, ...own }
  const result = stage.config['~standard'].validate(values)
  if (result instanceof Promise) throw errors.SW_PLUGIN_ASYNC_SCHEMA({ stage: stage.name })
  if (result.issues === undefined) return unknown.length > 0 ? undefined : (result.value as JsonMap)
  const isUnknown = (path: readonly PropertyKey[]): boolean =>
    unknown.some((one) => pathInWords(one.path.slice(0, -1)) === pathInWords(path))
  for (const issue of result.issues) {
    const path = (issue.path ?? []).map((step) => (typeof step === 'object' ? step.key : step))
    const value = valueAt(values, path)
    // A strict schema complains of the map that holds an unknown key, which is named above.
    if (isMap(value) && isUnknown(path)) continue
    const [key] = path
    const shared = typeof key === 'string' && !(key in own) && stage.inherits.includes(key)
    const where = pathInWords(shared ? path : [stage.name, ...path])
    found.add(inOurWords(issue, root, path, value, where, stage.name))
  }
  return undefined
}

function inOurWords(
  issue: StandardSchemaV1.Issue,
  root: JsonSchema,
  path: readonly PropertyKey[],
  value: unknown,
  where: string,
  stage: string,
): PipelineError {
  const schema = schemaAt(root, path)
  if (schema === undefined || (value !== undefined && fits(value, schema, root)))
    return errors.SW_CONFIG_INVALID_VALUE({ path: where, value, problem: issue.message })
  if (value === undefined) {
    const holder = schemaAt(root, path.slice(0, -1))
    const required = holder?.required?.includes(String(path.at(-1))) ?? false
    return errors.SW_CONFIG_MISSING({
      path: where,
      stage,
      must: required ? `must be ${inWords(schema, root)}` : issue.message,
    })
  }
  const choices = alternatives(schema, root).flatMap((part) => part.enum ?? [])
  const guess = typeof value === 'string' ? didYouMean(value, choices.map(String)) : ''
  const text = alternatives(schema, root).some((part) => part.type === 'string')
  const must = inWords(schema, root)
  return errors.SW_CONFIG_INVALID_VALUE({
    path: where,
    value,
    problem: `it must be ${must}.${guess}`,
    remedy:
      text && typeof value === 'object'
        ? 'quote the text: YAML reads a leading [, {, * or & as something else'
        : `set ${where} to ${must}`,
  })
}

/** Whether a value fits what the JSON Schema says of its type, range and choices. */
function fits(value: unknown, schema: JsonSchema, root: JsonSchema): boolean {
  return alternatives(schema, root).some((part) => {
    if (part.enum !== undefined) return part.enum.includes(value)
    if ('const' in part) return part.const === value
    const types = typeof part.type === 'string' ? [part.type] : (part.type ?? [typeOf(value)])
    if (
      !types.includes(typeOf(value)) &&
      !(types.includes('number') && typeOf(value) === 'integer')
    )
      return false
    if (typeof value === 'string') return value.length >= (part.minLength ?? 0)
    if (Array.isArray(value)) return value.length >= (part.minItems ?? 0)
    return typeof value !== 'number' || inRange(value, part)
  })
}

function inRange(value: number, schema: JsonSchema): boolean {
  return (
    value >= (schema.minimum ?? -Infinity) &&
    value <= (schema.maximum ?? Infinity) &&
    value > (schema.exclusiveMinimum ?? -Infinity) &&
    value < (schema.exclusiveMaximum ?? Infinity)
  )
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let here: unknown = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<PropertyKey, unknown>)[step]
  }
  return here
}
