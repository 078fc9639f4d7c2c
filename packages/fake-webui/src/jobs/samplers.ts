import type { Dialect } from '../data/dialects.js'
import type { SchedulerName } from '../data/samplers.js'
import type { Exchange } from '../http/exchange.js'
import type { Values } from './values.js'

export interface Sampler {
  readonly sampler: string
  readonly scheduler: string
}

/** A1111 1.10 and its forks: an old combined name is split; an unknown sampler is the first of the list, an unknown
 *  scheduler is Automatic, without a word. */
export function samplerOf(values: Values, dialect: Dialect, exchange: Exchange): Sampler {
  const asked = values.sampler_name ?? values.sampler_index ?? 'Euler'
  const wanted = values.scheduler ?? ''
  const loose = dialect.name === 'reforge'
  const scheduler = scheduleNamed(dialect.schedulers, wanted)
  if (wanted !== '' && scheduler === undefined)
    exchange.ignore('scheduler', `"${wanted}" is unknown: Automatic is used`)
  const exact = dialect.samplers.find(({ name }) => name === asked)
  if (exact !== undefined)
    return { sampler: exact.name, scheduler: scheduler?.label ?? 'Automatic' }
  const split = dialect.schedulers.find(
    ({ label }) =>
      asked.endsWith(` ${label}`) ||
      (loose && asked.toLowerCase().endsWith(` ${label.toLowerCase()}`)),
  )
  if (split !== undefined) {
    const stem = asked.slice(0, -split.label.length - 1)
    const found = dialect.samplers.find(
      ({ name }) => name === stem || (loose && name.toLowerCase() === stem.toLowerCase()),
    )
    if (found !== undefined)
      return {
        sampler: found.name,
        scheduler:
          scheduler === undefined || scheduler.label === 'Automatic'
            ? split.label
            : scheduler.label,
      }
  }
  const first = dialect.samplers[0]!.name
  const field = values.sampler_name === null ? 'sampler_index' : 'sampler_name'
  exchange.ignore(field, `"${asked}" is unknown: ${first} is used`)
  return { sampler: first, scheduler: scheduler?.label ?? 'Automatic' }
}

/** By name or label. */
export function scheduleNamed(
  all: readonly SchedulerName[],
  name: string,
): SchedulerName | undefined {
  return all.find((one) => one.name === name || one.label === name || one.aliases?.includes(name))
}
