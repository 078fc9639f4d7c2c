import { type ScheduleField, sdnextActing, sdnextScheduleFields } from '../data/sdnext-schedules.js'
import type { Exchange } from '../http/exchange.js'
import type { Values } from '../jobs/values.js'
import type { World } from '../world.js'

/** A schedule as it acts: a name for the drawing, and the pairs of the infotext. */
export interface Schedule {
  readonly name: string
  readonly pairs: readonly (readonly [string, string])[]
}

/** What the fields of a request, and the server's options where it has none, make of the sampler's schedule. What has no
 *  effect is noted where the request asked for it. */
export function scheduleOf(
  sampler: string,
  values: Values,
  world: World,
  exchange: Exchange,
): Schedule {
  const acting: string[] = []
  const pairs: [string, string][] = []
  for (const field of Object.keys(sdnextScheduleFields) as ScheduleField[]) {
    const { word, choices } = sdnextScheduleFields[field]
    const asked = values[field]
    const value = asked ?? world.settings[field]
    if (typeof value !== 'string' || value === 'default') continue
    const why = choices.includes(value)
      ? withoutEffect(field, value, sampler)
      : `"${value}" is unknown: the sampler's own is used`
    if (why === undefined) acting.push(value)
    else if (asked === value) exchange.ignore(field, why)
    // Told as the option says, whether or not it acts; a default sampler has no such pairs.
    if (sampler !== 'Default') pairs.push([word, value])
  }
  return { name: acting.length === 0 ? 'Automatic' : acting.join(' '), pairs }
}

function withoutEffect(field: ScheduleField, value: string, sampler: string): string | undefined {
  if (sampler === 'Default') return 'the default sampler keeps the schedule of its model'
  const acts =
    field === 'schedulers_beta_schedule' || (sdnextActing[sampler]?.includes(value) ?? false)
  return acts ? undefined : `the sampler ${sampler} has no "${value}"`
}
