import { seedAt } from '@stagewright/core/sampling'

import type { Img2ImgConfig } from './config.js'
import type { Size } from './target.js'

/** A picture to redraw, real or expected. */
export interface Source extends Size {
  readonly seed: number
  readonly subseed: number
}

/** One call: the pictures it takes (by index), the seed of the first, and how many come out. */
export interface PlannedCall {
  readonly pictures: readonly number[]
  readonly seed: number
  readonly subseed: number
  readonly batch_size: number
}

/** The calls for some pictures. As the first generating stage each picture gives `batch_size` variations a call, its
 *  seeds counting up over all of them. After another stage `batch_size` is only how many pictures a call may take:
 *  neighbours of one size with consecutive seeds. `n_iter` repeats all calls with seeds of their own. */
export function callsFor(
  config: Img2ImgConfig,
  sources: readonly Source[],
  first: boolean,
  sharedMask: boolean,
): PlannedCall[] {
  const { n_iter: rounds, batch_size: batch } = config
  if (first) {
    return sources.flatMap((_, at) =>
      Array.from({ length: rounds }, (__, round): PlannedCall => ({
        pictures: [at],
        ...seedAt(baseOf(config, undefined), (at * rounds + round) * batch),
        batch_size: batch,
      })),
    )
  }
  const seeds = sources.map((source, at) =>
    config.seed === undefined
      ? baseOf(config, source)
      : { ...baseOf(config, source), ...seedAt(baseOf(config, source), at) },
  )
  const groups = group(config, sources, seeds, sharedMask ? batch : 1)
  return groups.flatMap((pictures) =>
    Array.from({ length: rounds }, (_, round): PlannedCall => ({
      pictures,
      ...seedAt(seeds[pictures[0] as number] as Seeds, round * sources.length),
      batch_size: pictures.length,
    })),
  )
}

type Seeds = ReturnType<typeof baseOf>

/** The seed that a picture's calls start from: the section's own, else the picture's + 1, because the same noise again
 *  at the same size distorts. @source AUTOMATIC1111/stable-diffusion-webui#1392 */
function baseOf(config: Img2ImgConfig, source: Source | undefined) {
  return {
    seed: config.seed ?? (source?.seed ?? -1) + 1,
    subseed: config.subseed ?? source?.subseed ?? 0,
    subseed_strength: config.subseed_strength,
  }
}

function group(
  config: Img2ImgConfig,
  sources: readonly Source[],
  seeds: readonly Seeds[],
  most: number,
): number[][] {
  const groups: number[][] = []
  for (const [at, source] of sources.entries()) {
    const open = groups.at(-1)
    const before = sources[at - 1]
    const expected =
      open === undefined ? undefined : seedAt(seeds[open[0] as number] as Seeds, open.length)
    const own = seeds[at] as Seeds
    const follows =
      expected?.seed === own.seed &&
      (config.subseed_strength === 0 || expected.subseed === own.subseed)
    const sameSize = before?.width === source.width && before.height === source.height
    if (open !== undefined && open.length < most && sameSize && follows) open.push(at)
    else groups.push([at])
  }
  return groups
}
