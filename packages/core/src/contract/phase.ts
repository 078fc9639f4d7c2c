import { errors } from '../errors/catalogue.js'

/** Where in a pipeline a stage stands. The phase owns the rank; no plugin writes a number. */
export interface PhaseRef {
  readonly name: string
  readonly rank: number
  /** For a slot in between: the two phases it was made from. */
  readonly between?: readonly [PhaseRef, PhaseRef]
}

const phase = (name: string, rank: number): PhaseRef => Object.freeze({ name, rank })

/** The named phases, in the order of a pipeline.
 *  - `Prepare`: no picture yet; contributes to the generating calls that follow
 *  - `Generate`: no picture yet; makes the first ones
 *  - `Transform`: pictures exist or are given; may redraw the whole
 *  - `Refine`: the composition is final; high-res synthesis
 *  - `Upscale`: the content is final; the size may change
 *  - `Detail`: the size is final; regions may be repaired */
export const Phase = Object.freeze({
  Prepare: phase('Prepare', 0),
  Generate: phase('Generate', 100),
  Transform: phase('Transform', 200),
  Refine: phase('Refine', 300),
  Upscale: phase('Upscale', 400),
  Detail: phase('Detail', 500),
})

const named: readonly PhaseRef[] = Object.values(Phase)

/** A new slot between two neighbouring phases: `phaseBetween(Phase.Upscale, Phase.Detail, "acme_sharpen")`.
 *  @throws {StagePlanError} SW_PLUGIN_PHASE_GAP when a named phase stands between the two, or they are not in order */
export function phaseBetween(lower: PhaseRef, upper: PhaseRef, name: string): PhaseRef {
  const inside = named.filter(({ rank }) => rank > lower.rank && rank < upper.rank)
  if (lower.rank >= upper.rank || inside.length > 0)
    throw errors.SW_PLUGIN_PHASE_GAP({
      name,
      lower: lower.name,
      upper: upper.name,
      inside: inside.map((one) => one.name),
    })
  return Object.freeze({
    name,
    rank: (lower.rank + upper.rank) / 2,
    between: Object.freeze([lower, upper] as const),
  })
}

/** Whether the rank comes from a named phase or from `phaseBetween`, not from a bare number. */
export function isDeclaredPhase(ref: PhaseRef): boolean {
  if (ref.between === undefined)
    return named.some((one) => one.name === ref.name && one.rank === ref.rank)
  const [lower, upper] = ref.between
  return (
    isDeclaredPhase(lower) && isDeclaredPhase(upper) && ref.rank === (lower.rank + upper.rank) / 2
  )
}
