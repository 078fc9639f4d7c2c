import type { RefinerSwitch } from '@stagewright/core'

import { Crash } from '../http/errors.js'
import { bySubstring, type Checkpoint, modelName } from './checkpoints.js'
import type { Job } from './job.js'
import { isOff } from './values.js'

export interface PassRefiner {
  readonly model: Checkpoint
  readonly slot: RefinerSwitch
}

/** The refiner of a request and of one of its passes; undefined where it does not act.
 *  @throws {Crash} Exception "Could not find checkpoint with name …" */
export function refinerFor(job: Job, pass: 'only' | 'first' | 'second'): PassRefiner | undefined {
  const { values, world } = job
  const model = refinerOf(job)
  // A refiner that is the model itself is skipped.
  if (model === undefined || model === job.base) return undefined
  const where = world.settings['hires_fix_refiner_pass'] ?? 'second pass'
  if (pass === 'first' && where === 'second pass') return undefined
  if (pass === 'second' && where === 'first pass') return undefined
  // Without a value the switch comes at the first step.
  const at = values.refiner_switch_at ?? 0
  if (at >= 1) return undefined
  const bySteps =
    world.dialect.name !== 'a1111' || world.settings['refiner_switch_by_sample_steps'] === true
  return {
    model,
    slot: {
      refiner_checkpoint: modelName(model),
      refiner_switch_at: at,
      refiner_switch_by: bySteps ? 'steps' : 'noise',
      refiner_pass: 'both',
    },
  }
}

export function refinerOf({ values, world }: Job): Checkpoint | undefined {
  const name = values.refiner_checkpoint
  if (isOff(name)) return undefined
  return lookedUp(world.checkpoints, name!)
}

export function lookedUp(all: readonly Checkpoint[], name: string): Checkpoint {
  const model = bySubstring(all, name)
  if (model === undefined)
    throw new Crash('Exception', `Could not find checkpoint with name ${name}`)
  return model
}
