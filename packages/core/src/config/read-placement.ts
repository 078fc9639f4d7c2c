import type { Stage } from '../contract/stage.js'
import { errors } from '../errors/catalogue.js'
import { didYouMean } from '../errors/nearest.js'
import type { Placement, Placements } from '../plan/placement.js'
import type { ErrorCollector } from './collect.js'
import { isMap } from './json.js'

/** Reads the `placement` of a run file; what is wrong is added to `found` and left out. */
export function readPlacement(
  value: unknown,
  stages: readonly Stage[],
  found: ErrorCollector,
): Placements {
  if (value === undefined) return {}
  const names = stages.map((stage) => stage.name)
  const refuse = (path: string, problem: string): undefined => {
    found.add(errors.SW_CONFIG_PLACEMENT({ path, problem }))
    return undefined
  }
  if (!isMap(value)) {
    refuse('placement', 'it must be a map of stages')
    return {}
  }
  const readNames = (list: unknown, path: string): readonly string[] | undefined => {
    const items: readonly unknown[] = Array.isArray(list) ? list : [list]
    return items.flatMap((name, i) => {
      if (typeof name === 'string' && names.includes(name)) return [name]
      refuse(
        `${path}[${i}]`,
        `${JSON.stringify(name)} is no stage here.${didYouMean(String(name), names)}`,
      )
      return []
    })
  }
  const readOne = (stage: string, given: unknown): Placement | undefined => {
    const path = `placement.${stage}`
    if (!names.includes(stage))
      return refuse(path, `"${stage}" is no stage here.${didYouMean(stage, names)}`)
    if (!isMap(given)) return refuse(path, 'it must be a map with before, after or terminal')
    const { before, after, terminal, ...rest } = given
    for (const key of Object.keys(rest))
      refuse(`${path}.${key}`, `unknown key.${didYouMean(key, ['before', 'after', 'terminal'])}`)
    if (terminal !== undefined && terminal !== false)
      refuse(`${path}.terminal`, 'it can only be false')
    return {
      ...(before === undefined ? {} : { before: readNames(before, `${path}.before`) }),
      ...(after === undefined ? {} : { after: readNames(after, `${path}.after`) }),
      ...(terminal === false ? { terminal } : {}),
    }
  }
  const entries = Object.entries(value).map(
    ([stage, given]) => [stage, readOne(stage, given)] as const,
  )
  return Object.fromEntries(
    entries.flatMap(([stage, one]) => (one === undefined ? [] : [[stage, one]])),
  )
}
