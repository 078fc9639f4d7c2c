import { onGrid, type SizeGrid } from '@stagewright/core'
import { modelStem } from '@stagewright/metadata'

import type { Info } from './info.js'

/** What was asked of a generation, as far as an answer can be compared with it. */
export interface Asked {
  readonly seeds: readonly number[]
  /** Names that the server may use for the sampler that was asked for. */
  readonly samplers: readonly string[]
  readonly model?: string | undefined
  readonly size?: { readonly width: number; readonly height: number } | undefined
  /** How sizes were rounded. */
  readonly grid: SizeGrid
}

/** In what an answer differs from what was asked: servers swap samplers and models without an error.
 *  @source lllyasviel/stable-diffusion-webui-forge#2680 */
export function driftOf(
  asked: Asked,
  info: Info,
  sizes: readonly { readonly width: number; readonly height: number }[],
): string[] {
  const { sampler, model } = info
  const seeds = asked.seeds.findIndex(
    (seed, i) => info.seeds[i] !== undefined && info.seeds[i] !== seed,
  )
  const { size } = asked
  const odd =
    size === undefined
      ? undefined
      : sizes.find(({ width, height }) => width !== size.width || height !== size.height)
  return [
    ...(sampler !== undefined && !asked.samplers.some((name) => fold(name) === fold(sampler))
      ? [`the sampler was ${sampler}, and ${asked.samplers[0]} was asked for`]
      : []),
    ...(model !== undefined && asked.model !== undefined && !sameModel(asked.model, info)
      ? [`the model was ${model}, and ${asked.model} was asked for`]
      : []),
    ...(seeds < 0
      ? []
      : [`seed ${info.seeds[seeds]} was used, and ${asked.seeds[seeds]} was asked for`]),
    ...(odd === undefined || size === undefined
      ? []
      : [
          `a picture is ${odd.width}x${odd.height}, and ${size.width}x${size.height} was asked for${roundingOf(size, odd, asked.grid)}`,
        ]),
  ]
}

/** Where another grid explains the size, the option that states it: no server tells what its model rounds to. */
function roundingOf(size: Size, odd: Size, { multiple, round }: SizeGrid): string {
  const fitting = [8, 16, 32, 64, 128, 256].find(
    (one) =>
      one > multiple &&
      onGrid(size.width, { multiple: one, round }) === odd.width &&
      onGrid(size.height, { multiple: one, round }) === odd.height,
  )
  return fitting === undefined
    ? ''
    : `: the model rounds to ${fitting}, so set sizeMultiple (--size-multiple, or size_multiple in the config file) to that`
}

type Size = NonNullable<Asked['size']>

function sameModel(asked: string, { model = '', modelHash }: Info): boolean {
  const hash = /\[([0-9a-f]+)\]$/i.exec(asked)?.[1]
  return (
    modelStem(asked).toLowerCase() === modelStem(model).toLowerCase() ||
    (hash !== undefined && modelHash !== undefined && modelHash.startsWith(hash))
  )
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_]+/g, '')
}
