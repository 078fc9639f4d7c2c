import { Crash } from '../http/errors.js'
import type { Exchange } from '../http/exchange.js'
import type { Picture } from '../pictures/picture.js'
import type { World } from '../world.js'
import type { Checkpoint } from './checkpoints.js'
import type { Sampler } from './samplers.js'
import type { Values } from './values.js'

/** One generation on its way. What a script may change is not read-only. */
export interface Job {
  readonly kind: 'txt2img' | 'img2img'
  readonly world: World
  readonly exchange: Exchange
  readonly values: Values
  readonly base: Checkpoint
  /** When it began: yyyymmddhhmmss. */
  readonly began: string
  sampler: Sampler
  steps: number
  width: number
  height: number
  /** Seeds of all pictures, in order. */
  readonly seeds: readonly number[]
  readonly subseeds: readonly number[]
  readonly prompts: readonly string[]
  readonly negatives: readonly string[]
  /** For img2img. */
  readonly inputs: readonly Picture[]
  readonly mask: Picture | undefined
  /** Set when the outer job is only a carrier: what the scripts get in place of its pictures. */
  carried: Picture | undefined
  /** What infotext and `info` say besides the fields. */
  readonly extra: Map<string, string>
}

/** Runs sampling steps: time passes, faults happen, an interruption is seen between two steps.
 *  @returns how many steps were executed */
export async function sample(
  { world, exchange }: Pick<Job, 'world' | 'exchange'>,
  steps: number,
  megapixels: number,
): Promise<number> {
  const { progress, latency } = world
  for (let step = 1; step <= steps; step++) {
    if (progress.interrupted || progress.skipped) return step - 1
    progress.step(step - 1, steps)
    await exchange.during(step)
    await world.takes(latency.step * megapixels)
    if (progress.interrupted || progress.skipped) return step - 1
  }
  progress.step(steps, steps)
  return steps
}

/** A fault of the stage adetailer strikes the detailer alone, and not the generation that it is part of. */
export function starves({ faults }: Exchange, pass: 'generation' | 'detail'): boolean {
  return faults.some(
    ({ fault: { kind, match } }) =>
      kind === 'oom' && (pass === 'detail' || match?.stage !== 'adetailer'),
  )
}

/** @throws {Crash} OutOfMemoryError where the pictures are more than the limit, or a fault says so; NansException */
export function checkMemory(
  { world, exchange }: Pick<Job, 'world' | 'exchange'>,
  width: number,
  height: number,
  batch: number,
  pass: 'generation' | 'detail' = 'generation',
): void {
  const limit = world.options.vramMegapixels
  const megapixels = (width * height * batch) / 1e6
  if (starves(exchange, pass) || (limit !== undefined && megapixels > limit))
    throw new Crash(
      'OutOfMemoryError',
      `CUDA out of memory. Tried to allocate ${(megapixels * 2).toFixed(2)} GiB. GPU 0 has a total capacity of 8.00 GiB of which 0 bytes is free.`,
    )
  if (exchange.suffers('nan') && !drawsNanBlack(world))
    throw new Crash(
      'NansException',
      'A tensor with all NaNs was produced in Unet. Use --disable-nan-check commandline argument to disable this check.',
    )
}

/** Forge's test for NaN does nothing, so the picture is black. */
export function drawsNanBlack({ dialect }: World): boolean {
  return dialect.name === 'forge' || dialect.name === 'sdnext' || dialect.name === 'sdcpp'
}

export const megapixelsOf = (width: number, height: number, batch: number): number =>
  (width * height * batch) / 1e6
