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

/** Paths within the section that name a resource: those the subject lists, with their kind, and those known by name. */
export function resourcePaths(subject: StageSubject): ReadonlyMap<string, string | undefined> {
  const { stage, config, shared = {}, resources = {} } = subject
  const inherited = Object.keys(shared).filter(
    (key) => stage.inherits.includes(key) && resourceFields.has(key),
  )
  const known = [...new Set([...inherited, ...namedIn(config)])]
  const found = new Map<string, string | undefined>(known.map((path) => [path, undefined]))
  for (const [path, kind] of Object.entries(resources))
    if (kind === false) found.delete(path)
    else found.set(path, kind)
  return found
}

function namedIn(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' && resourceFields.has(key)
      ? [[...path, key].join('.')]
      : namedIn(inner, [...path, key]),
  )
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

function stepInto(value: unknown, step: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[step]
    : undefined
}
