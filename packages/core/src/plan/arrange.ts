import { type PhaseRef } from '../contract/phase.js'
import type { Stage } from '../contract/stage.js'
import { errors } from '../errors/catalogue.js'
import type { Placements } from './placement.js'
import { sequence, type SequenceEntry } from './sequence.js'

/** A stage in its place: phase and edges as placement left them. */
export interface Arranged extends SequenceEntry {
  readonly stage: Stage
  /** What placement changed, in words. */
  readonly placed?: string
  /** Stages that may run after this one although it is terminal. */
  readonly mayFollow: readonly string[]
}

/** Puts all registered stages in order, with placement applied.
 *  @throws {StagePlanError} SW_PLAN_UNKNOWN_TARGET, SW_PLAN_EDGE_AGAINST_RANK, SW_PLAN_CYCLE */
export function arrange(stages: readonly Stage[], placements: Placements): Arranged[] {
  const phases = new Map(stages.map((stage) => [stage.name, stage.definition.phase]))
  for (const name of Object.keys(placements)) {
    if (!phases.has(name))
      throw errors.SW_PLAN_UNKNOWN_STAGE({ stage: name, known: [...phases.keys()] })
  }
  const entries = stages.map((stage): Arranged => {
    const { definition, name } = stage
    const placement = placements[name]
    const before = placement?.before ?? []
    const after = placement?.after ?? []
    const phase = placedPhase(definition.phase, before, after, phases)
    const followers = Object.keys(placements).filter(
      (other) => placements[other]?.after?.includes(name) === true,
    )
    return {
      name,
      phase,
      after: [...(definition.after ?? []), ...after],
      before: [...(definition.before ?? []), ...before],
      terminal: definition.terminal === true && placement?.terminal !== false,
      stage,
      mayFollow: [...before, ...followers],
      ...(placement === undefined ? {} : { placed: inWords(before, after) }),
    }
  })
  return sequence(entries)
}

/** A moved stage takes the rank of the stages it is put beside, when its own does not fit. */
function placedPhase(
  own: PhaseRef,
  before: readonly string[],
  after: readonly string[],
  phases: ReadonlyMap<string, PhaseRef>,
): PhaseRef {
  if (before.length + after.length === 0) return own
  const refs = (names: readonly string[]): PhaseRef[] =>
    names.flatMap((name) => phases.get(name) ?? [])
  const lowest = refs(before).toSorted((a, b) => a.rank - b.rank)[0]
  const highest = refs(after).toSorted((a, b) => b.rank - a.rank)[0]
  if (lowest !== undefined && lowest.rank < own.rank) return lowest
  if (highest !== undefined && highest.rank > own.rank) return highest
  return own
}

function inWords(before: readonly string[], after: readonly string[]): string {
  const parts = [
    ...(before.length > 0 ? [`before ${before.join(', ')}`] : []),
    ...(after.length > 0 ? [`after ${after.join(', ')}`] : []),
  ]
  return parts.length === 0 ? 'may be followed' : parts.join(', ')
}
