import { isMap, type JsonMap } from '../config/json.js'
import type { RunConfig } from '../config/run-config.js'
import type { Stage } from '../contract/stage.js'

/** A random seed in 0…2³¹−1: what every backend can take. */
export type RandomSeed = () => number

export const randomSeed: RandomSeed = () =>
  (globalThis.crypto.getRandomValues(new Uint32Array(1))[0] as number) >>> 1

/** The config with every seed of −1 made a number, once for the whole run: shared and in sections. An absent shared
 *  seed counts as −1, an absent subseed only where a variation is asked for. */
export function resolveSeeds(
  config: RunConfig,
  stages: readonly Stage[],
  random: RandomSeed,
): RunConfig {
  const inherited = new Set(stages.flatMap((stage) => stage.inherits))
  const sections = Object.fromEntries(
    stages.flatMap(({ name }) => {
      const section: unknown = config[name]
      return isMap(section)
        ? [[name, { ...section, ...fill(section, ['seed', 'subseed'], random) }]]
        : []
    }),
  )
  const varied = [config, ...Object.values(config)].some(
    (map) =>
      isMap(map) && typeof map['subseed_strength'] === 'number' && map['subseed_strength'] > 0,
  )
  const wanted = ['seed', ...(varied ? ['subseed'] : [])].filter((key) => inherited.has(key))
  const shared = fill(
    { ...Object.fromEntries(wanted.map((key) => [key, -1])), ...written(config) },
    wanted,
    random,
  )
  return { ...config, ...shared, ...sections }
}

function fill(map: JsonMap, keys: readonly string[], random: RandomSeed): JsonMap {
  return Object.fromEntries(keys.flatMap((key) => (map[key] === -1 ? [[key, random()]] : [])))
}

function written(config: RunConfig): JsonMap {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null))
}
