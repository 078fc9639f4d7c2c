import type { Capabilities } from '../contract/backend.js'
import type { Contribution, PlannedContribution } from '../contract/slot.js'
import type { Intent, PreviousCall } from '../contract/stage.js'
import { errors } from '../errors/catalogue.js'

interface Call {
  readonly stage: string
  /** Undefined for a stage that works without the backend. */
  readonly operation: string | undefined
  readonly generates: boolean
}

interface Given {
  readonly contribution: Contribution
  readonly stage: string
  /** Whose calls carry it: for one to every generating call this grows as the calls are added. */
  readonly to: string[]
  readonly toGenerating: boolean
}

/** The calls of a plan, and what they carry.
 *  Fusion law: a stage may fuse only with the call right before it, no other call in between, so what happens to the
 *  pixels always follows the plan's order. */
export class CallChain {
  readonly #capabilities: Capabilities
  readonly #given: Given[] = []
  readonly #byStage = new Map<string, Given[]>()
  /** What fills a slot of a call, by both names. */
  readonly #carried = new Map<string, Given>()
  #last: Call | undefined

  constructor(capabilities: Capabilities) {
    this.#capabilities = capabilities
  }

  /** The call right before the next stage. */
  get previous(): PreviousCall | undefined {
    const last = this.#last
    return last?.operation === undefined
      ? undefined
      : {
          stage: last.stage,
          operation: last.operation,
          generates: last.generates,
          carries: (slot, use) =>
            this.#refusal(last, slot.name, slot.on) === undefined &&
            (use === undefined || this.#capabilities.limits?.[slot.name]?.includes(use) !== true),
        }
  }

  /** Adds what a stage calls and contributes.
   *  @throws {StagePlanError} SW_PLAN_SLOT_NOT_CARRIED, SW_PLAN_SLOT_CONFLICT, SW_PLAN_NO_CALL_TO_JOIN */
  add(stage: string, generates: boolean, executes: boolean, intent: Intent): void {
    const { previous = [], own = [], generating = [] } = intent.contribute ?? {}
    const before = this.#last?.operation === undefined ? undefined : this.#last
    for (const one of previous) this.#give(one, stage, before, 'the call right before it')
    const call: Call = { stage, operation: intent.call?.operation.name, generates }
    if (executes) this.#last = call
    for (const one of own) this.#give(one, stage, executes ? call : undefined, 'a call of its own')
    if (intent.call !== undefined && (intent.call.generating ?? generates))
      for (const one of this.#given) if (one.toGenerating) this.#carry(one, call)
    for (const contribution of generating)
      this.#keep({ contribution, stage, to: [], toGenerating: true })
  }

  /** What a stage contributes, and whose calls carry it. To be asked after all stages are added.
   *  @throws {StagePlanError} SW_PLAN_NO_CALL_TO_JOIN when no generating call follows */
  contributionsOf(stage: string): PlannedContribution[] {
    return (this.#byStage.get(stage) ?? []).map(({ contribution, to }) => {
      if (to.length === 0)
        throw errors.SW_PLAN_NO_CALL_TO_JOIN({
          stage,
          slot: contribution.slot,
          wants: 'the generating calls after it',
        })
      return { ...contribution, stage, to }
    })
  }

  #keep(given: Given): void {
    this.#given.push(given)
    const known = this.#byStage.get(given.stage)
    if (known === undefined) this.#byStage.set(given.stage, [given])
    else known.push(given)
  }

  #give(contribution: Contribution, stage: string, call: Call | undefined, wants: string): void {
    if (call === undefined)
      throw errors.SW_PLAN_NO_CALL_TO_JOIN({ stage, slot: contribution.slot, wants })
    const given: Given = { contribution, stage, to: [], toGenerating: false }
    this.#carry(given, call)
    this.#keep(given)
  }

  #carry(given: Given, call: Call): void {
    const { contribution, stage, to } = given
    const { slot } = contribution
    const because = this.#refusal(call, slot, contribution.on)
    if (because !== undefined)
      throw errors.SW_PLAN_SLOT_NOT_CARRIED({
        stage,
        slot,
        by: call.stage,
        because,
        remedy: this.#capabilities.remedies?.[slot],
      })
    const place = `${call.stage} ${slot}`
    const rival = this.#carried.get(place)
    if (rival !== undefined && !(contribution.combines && rival.contribution.combines))
      throw errors.SW_PLAN_SLOT_CONFLICT({ slot, stages: [rival.stage, stage] })
    this.#carried.set(place, given)
    to.push(call.stage)
  }

  /** Why a call cannot carry a slot; undefined when it can. */
  #refusal(call: Call, slot: string, on: readonly string[]): string | undefined {
    if (call.operation === undefined || !on.includes(call.operation))
      return `"${slot}" goes on ${on.join(', ')}, and ${call.stage} calls ${call.operation ?? 'nothing'}`
    if (!this.#capabilities.slots.includes(slot)) return 'the backend does not have the slot'
    return undefined
  }
}
