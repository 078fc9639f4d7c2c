import { reservedKeys } from '../contract/define-stage.js'
import type { Stage } from '../contract/stage.js'
import { errors } from '../errors/catalogue.js'
import type { PlanNote } from '../errors/define-notes.js'
import { notes } from '../errors/notes.js'
import { arrange, type Arranged } from '../plan/arrange.js'
import type { Placements } from '../plan/placement.js'
import { ErrorCollector } from './collect.js'
import { jsonSchemaOf } from './json-schema.js'
import { deepFreeze, isMap, type JsonMap, toJson } from './json.js'
import { type PresetName, presetNames, presets } from './presets.js'
import { readPlacement } from './read-placement.js'
import type { RunConfig } from './run-config.js'
import { validateSection } from './validate-section.js'

/** One stage's section after parsing: inherited values and defaults filled in. */
export interface ParsedSection {
  readonly enabled: boolean
  /** As validated; as written when the section is off. */
  readonly config: JsonMap
  readonly notes: readonly PlanNote[]
  /** Keys that the section itself gives; the others are inherited or defaults. */
  readonly own: readonly string[]
}

export interface ParsedRun {
  /** What was given, as plain JSON, frozen. */
  readonly source: RunConfig
  readonly preset: PresetName | undefined
  readonly inputImages: readonly string[]
  readonly metadata: JsonMap
  /** Shared fields as written. */
  readonly shared: JsonMap
  readonly sections: ReadonlyMap<string, ParsedSection>
  /** All stages in order, with what placement changed. */
  readonly arranged: readonly Arranged[]
}

/** Reads a run config against the stages: unknown keys, wrong values and impossible orders are refused, all at once.
 *  @throws {PipelineError} SW_CONFIG_… with every error in `errors`; SW_PLAN_… for an order that cannot be */
export function parseRun(
  input: unknown,
  stages: readonly Stage[],
  placements: Placements = {},
): ParsedRun {
  const found = new ErrorCollector()
  if (!isMap(input)) throw errors.SW_CONFIG_NOT_AN_OBJECT({ path: 'the run config', value: input })
  const source = deepFreeze(toJson(input, found)) as RunConfig
  const written = withoutNulls(source)
  const preset = readPreset(written['preset'], found)
  const sharedKeys = new Set(stages.flatMap((stage) => stage.inherits))
  const shared = pick(written, [...sharedKeys])
  checkTopLevel(source, stages, sharedKeys, found)
  const own = readPlacement(written['placement'], stages, found)
  const arranged = arrange(stages, { ...placements, ...own })
  const sections = new Map<string, ParsedSection>()
  let generating = false
  for (const { stage } of arranged) {
    const section = parseSection(stage, source, { shared, preset, first: !generating }, found)
    generating ||= section.enabled && stage.definition.generates === true
    sections.set(stage.name, section)
  }
  const inputImages = readStrings(written['input_images'], 'input_images', found)
  const metadata = readMap(written['metadata'], 'metadata', found)
  if (written['sweep'] !== undefined) found.add(errors.SW_CONFIG_SWEEP_NOT_RUN({}))
  found.throwIfAny()
  return { source, preset, inputImages, metadata, shared, sections, arranged }
}

interface Inherited {
  readonly shared: JsonMap
  readonly preset: PresetName | undefined
  readonly first: boolean
}

function parseSection(
  stage: Stage,
  source: RunConfig,
  from: Inherited,
  found: ErrorCollector,
): ParsedSection {
  const given: unknown = source[stage.name]
  if (given === undefined) return { enabled: false, config: {}, notes: [], own: [] }
  if (given !== null && !isMap(given)) {
    found.add(errors.SW_CONFIG_NOT_AN_OBJECT({ path: stage.name, value: given }))
    return { enabled: false, config: {}, notes: [], own: [] }
  }
  const { enabled = true, ...own } = withoutNulls(given ?? {})
  if (typeof enabled !== 'boolean')
    found.add(
      errors.SW_CONFIG_INVALID_VALUE({
        path: `${stage.name}.enabled`,
        value: enabled,
        problem: 'it must be true or false',
      }),
    )
  const keys = Object.keys(own)
  const inherited = inherit(stage, from)
  const off = enabled === false
  const config = validateSection(stage, own, inherited, { keysOnly: off }, found)
  if (off || config === undefined) return { enabled: false, config: own, notes: [], own: keys }
  if (stage.definition.enabled?.(config) !== false)
    return { enabled: true, config, notes: [], own: keys }
  const switches = switchesOf(stage)
  if (given !== null && isMap(given) && given['enabled'] === true)
    found.add(errors.SW_CONFIG_NOT_SWITCHED_ON({ stage: stage.name, switches }))
  const quiet = keys.length === 0 || switches.some((key) => own[key] === false)
  return {
    enabled: false,
    config,
    notes: quiet ? [] : [notes.SW_NOTE_SECTION_IDLE({ stage: stage.name, switches })],
    own: keys,
  }
}

/** Preset first, then the shared fields; what belongs to the first generating stage only reaches that one. */
function inherit(stage: Stage, { shared, preset, first }: Inherited): JsonMap {
  const firstOnly = new Set<string>(stage.definition.inheritsWhenFirst)
  const always = stage.inherits.filter((key) => !firstOnly.has(key))
  return {
    ...(preset === undefined ? {} : pick(presets[preset], always)),
    ...pick(shared, always),
    ...(first ? pick(shared, [...firstOnly]) : {}),
  }
}

/** The keys that can switch a stage on: its booleans that default to false. */
function switchesOf(stage: Stage): string[] {
  const properties = jsonSchemaOf(stage.config).properties ?? {}
  return Object.keys(properties).filter(
    (key) => properties[key]?.type === 'boolean' && properties[key]?.default === false,
  )
}

function checkTopLevel(
  written: JsonMap,
  stages: readonly Stage[],
  sharedKeys: ReadonlySet<string>,
  found: ErrorCollector,
): void {
  const names = stages.map((stage) => stage.name)
  const known = new Set([...names, ...sharedKeys, ...reservedKeys])
  known.delete('enabled')
  for (const key of Object.keys(written)) {
    if (known.has(key)) continue
    const remedy = remedyFor(key, stages)
    found.add(
      errors.SW_CONFIG_UNKNOWN_KEY({
        path: key,
        key,
        known: [...known],
        ...(remedy === undefined ? {} : { remedy }),
      }),
    )
  }
}

function remedyFor(key: string, stages: readonly Stage[]): string | undefined {
  for (const stage of stages) {
    const remedy = stage.definition.misnomers?.[key]
    if (remedy !== undefined) return remedy
  }
  const owners = stages.filter((stage) => key in (jsonSchemaOf(stage.config).properties ?? {}))
  return owners.length === 0
    ? undefined
    : `${key} belongs in a section: ${owners.map((stage) => `${stage.name}: { ${key}: … }`).join(' or ')}`
}

function readPreset(value: unknown, found: ErrorCollector): PresetName | undefined {
  if (value === undefined) return undefined
  const preset = presetNames.find((name) => name === value)
  if (preset === undefined)
    found.add(
      errors.SW_CONFIG_INVALID_VALUE({
        path: 'preset',
        value,
        problem: `it must be one of ${presetNames.join(', ')}`,
      }),
    )
  return preset
}

function readStrings(value: unknown, path: string, found: ErrorCollector): readonly string[] {
  const list: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value]
  const strings = list.filter((item): item is string => typeof item === 'string' && item !== '')
  if (strings.length < list.length)
    found.add(
      errors.SW_CONFIG_INVALID_VALUE({ path, value, problem: 'it must be a list of file names' }),
    )
  return strings
}

function readMap(value: unknown, path: string, found: ErrorCollector): JsonMap {
  if (value === undefined || isMap(value)) return value ?? {}
  found.add(errors.SW_CONFIG_NOT_AN_OBJECT({ path, value }))
  return {}
}

function withoutNulls(map: JsonMap): JsonMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== null))
}

function pick(map: JsonMap, keys: readonly string[]): JsonMap {
  return Object.fromEntries(keys.filter((key) => key in map).map((key) => [key, map[key]]))
}
