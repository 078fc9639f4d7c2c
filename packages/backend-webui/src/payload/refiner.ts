import type { RefinerSwitch } from '@stagewright/core'

import type { Payload } from '../dialects/dialect.js'
import { checkpointTitle, type Encoding, mismatch, unsupported } from './encoding.js'

const passes = { first: 'first pass', second: 'second pass', both: 'both passes' } as const

/** A second checkpoint on a request; never as the request's own model. */
export function refinerOf(encoding: Encoding, refiner: RefinerSwitch): Payload {
  const { dialect, inventory } = encoding
  if (dialect.refiner === undefined) throw unsupported(dialect, 'the slot "refiner"')
  const counted = Object.hasOwn(inventory.options, 'refiner_switch_by_sample_steps')
  if (refiner.refiner_switch_by === 'noise' && !(dialect.refiner.byNoise && counted))
    mismatch(encoding, 'refiner_switch_by: noise', 'use refiner_switch_by: steps')
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
