import { type JsonSchema, jsonSchemaOf } from '@stagewright/core'

import type { Section, StageSubject } from './stage-subject.js'

/** Fields whose WebUI name says that their value is the name of a server's resource. */
const resourceFields = new Set([
  'model',
  'vae',
  'sampler_name',
  'scheduler',
  'upscaler_1',
  'upscaler_2',
  'upscaler_for_img2img',
  'hr_upscaler',
  'hr_sampler_name',
  'hr_scheduler',
  'hr_checkpoint_name',
  'refiner_model_name',
  'ad_model',
  'ad_checkpoint',
  'ad_vae',
  'ad_sampler',
  'ad_scheduler',
])

/** Paths within the section that name a resource, or could: those the subject lists, with their kind, and those known by
 *  name, whether the subject's config has them or only the JSON Schema. */
export function resourcePaths(subject: StageSubject): ReadonlyMap<string, string | undefined> {
  const { stage, config, shared = {}, resources = {} } = subject
  const inherited = Object.keys(shared).filter(
    (key) => stage.inherits.includes(key) && resourceFields.has(key),
  )
  const known = [...new Set([...inherited, ...fieldsIn(jsonSchemaOf(stage.config), config)])]
  const found = new Map<string, string | undefined>(known.map((path) => [path, undefined]))
  for (const [path, kind] of Object.entries(resources))
    if (kind === false) found.delete(path)
    else found.set(path, kind)
  return found
}

/** Fields with a known name: of each map that there is, all that its schema has. */
function fieldsIn(
  schema: JsonSchema | undefined,
  value: unknown,
  path: readonly string[] = [],
): string[] {
  if (Array.isArray(value)) {
    const items = typeof schema?.items === 'object' ? schema.items : undefined
    return value.flatMap((item: unknown, i) => fieldsIn(items, item, [...path, String(i)]))
  }
  if (typeof value !== 'object' || value === null) return []
  const { properties = {} } = schema ?? {}
  const held = Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' && resourceFields.has(key)
      ? [[...path, key].join('.')]
      : fieldsIn(properties[key], inner, [...path, key]),
  )
  const others = Object.keys(properties).filter((key) => resourceFields.has(key) && !(key in value))
  return [...held, ...others.map((key) => [...path, key].join('.'))]
}

/** The section with another value at a path like `units.0.ad_model`. */
export function withValueAt(section: Section, path: string, value: unknown): Section {
  const set = (here: unknown, [step = '', ...rest]: readonly string[]): unknown => {
    const inner = rest.length === 0 ? value : set(stepInto(here, step), rest)
    return Array.isArray(here)
      ? here.map((item: unknown, i) => (String(i) === step ? inner : item))
      : { ...(here as object | undefined), [step]: inner }
  }
  return set(section, path.split('.')) as Section
}

/** The value at a path like `units.0.ad_model`, or undefined. */
export function valueAt(section: Section, path: string): unknown {
  return path.split('.').reduce<unknown>(stepInto, section)
}

function stepInto(value: unknown, step: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[step]
    : undefined
}
