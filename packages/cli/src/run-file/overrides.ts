import type { Stage } from '@stagewright/core'
import { readPath, withValueAt } from '@stagewright/scheduler'
import { parse } from 'yaml'

import { errors } from '../errors.js'
import { imagePaths } from './given-images.js'

/** The options of the command line that change the run file. */
export interface Overrides {
  readonly set?: readonly string[]
  readonly prompt?: string
  readonly model?: string
  readonly seed?: number
  readonly count?: number
  readonly images?: readonly string[]
}

type Map = Readonly<Record<string, unknown>>

/** The run file's data with the options laid over it: `--set` first, in order, then the named ones.
 *  - `--prompt`, `--model` and `--seed` set the shared field, and the same key of the first generating section where
 *    that states its own.
 *  - `--count n` makes n pictures (of each given one): `n_iter` follows from `batch_size`, which is lowered to a divisor
 *    of n where need be; the seeds do not depend on it.
 *  - `--images` gives img2img its `init_images` when it is the first stage that generates; otherwise it starts a
 *    reprocess run (`input_images`).
 *  @throws {PipelineError} SW_CLI_BAD_SET, SW_CLI_COUNT_UNUSED */
export function withOverrides(
  config: unknown,
  overrides: Overrides,
  stages: readonly Stage[],
  cwd: string,
): unknown {
  const set = (overrides.set ?? []).reduce(applySet, config)
  // What is no map is refused by core, with its own words.
  if (!isMap(set)) return set
  const first = firstGenerating(set, stages)
  let next: Map = set
  for (const key of ['prompt', 'model', 'seed'] as const)
    if (overrides[key] !== undefined) next = withShared(next, first, { [key]: overrides[key] })
  if (overrides.count !== undefined) next = withCount(next, first, overrides.count)
  if (overrides.images !== undefined && overrides.images.length > 0) {
    const images = imagePaths(overrides.images, cwd)
    next =
      first === 'img2img'
        ? { ...next, img2img: { ...sectionOf(next, 'img2img'), init_images: images } }
        : { ...next, input_images: images }
  }
  return next
}

function applySet(config: unknown, option: string): unknown {
  const at = option.indexOf('=')
  const path = at < 0 ? option : option.slice(0, at)
  const refuse = (problem: string) => errors.SW_CLI_BAD_SET({ option, problem })
  if (at < 0) throw refuse('there is no =')
  // The fields of a sweep are keys with dots in them.
  const [, among, field = ''] = /^sweep\.(axes|zip)\.(.+)$/s.exec(path) ?? []
  const steps = among === undefined ? readPath(path) : ['sweep', among, field]
  if (steps === undefined) throw refuse(`"${path}" is no path`)
  const text = option.slice(at + 1)
  const isText = among === undefined && /(^|[._])prompt$/.test(path) && !/^["']/.test(text)
  const value = isText ? text : readValue(text)
  const done = withValueAt(config, steps, value)
  if (typeof done === 'string') throw refuse(done)
  return done.value
}

/** A YAML value on one line: a number, true, text, or a list or map in brackets. Text that merely looks like a map
 *  (`a: b`) stays text. */
function readValue(text: string): unknown {
  // An anchor, alias or tag has nothing to stand for here.
  if (/^\s*[&*!]/.test(text)) return text
  try {
    const value: unknown = parse(text, { maxAliasCount: 0, logLevel: 'silent' })
    return typeof value === 'object' && value !== null && !/^\s*[[{]/.test(text) ? text : value
  } catch {
    return text
  }
}

function withShared(config: Map, first: string | undefined, values: Map): Map {
  const own = first === undefined ? {} : sectionOf(config, first)
  const stated = Object.fromEntries(
    Object.entries(values).filter(([key]) => Object.hasOwn(own, key)),
  )
  return {
    ...config,
    ...values,
    ...(first === undefined || Object.keys(stated).length === 0
      ? {}
      : { [first]: { ...own, ...stated } }),
  }
}

function withCount(config: Map, first: string | undefined, count: number): Map {
  if (first === undefined) throw errors.SW_CLI_COUNT_UNUSED({ count })
  const batch = sectionOf(config, first)['batch_size'] ?? config['batch_size']
  const most = typeof batch === 'number' && Number.isInteger(batch) && batch > 0 ? batch : 1
  let size = Math.min(most, count)
  while (count % size !== 0) size -= 1
  return withShared(config, first, { batch_size: size, n_iter: count / size })
}

/** The enabled stage that makes the first pictures; stages stand in the order of their phases. */
function firstGenerating(config: Map, stages: readonly Stage[]): string | undefined {
  return stages
    .filter(({ definition }) => definition.generates === true)
    .toSorted((a, b) => a.definition.phase.rank - b.definition.phase.rank)
    .find(({ name }) => Object.hasOwn(config, name) && sectionOf(config, name)['enabled'] !== false)
    ?.name
}

function sectionOf(config: Map, name: string): Map {
  const section = config[name]
  return isMap(section) ? section : {}
}

function isMap(value: unknown): value is Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
