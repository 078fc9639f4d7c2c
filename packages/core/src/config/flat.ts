import type { Stage } from '../contract/stage.js'
import { errors } from '../errors/catalogue.js'
import { ErrorCollector } from './collect.js'
import { isMap, type JsonMap } from './json.js'
import type { RunConfig } from './run-config.js'

/** Reads the specification's flat form (`txt2img_enabled`, `hr_scale`, `refiner_model_name`, …) through the flat keys
 *  that each stage declares. A stage is on only where one of its flags is true. Settings of a stage that is off are
 *  left out; a key that no stage declares is an error.
 *  @throws {PipelineError} SW_CONFIG_FLAT_AMBIGUOUS, SW_CONFIG_UNKNOWN_KEY, SW_CONFIG_NOT_AN_OBJECT */
export function fromFlatRunConfig(flat: unknown, stages: readonly Stage[]): RunConfig {
  if (!isMap(flat)) throw errors.SW_CONFIG_NOT_AN_OBJECT({ path: 'the flat config', value: flat })
  const found = new ErrorCollector()
  const shared = new Set(stages.flatMap((stage) => stage.inherits))
  const declared = new Set(stages.flatMap(({ definition }) => flatKeysOf(definition.flat)))
  const config: Record<string, unknown> = {}
  for (const stage of stages) if (isOn(stage, flat)) config[stage.name] = {}
  for (const [key, value] of Object.entries(flat)) {
    const claims = stages.flatMap((stage) => claim(stage, key, flat))
    const known = [...shared, ...declared]
    if (claims.length > 1)
      found.add(
        errors.SW_CONFIG_FLAT_AMBIGUOUS({
          key,
          paths: claims.map(({ stage, to }) => `${stage}.${to}`),
        }),
      )
    else if (claims[0] !== undefined)
      put(config[claims[0].stage] as Record<string, unknown>, claims[0].to, value)
    else if (shared.has(key) || key === 'metadata' || key === 'preset') config[key] = value
    else if (!declared.has(key))
      found.add(errors.SW_CONFIG_UNKNOWN_KEY({ path: key, key, known: known.toSorted() }))
  }
  found.throwIfAny()
  return config
}

type Flat = Stage['definition']['flat']

function flatKeysOf(flat: Flat): string[] {
  return flat === undefined ? [] : [...flat.enabled, ...Object.keys(flat.keys)]
}

function isOn({ definition: { flat: keys } }: Stage, flat: JsonMap): boolean {
  return keys?.enabled.some((key) => flat[key] === true) ?? false
}

/** The path that a stage claims a flat key for, when it is on and the key means something. */
function claim(stage: Stage, key: string, flat: JsonMap): { stage: string; to: string }[] {
  const { flat: keys } = stage.definition
  const mapping = keys?.keys[key]
  if (mapping === undefined || !isOn(stage, flat)) return []
  const { to, when } = typeof mapping === 'string' ? { to: mapping, when: undefined } : mapping
  if (when !== undefined && flat[when] !== true) return []
  if (flat[key] === 0 && keys?.zeroIsUnset?.includes(key) === true) return []
  return [{ stage: stage.name, to }]
}

/** Sets `units.0.ad_model` in a section; numbers are places in a list. */
function put(section: Record<string, unknown>, path: string, value: unknown): void {
  const steps = path.split('.')
  const last = steps.pop() as string
  let here: Record<string, unknown> = section
  for (const [at, step] of steps.entries()) {
    here[step] ??= /^\d+$/.test(steps[at + 1] ?? last) ? [] : {}
    here = here[step] as Record<string, unknown>
  }
  here[last] = value
}
