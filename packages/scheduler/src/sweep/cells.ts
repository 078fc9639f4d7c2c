import { type RandomSeed, resolveSeeds, type RunConfig, type Stage } from '@stagewright/core'

import { sweepErrors } from './errors.js'
import { wordOf } from './fields.js'
import { promptsIn, replaceWords } from './prompts.js'
import { readPath, withValueAt } from './set-path.js'
import { mostCells, type SweepSpec } from './spec.js'
import { draw, hasDraw, type Wildcards } from './wildcards.js'

/** One run of a sweep. */
export interface Cell {
  /** From 1, in the author's order. */
  readonly number: number
  /** The swept fields and their values, as written; `picture` where a cell of several pictures was split. */
  readonly point: Readonly<Record<string, unknown>>
  /** What is laid over the base config, by path: every value that the sweep resolved. */
  readonly set: Readonly<Record<string, unknown>>
}

type Point = Readonly<Record<string, unknown>>

/** The points of a sweep in the author's order, one at a time: the last dimension changes fastest, `where` filters. */
export function* pointsOf(
  { dimensions, where, limit }: SweepSpec,
  base: RunConfig,
): Generator<Point> {
  const total = dimensions.reduce((product, { points }) => product * points.length, 1)
  let given = 0
  for (let i = 0; i < total && given < (limit ?? Infinity); i++) {
    let left = i
    const chosen = dimensions.toReversed().map(({ points }) => {
      const point = points[left % points.length] ?? {}
      left = Math.floor(left / points.length)
      return point
    })
    const point = Object.assign({}, ...chosen.toReversed()) as Point
    const valueOf = (field: string): unknown =>
      Object.hasOwn(point, field) ? point[field] : valueAt(base, field)
    if (!where.every((one) => one.holds(valueOf))) continue
    given += 1
    yield point
  }
}

export interface Cells {
  readonly cells: readonly Cell[]
  /** Cells of several pictures that became one run a picture. */
  readonly split: { readonly cells: number; readonly pictures: number }
  /** Paths of the prompts that were drawn. */
  readonly drawn: readonly string[]
}

export interface CellFacts {
  readonly spec: SweepSpec
  /** With its seeds resolved. */
  readonly base: RunConfig
  readonly stages: readonly Stage[]
  readonly wildcards: Wildcards
  /** By reference to given pictures, the files that it stands for. */
  readonly files: ReadonlyMap<string, readonly string[]>
  readonly random: RandomSeed
}

/** Every cell, with all that is to be resolved.
 *  @throws {PipelineError} SW_SWEEP_INVALID, SW_SWEEP_TOO_MANY, SW_SWEEP_NO_CELLS, SW_SWEEP_WILDCARD_DEPTH */
export function cellsOf(facts: CellFacts): Cells {
  const { spec, base, stages } = facts
  const cells: Cell[] = []
  const split = { cells: 0, pictures: 0 }
  const drawn = new Set<string>()
  const add = (point: Point, config: RunConfig): void => {
    cells.push({ number: cells.length + 1, point, set: changes(base, config) })
    if (cells.length > mostCells)
      throw sweepErrors.SW_SWEEP_TOO_MANY({ path: 'sweep', count: cells.length, most: mostCells })
  }
  for (const point of pointsOf(spec, base)) {
    const config = resolveSeeds(laid(base, point), stages, facts.random)
    const draws =
      spec.wildcards.draw !== 'off' && promptsIn(config).some(({ text }) => hasDraw(text))
    const first = firstGenerating(config, stages)
    const parts =
      draws && spec.wildcards.draw === 'per_picture'
        ? first === undefined
          ? givenOf(config, facts.files)
          : picturesOf(config, first, facts.files)
        : [config]
    if (parts.length > 1) {
      split.cells += 1
      split.pictures += parts.length
    }
    for (const [i, part] of parts.entries()) {
      const own = draws ? withDraws(part, first, facts.wildcards) : part
      for (const { path, text } of draws ? promptsIn(part) : []) if (hasDraw(text)) drawn.add(path)
      add(parts.length > 1 ? { ...point, picture: i + 1 } : point, own)
    }
  }
  if (cells.length === 0) {
    const count = spec.dimensions.reduce((product, { points }) => product * points.length, 1)
    throw sweepErrors.SW_SWEEP_NO_CELLS({ path: 'sweep.where', count })
  }
  return { cells, split, drawn: [...drawn] }
}

/** The config of a cell. */
export function configOf(base: RunConfig, { set }: Pick<Cell, 'set'>): RunConfig {
  return Object.entries(set).reduce((config, [path, value]) => put(config, path, value), base)
}

/** The value at a path of a config, undefined where there is none. */
export function valueAt(config: unknown, path: string): unknown {
  return readPath(path)?.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Readonly<Record<string | number, unknown>>)[step]
        : undefined,
    config,
  )
}

/** Fields first, then words: also in prompts that are swept. */
function laid(base: RunConfig, point: Point): RunConfig {
  let config = base
  const words = new Map<string, string>()
  for (const [field, value] of Object.entries(point)) {
    const word = wordOf(field)
    if (word === undefined) config = put(config, field, value)
    else words.set(word, typeof value === 'string' ? value : JSON.stringify(value))
  }
  if (words.size > 0)
    for (const { path, text } of promptsIn(config)) {
      const next = replaceWords(text, words)
      if (next !== text) config = put(config, path, next)
    }
  return config
}

function put(config: RunConfig, path: string, value: unknown): RunConfig {
  const done = withValueAt(config, readPath(path) ?? [], value)
  if (typeof done === 'string') throw sweepErrors.SW_SWEEP_INVALID({ path, value, problem: done })
  return done.value as RunConfig
}

/** The section that makes the first pictures, and its seed and counts as they take effect. */
interface First {
  readonly stage: string
  /** Where a field that it inherits stands. */
  readonly path: (field: string) => string
}

function firstGenerating(config: RunConfig, stages: readonly Stage[]): First | undefined {
  const stage = stages
    .filter(({ definition }) => definition.generates === true)
    .toSorted((a, b) => a.definition.phase.rank - b.definition.phase.rank)
    .find(({ name }) => {
      const section: unknown = config[name]
      return section !== undefined && valueAt(config, `${name}.enabled`) !== false
    })
  if (stage === undefined) return undefined
  return {
    stage: stage.name,
    path: (field) => {
      const own = `${stage.name}.${field}`
      return valueAt(config, own) === undefined ? field : own
    },
  }
}

/** One config a picture, with the seeds that one run of them all would give: they count up over all given pictures.
 *  Those that are not known by their files stay together. */
function picturesOf(
  config: RunConfig,
  first: First,
  files: CellFacts['files'],
): readonly RunConfig[] {
  const number = (field: string, fallback: number): number => {
    const value = valueAt(config, first.path(field))
    return typeof value === 'number' ? value : fallback
  }
  const [given, masks] = ['init_images', 'mask'].map((field) =>
    filesOf(valueAt(config, `${first.stage}.${field}`), files),
  )
  const each = number('n_iter', 1) * number('batch_size', 1)
  if (given === undefined || masks === undefined || !Number.isInteger(each)) return [config]
  // Masks that do not fit are refused where they are planned.
  if (masks.length > 1 && masks.length !== given.length) return [config]
  const count = each * Math.max(1, given.length)
  if (count < 2) return [config]
  if (count > mostCells) {
    const path = given.length > 1 ? `${first.stage}.init_images` : 'n_iter'
    throw sweepErrors.SW_SWEEP_TOO_MANY({ path, count, most: mostCells })
  }
  return Array.from({ length: count }, (_, i) => {
    const at = Math.floor(i / each)
    const values = {
      [first.path('n_iter')]: 1,
      [first.path('batch_size')]: 1,
      ...seedAt(config, i, first.path),
      ...(given.length > 1 ? { [`${first.stage}.init_images`]: [given[at]] } : {}),
      ...(masks.length > 1 ? { [`${first.stage}.mask`]: masks[at] } : {}),
    }
    return Object.entries(values).reduce((all, [path, value]) => put(all, path, value), config)
  })
}

/** One config for each given picture that is only worked on, with the seeds that one run gives those without their own. */
function givenOf(config: RunConfig, files: CellFacts['files']): readonly RunConfig[] {
  const given = filesOf(config['input_images'], files) ?? []
  if (given.length < 2) return [config]
  return given.map((one, i) => ({ ...config, ...seedAt(config, i), input_images: [one] }))
}

/** The seed of the picture `offset` places after the first: with a variation it is the subseed that counts up. */
function seedAt(
  config: RunConfig,
  offset: number,
  pathOf: First['path'] = (field) => field,
): Readonly<Record<string, number>> {
  const number = (field: string): number => {
    const value = valueAt(config, pathOf(field))
    return typeof value === 'number' ? value : 0
  }
  const counted = number('subseed_strength') > 0 ? 'subseed' : 'seed'
  return { [pathOf(counted)]: number(counted) + offset }
}

/** The files of the pictures that a field names; undefined where those of one are not known. */
function filesOf(value: unknown, files: CellFacts['files']): readonly string[] | undefined {
  const references = referencesIn(value)
  return references.every((one) => files.has(one))
    ? references.flatMap((one) => files.get(one) ?? [])
    : undefined
}

/** References to pictures, as a field names them. */
export function referencesIn(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((one) => typeof one === 'string')
}

function withDraws(config: RunConfig, first: First | undefined, wildcards: Wildcards): RunConfig {
  const at = (field: string): number => {
    const value = valueAt(config, first?.path(field) ?? field)
    return typeof value === 'number' ? value : 0
  }
  const seed = at('subseed_strength') > 0 ? at('seed') + at('subseed') : at('seed')
  // Given pictures that are only worked on share the seed: they are told apart by their names.
  const given = first === undefined ? referencesIn(config['input_images']) : []
  const by = [seed, ...given].join(' ')
  return promptsIn(config).reduce((all, { path, text }) => {
    const drawn = hasDraw(text) ? draw(text, path, by, wildcards) : text
    return drawn === text ? all : put(all, path, drawn)
  }, config)
}

/** What differs, by path: maps are gone into, everything else is taken whole. */
function changes(base: unknown, next: unknown, path = ''): Record<string, unknown> {
  const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (base === next) return {}
  if (!isMap(next) || !isMap(base)) {
    if (JSON.stringify(base) === JSON.stringify(next)) return {}
    return { [path]: next }
  }
  return Object.assign(
    {},
    ...Object.keys(next).map((key) =>
      changes(base[key], next[key], path === '' ? key : `${path}.${key}`),
    ),
  ) as Record<string, unknown>
}
