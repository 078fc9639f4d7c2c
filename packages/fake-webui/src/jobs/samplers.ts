import type { Dialect } from '../data/dialects.js'
import type { SchedulerName } from '../data/samplers.js'
import type { Exchange } from '../http/exchange.js'
import type { Values } from './values.js'

export interface Sampler {
  readonly sampler: string
  readonly scheduler: string
}

/** A1111 1.10 and its forks: an old combined name is split, and its schedule outdoes the field; an unknown sampler is the
 *  first of the list, an unknown scheduler is Automatic, without a word.
 *  Source: A1111 v1.10.1 modules/sd_samplers.py: get_sampler_and_scheduler */
export function samplerOf(values: Values, dialect: Dialect, exchange: Exchange): Sampler {
  const asked = values.sampler_name ?? values.sampler_index ?? 'Euler'
  const wanted = values.scheduler ?? ''
  const fold = dialect.name === 'reforge' ? (name: string) => name.toLowerCase() : String
  const given = scheduleNamed(dialect.schedulers, wanted)
  if (wanted !== '' && given === undefined)
    exchange.ignore('scheduler', `"${wanted}" is unknown: Automatic is used`)
  const split = splitOff(asked, dialect, fold)
  if (split !== undefined && given !== undefined && given.label !== 'Automatic')
    if (given !== split.scheduler)
      exchange.ignore('scheduler', `"${asked}" has a schedule in its name, which is used`)
  const name = split?.sampler ?? asked
  const scheduler = (split?.scheduler ?? given)?.label ?? 'Automatic'
  const found = dialect.samplers.find((one) => fold(one.name) === fold(name))
  if (found !== undefined) return { sampler: found.name, scheduler }
  const first = dialect.samplers[0]!.name
  const field = values.sampler_name === null ? 'sampler_index' : 'sampler_name'
  exchange.ignore(field, `"${asked}" is unknown: ${first} is used`)
  return { sampler: first, scheduler }
}

/** Of "DPM++ 2M Karras" the sampler and the schedule. */
function splitOff(name: string, { schedulers }: Dialect, fold: (name: string) => string) {
  for (const scheduler of schedulers)
    for (const ending of [scheduler.label, scheduler.name, ...(scheduler.aliases ?? [])])
      if (fold(name).endsWith(fold(` ${ending}`)))
        return { sampler: name.slice(0, -ending.length - 1), scheduler }
  return undefined
}

/** By name or label: other names of it only end a sampler's. */
export function scheduleNamed(
  all: readonly SchedulerName[],
  name: string,
): SchedulerName | undefined {
  return all.find((one) => one.name === name || one.label === name)
}
