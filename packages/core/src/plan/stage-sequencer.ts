import type { Stage } from '../contract/stage.js'
import { errors } from '../errors/catalogue.js'
import { type Placed, checkInvariants } from './check-invariants.js'
import { sequence } from './sequence.js'
import type { PipelinePlan, StagePlan } from './stage-plan.js'

/** Gives a plan's enabled stages in the order in which they run.
 *  Entries without `order` are ordered. Entries with it (a built plan, or one made by hand or read from JSON) are
 *  checked against the ranks and edges, never silently sorted again. With `registered`, the traits that an entry
 *  claims are compared with the stage's own. */
export class StageSequencer {
  readonly #plan: PipelinePlan
  readonly #registered: readonly Stage[] | undefined

  constructor(plan: PipelinePlan, registered?: readonly Stage[]) {
    this.#plan = plan
    this.#registered = registered
  }

  /** @throws {StagePlanError} for a plan that breaks a law; nothing has been called then */
  getOrderedStages(): StagePlan[] {
    const { stages, reprocess } = this.#plan
    if (this.#registered !== undefined) compareWithRegistry(stages, this.#registered)
    const expected = sequence(stages)
    const given = stages.filter(({ order }) => order !== undefined)
    if (given.length > 0) checkOrder(stages, expected)
    const ordered = given.length > 0 ? stages.toSorted((a, b) => orderOf(a) - orderOf(b)) : expected
    const enabled = ordered.filter((stage) => stage.enabled)
    checkInvariants(
      enabled.map((stage): Placed => ({
        name: stage.name,
        consumes: stage.consumes,
        generates: stage.generates,
        terminal: stage.terminal,
        mayFollow: stage.terminal ? followers(stage, stages) : [],
      })),
      { reprocess, generating: stages.filter((one) => one.generates).map(({ name }) => name) },
    )
    checkFusion(enabled)
    return enabled
  }
}

function orderOf(stage: StagePlan): number {
  return stage.order ?? 0
}

/** Written positions must be whole, unique and complete, and agree with ranks and edges. */
function checkOrder(stages: readonly StagePlan[], expected: readonly StagePlan[]): void {
  const seen = new Map<number, string>()
  for (const { name, order } of stages) {
    const refuse = (problem: string) => errors.SW_PLAN_ORDER({ stage: name, order, problem })
    if (order === undefined) throw refuse('is missing, while other entries have one')
    if (!Number.isInteger(order) || order < 0) throw refuse('must be a whole number from 0')
    const other = seen.get(order)
    if (other !== undefined) throw refuse(`is taken by "${other}"`)
    seen.set(order, name)
  }
  const written = stages.toSorted((a, b) => orderOf(a) - orderOf(b))
  const wrong = written.find((stage, at) => stage.name !== expected[at]?.name)
  if (wrong === undefined) return
  const should = expected.findIndex(({ name }) => name === wrong.name)
  const { name, rank } = wrong.phase
  throw errors.SW_PLAN_ORDER({
    stage: wrong.name,
    order: wrong.order,
    problem: `disagrees with its phase ${name}@${rank} and its edges: it should be number ${should} of ${expected.map((one) => one.name).join(', ')}`,
  })
}

function compareWithRegistry(stages: readonly StagePlan[], registered: readonly Stage[]): void {
  const byName = new Map(registered.map((stage) => [stage.name, stage]))
  for (const plan of stages) {
    const stage = byName.get(plan.name)
    if (stage === undefined)
      throw errors.SW_PLAN_UNKNOWN_STAGE({ stage: plan.name, known: [...byName.keys()] })
    const { phase, consumes, generates = false, terminal = false } = stage.definition
    const compare = (trait: string, planned: unknown, own: unknown): void => {
      if (planned !== own)
        throw errors.SW_PLAN_TRAITS_CHANGED({ stage: plan.name, trait, planned, registered: own })
    }
    compare('consumes', plan.consumes, consumes)
    compare('generates', plan.generates, generates)
    // Placement may move a stage, and may lift `terminal`; nothing else may.
    if (plan.placed === undefined) {
      compare('phase', `${plan.phase.name}@${plan.phase.rank}`, `${phase.name}@${phase.rank}`)
      compare('terminal', plan.terminal, terminal)
    }
  }
}

/** Stages that placement put after a terminal one. */
function followers(stage: StagePlan, all: readonly StagePlan[]): string[] {
  if (stage.placed !== undefined) return [...stage.before]
  return all
    .filter((other) => other.placed !== undefined && other.after.includes(stage.name))
    .map(({ name }) => name)
}

/** A merged stage must stand right behind its host: no call in between. */
function checkFusion(enabled: readonly StagePlan[]): void {
  const places = new Map(enabled.map(({ name }, at) => [name, at]))
  for (const [at, stage] of enabled.entries()) {
    for (const { slot, to } of stage.contributions) {
      for (const host of to) {
        const where = places.get(host) ?? -1
        const between = enabled
          .slice(where + 1, at)
          .find(({ execution }) => execution.kind === 'call')
        if (where < 0 || between !== undefined)
          throw errors.SW_PLAN_SLOT_NOT_CARRIED({
            stage: stage.name,
            slot,
            by: host,
            because: where < 0 ? 'it is not enabled' : `${between?.name ?? ''} calls in between`,
          })
      }
    }
  }
}
