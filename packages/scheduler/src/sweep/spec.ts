import { PipelineError } from '@stagewright/core'
import { z } from 'zod'

import { sweepErrors } from './errors.js'
import { valuesOf } from './ranges.js'
import { type Condition, readCondition } from './where.js'

/** A sweep as it is written: in the section `sweep` of a run file, or in code. */
export interface SweepInput {
  /** Field → its values: every combination is a cell. A field is shared (`seed`), of a stage (`refiner.hr_scale`), or
   *  `prompt:WORD`, which replaces the word in every prompt. Values are a list, a range (`1..8`, `0.2..0.8 step 0.2`),
   *  or one value. The last one changes fastest. */
  readonly axes?: Readonly<Record<string, unknown>>
  /** Field → its values, all of one length, that change together. */
  readonly zip?: Readonly<Record<string, unknown>>
  /** What else is tried: each entry is a map of fields to values. */
  readonly list?: readonly Readonly<Record<string, unknown>>[]
  /** Only cells for which every condition holds: `refiner.hr_scale < 2 or seed == 1`. */
  readonly where?: string | readonly string[]
  /** At most so many cells, the first ones. */
  readonly limit?: number
  /** A folder of `name.txt` files, `per_picture` (default), `per_cell` or `off`, or both as `{ from, draw }`. */
  readonly wildcards?: string | { readonly from?: string; readonly draw?: Draw }
  /** Whether the high-res pass becomes a call of its own, so that cells share what comes before it. */
  readonly share?: boolean
  /** The field whose values stand side by side in the grid picture. */
  readonly x?: string
  /** The field whose values stand below each other. */
  readonly y?: string
}

/** Whether every picture has a draw of its own, or all of a cell the same, or prompts stay as they are. */
export type Draw = 'per_picture' | 'per_cell' | 'off'

/** Fields that change together, and what they become. */
export interface Dimension {
  readonly fields: readonly string[]
  readonly points: readonly Readonly<Record<string, unknown>>[]
  /** Where it is written: `sweep.axes.seed`, `sweep.zip`, `sweep.list`. */
  readonly path: string
}

/** A sweep as read. */
export interface SweepSpec {
  /** The first changes slowest. */
  readonly dimensions: readonly Dimension[]
  readonly where: readonly Condition[]
  readonly limit: number | undefined
  readonly wildcards: { readonly from: string | undefined; readonly draw: Draw }
  readonly share: boolean
  readonly x: string | undefined
  readonly y: string | undefined
}

/** Most cells of one sweep. */
export const mostCells = 10_000
/** Most combinations that conditions are asked about. */
const mostTried = mostCells * 100

const draws = ['per_picture', 'per_cell', 'off'] as const
const map = z.record(z.string(), z.unknown(), 'it must be a map of fields to values')
const wholeFrom1 = 'it must be a whole number from 1 on'
const aField = 'it must be the name of a swept field'
const drawing = z.enum(draws)
const folder = z.string().min(1).describe('A folder of name.txt files, relative to the run file')
/** The section as it may be written; fields and their values are read by themselves. */
export const sweepShape = z
  .strictObject(
    {
      axes: map.optional().describe('Field to its values: every combination is a cell'),
      zip: map.optional().describe('Field to its values, all of one length, that change together'),
      list: z
        .array(map, 'it must be a list of maps of fields to values')
        .min(1, 'it must hold one entry at least')
        .max(mostCells, `it must hold ${mostCells} entries at most`)
        .optional()
        .describe('What else is tried: maps of fields to values'),
      where: z
        .union(
          [z.string(), z.array(z.string()).max(100)],
          'it must be a text, or a list of up to 100 texts',
        )
        .optional()
        .describe('Only cells for which every condition holds: refiner.hr_scale < 2 or seed == 1'),
      limit: z
        .int(wholeFrom1)
        .min(1, wholeFrom1)
        .optional()
        .describe('At most so many cells, the first ones'),
      wildcards: z
        .union(
          [drawing, folder, z.strictObject({ from: folder.optional(), draw: drawing.optional() })],
          `it must be a folder, ${draws.join(', ')}, or both as { from, draw }`,
        )
        .optional()
        .describe('Where __name__ is drawn from, and whether each picture or each cell draws'),
      share: z
        .boolean('it must be true or false')
        .optional()
        .describe(
          'Makes the high-res pass a call of its own, so that cells share what comes before',
        ),
      x: z
        .string(aField)
        .optional()
        .describe('The field whose values stand side by side in the grid'),
      y: z
        .string(aField)
        .optional()
        .describe('The field whose values stand below each other in the grid'),
    } satisfies Record<keyof SweepInput, z.ZodType>,
    'it must be a map with axes, zip or list',
  )
  .describe('Runs for combinations of values: axes, zip or list')

/** Reads the section `sweep`.
 *  @throws {PipelineError} SW_SWEEP_…, all mistakes at once in `errors` */
export function readSweepSpec(given: unknown): SweepSpec {
  const found: PipelineError[] = []
  const invalid = (path: string, value: unknown, problem: string): void =>
    void found.push(sweepErrors.SW_SWEEP_INVALID({ path, value, problem }))
  const parsed = sweepShape.safeParse(given)
  if (!parsed.success) {
    for (const { path, message, ...issue } of parsed.error.issues) {
      const where = ['sweep', ...path].join('.')
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : undefined
      if (keys === undefined) invalid(where, valueAt(given, path), message)
      else
        for (const key of keys)
          invalid(`${where}.${key}`, (valueAt(given, path) as SweepInput)[key as 'axes'], known)
    }
    throw oneOf(found)
  }
  const { axes = {}, zip, list, where = [], limit, wildcards, share = false, x, y } = parsed.data
  const dimensions = [
    ...Object.entries(axes).flatMap(([field, values]) => axisOf(field, values, invalid)),
    ...(zip === undefined ? [] : zipped(zip, invalid)),
    ...(list === undefined ? [] : listed(list, invalid)),
  ]
  if (dimensions.length === 0 && found.length === 0)
    invalid('sweep', given, 'it has neither axes nor zip nor list')
  const conditions = (typeof where === 'string' ? [where] : where).flatMap((text, i, all) => {
    const read = readCondition(text)
    if (typeof read !== 'string') return [read]
    invalid(typeof where === 'string' ? 'sweep.where' : `sweep.where[${i}]`, all[i], read)
    return []
  })
  checkTwice(dimensions, found)
  const fields = dimensions.flatMap((one) => one.fields)
  for (const [key, field] of Object.entries({ x, y }))
    if (field !== undefined && !fields.includes(field))
      invalid(`sweep.${key}`, field, `it is not swept; swept are ${fields.join(', ')}`)
  if (x !== undefined && x === y) invalid('sweep.y', y, 'x is the same field')
  const count = dimensions.reduce((product, { points }) => product * points.length, 1)
  if (limit !== undefined && limit > mostCells)
    found.push(
      sweepErrors.SW_SWEEP_TOO_MANY({ path: 'sweep.limit', count: limit, most: mostCells }),
    )
  else if (conditions.length > 0 && count > mostTried)
    invalid(
      'sweep.where',
      where,
      `it has to choose from ${count} combinations, more than ${mostTried}`,
    )
  else if (conditions.length === 0 && limit === undefined && count > mostCells)
    found.push(sweepErrors.SW_SWEEP_TOO_MANY({ path: 'sweep', count, most: mostCells }))
  if (found.length > 0) throw oneOf(found)
  return {
    dimensions,
    where: conditions,
    limit,
    wildcards: wildcardsOf(wildcards),
    share,
    x,
    y,
  }
}

/** The one error, or one that holds them all. */
export function oneOf(found: readonly PipelineError[]): PipelineError {
  const [first] = found
  if (first === undefined) throw new TypeError('there is no error')
  return found.length === 1
    ? first
    : new PipelineError({
        code: first.code,
        kind: first.kind,
        message: `${found.length} errors`,
        hint: first.hint,
        errors: found,
      })
}

type Invalid = (path: string, value: unknown, problem: string) => void

const known = `there is no such key; a sweep has ${Object.keys(sweepShape.shape).join(', ')}`

function axisOf(field: string, given: unknown, invalid: Invalid): Dimension[] {
  const path = `sweep.axes.${field}`
  const values = valuesOf(given)
  if (typeof values !== 'string')
    return [{ fields: [field], points: values.map((value) => ({ [field]: value })), path }]
  invalid(path, given, values)
  return []
}

function zipped(zip: Readonly<Record<string, unknown>>, invalid: Invalid): Dimension[] {
  const columns = Object.entries(zip).map(([field, given]) => ({ field, values: valuesOf(given) }))
  const wrong = columns.filter(({ values }) => typeof values === 'string')
  for (const { field, values } of wrong) invalid(`sweep.zip.${field}`, zip[field], String(values))
  if (wrong.length > 0) return []
  const lengths = columns.map(({ values }) => values.length)
  const [length = 0] = lengths
  if (lengths.some((one) => one !== length)) {
    const words = columns.map(({ field, values }) => `${field} has ${values.length}`)
    invalid('sweep.zip', zip, `its lists must be of one length: ${words.join(', ')}`)
    return []
  }
  if (columns.length === 0) {
    invalid('sweep.zip', zip, 'it names no field')
    return []
  }
  const points = Array.from({ length }, (_, i) =>
    Object.fromEntries(columns.map(({ field, values }) => [field, values[i]])),
  )
  return [{ fields: columns.map(({ field }) => field), points, path: 'sweep.zip' }]
}

function listed(list: readonly Readonly<Record<string, unknown>>[], invalid: Invalid): Dimension[] {
  const fields = [...new Set(list.flatMap((entry) => Object.keys(entry)))]
  if (fields.length === 0) {
    invalid('sweep.list', list, 'its entries name no field')
    return []
  }
  return [{ fields, points: list, path: 'sweep.list' }]
}

function checkTwice(dimensions: readonly Dimension[], found: PipelineError[]): void {
  const seen = new Map<string, string>()
  for (const { fields, path } of dimensions)
    for (const field of fields) {
      const other = seen.get(field)
      if (other !== undefined) found.push(sweepErrors.SW_SWEEP_TWICE({ path, field, other }))
      seen.set(field, path)
    }
}

function wildcardsOf(given: z.infer<typeof sweepShape>['wildcards']): SweepSpec['wildcards'] {
  if (given === undefined) return { from: undefined, draw: 'per_picture' }
  if (typeof given !== 'string') return { from: given.from, draw: given.draw ?? 'per_picture' }
  const draw = draws.find((one) => one === given)
  return draw === undefined ? { from: given, draw: 'per_picture' } : { from: undefined, draw }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, step) => (inner as Readonly<Record<PropertyKey, unknown>> | undefined)?.[step],
    value,
  )
}
