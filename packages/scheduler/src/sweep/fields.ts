import {
  type JsonSchema,
  jsonSchemaOf,
  nearest,
  type PipelineError,
  type RunConfig,
  schemaAt,
  type Stage,
} from '@stagewright/core'

import { sweepErrors } from './errors.js'
import { holdsWord, promptsIn } from './prompts.js'
import { readPath } from './set-path.js'
import type { SweepSpec } from './spec.js'

/** What `prompt:WORD` replaces; undefined for another field. */
export function wordOf(field: string): string | undefined {
  return /^prompt:(.+)$/s.exec(field)?.[1]
}

/** Every field of a sweep that cannot be swept: what no stage has, what belongs to a stage without a section, and words
 *  that stand in no prompt. */
export function fieldErrors(
  { dimensions, where }: SweepSpec,
  base: RunConfig,
  stages: readonly Stage[],
): PipelineError[] {
  const known = knownFields(stages)
  const texts = [
    ...promptsIn(base).map(({ text }) => text),
    ...dimensions.flatMap(({ points }) =>
      points.flatMap((point) =>
        Object.values(point).filter((value): value is string => typeof value === 'string'),
      ),
    ),
  ]
  const swept = dimensions.flatMap(({ fields, path }) => {
    const at = (field: string): string =>
      path.startsWith('sweep.axes') ? path : `${path}.${field}`
    return fields.flatMap((field) => errorOf(field, at(field), { base, stages, known, texts }))
  })
  const conditions = where.flatMap(({ fields }) =>
    fields
      .filter((field) => wordOf(field) === undefined)
      .filter((field) => !dimensions.some((one) => one.fields.includes(field)))
      .flatMap((field) => unknownField(field, 'sweep.where', stages, known)),
  )
  return [...swept, ...conditions]
}

interface Facts {
  readonly base: RunConfig
  readonly stages: readonly Stage[]
  readonly known: ReadonlySet<string>
  readonly texts: readonly string[]
}

function errorOf(field: string, path: string, facts: Facts): PipelineError[] {
  const { base, stages, known, texts } = facts
  const word = wordOf(field)
  if (word !== undefined) {
    const words = texts.flatMap((text) => text.split(/[\s,.;:()<>]+/)).filter((one) => one !== '')
    return texts.some((text) => holdsWord(text, word))
      ? []
      : [sweepErrors.SW_SWEEP_WORD_ABSENT({ path, word, near: nearest(word, words) })]
  }
  const unknown = unknownField(field, path, stages, known)
  if (unknown.length > 0) return unknown
  const stage = stages.find(({ name }) => readPath(field)?.[0] === name)
  return stage === undefined || Object.hasOwn(base, stage.name)
    ? []
    : [sweepErrors.SW_SWEEP_STAGE_OFF({ path, stage: stage.name })]
}

function unknownField(
  field: string,
  path: string,
  stages: readonly Stage[],
  known: ReadonlySet<string>,
): PipelineError[] {
  const [first, ...rest] = readPath(field) ?? []
  const stage = stages.find(({ name }) => name === first)
  const shared = [...known].some((one) => one === first)
  if (stage === undefined ? shared : isFieldOf(stage, rest)) return []
  const last = rest.at(-1) ?? first ?? field
  const ends = [...known].filter((one) => one.endsWith(`.${last}`))
  const near = ends.length > 0 ? ends.slice(0, 3) : nearest(field, known)
  return [sweepErrors.SW_SWEEP_UNKNOWN_FIELD({ path, field, near })]
}

function isFieldOf(stage: Stage, steps: readonly (string | number)[]): boolean {
  if (steps.length === 0) return false
  if (steps.length === 1 && steps[0] === 'enabled') return true
  return schemaAt(jsonSchemaOf(stage.config), steps) !== undefined
}

/** Shared fields, and those of sections as `stage.field`. */
export function knownFields(stages: readonly Stage[]): ReadonlySet<string> {
  const properties = ({ properties: own = {} }: JsonSchema): string[] => Object.keys(own)
  return new Set([
    ...stages.flatMap((stage) => stage.inherits),
    'preset',
    'input_images',
    ...stages.flatMap((stage) =>
      properties(jsonSchemaOf(stage.config)).map((key) => `${stage.name}.${key}`),
    ),
  ])
}
