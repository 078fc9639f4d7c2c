import { errors } from '../errors/catalogue.js'

/** An enabled stage, as far as the laws of a plan need to know it. */
export interface Placed {
  readonly name: string
  readonly consumes: 'nothing' | 'maybe' | 'images'
  readonly generates: boolean
  readonly terminal: boolean
  /** Stages that may run after it although it is terminal. */
  readonly mayFollow?: readonly string[]
}

/** Checks the laws that hold for every set of enabled stages, in order.
 *  @throws {StagePlanError} SW_PLAN_NO_STAGE, SW_PLAN_NO_GENERATING_STAGE, SW_PLAN_PICTURES_DISCARDED,
 *  SW_PLAN_NO_PICTURES, SW_PLAN_TWO_TERMINALS, SW_PLAN_TERMINAL_NOT_LAST */
export function checkInvariants(
  enabled: readonly Placed[],
  plan: {
    readonly reprocess: boolean
    /** Names of all registered stages that generate, for the hint. */
    readonly generating: readonly string[]
  },
): void {
  const names = enabled.map(({ name }) => name)
  if (plan.reprocess ? enabled.length === 0 : !enabled.some(({ generates }) => generates))
    throw plan.reprocess
      ? errors.SW_PLAN_NO_STAGE({})
      : errors.SW_PLAN_NO_GENERATING_STAGE({ enabled: names, generating: plan.generating })
  checkPictures(enabled, plan.reprocess)
  checkTerminals(enabled)
}

function checkPictures(enabled: readonly Placed[], given: boolean): void {
  let pictures = given
  for (const { name, consumes, generates } of enabled) {
    if (pictures && generates && consumes === 'nothing')
      throw errors.SW_PLAN_PICTURES_DISCARDED({ stage: name })
    if (!pictures && consumes === 'images') throw errors.SW_PLAN_NO_PICTURES({ stage: name })
    pictures ||= generates
  }
}

function checkTerminals(enabled: readonly Placed[]): void {
  for (const [at, { name, terminal, mayFollow = [] }] of enabled.entries()) {
    if (!terminal) continue
    const followers = enabled.slice(at + 1).filter((one) => !mayFollow.includes(one.name))
    const rival = followers.find((one) => one.terminal)
    if (rival !== undefined) throw errors.SW_PLAN_TWO_TERMINALS({ stages: [name, rival.name] })
    if (followers.length > 0)
      throw errors.SW_PLAN_TERMINAL_NOT_LAST({
        stage: name,
        after: followers.map((one) => one.name),
      })
  }
}
