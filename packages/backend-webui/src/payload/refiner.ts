import { Refiner, type RefinerSwitch } from '@stagewright/core'

import type { Payload } from '../dialects/dialect.js'
import { checkpointTitle, type Encoding, refuseSettings, unsupported } from './encoding.js'

const passes = { first: 'first pass', second: 'second pass', both: 'both passes' } as const

/** A second checkpoint on a request; never as the request's own model. */
export function refinerOf(encoding: Encoding, refiner: RefinerSwitch): Payload {
  const { dialect } = encoding
  if (dialect.refiner === undefined) throw unsupported(dialect, 'the slot "refiner"')
  refuseSettings(encoding, Refiner.name, refiner)
  return {
    refiner_checkpoint: checkpointTitle(encoding, refiner.refiner_checkpoint, 'refiner_model_name'),
    refiner_switch_at: refiner.refiner_switch_at,
  }
}

/** How the switch is counted and on which pass it acts, in so many words. */
export function refinerOptions(refiner: RefinerSwitch, hires: boolean): Payload {
  return {
    refiner_switch_by_sample_steps: refiner.refiner_switch_by === 'steps',
    ...(hires ? { hires_fix_refiner_pass: passes[refiner.refiner_pass] } : {}),
  }
}
