import assert from 'node:assert/strict'

import type { PipelinePlan, RunResult, StagePlan } from '@stagewright/core'

/** Asserts the names of the enabled stages of a plan, or of the stages that a run went through, in order. */
export function assertStageOrder(found: PipelinePlan | RunResult, names: readonly string[]): void {
  const order = 'plan' in found ? found.stages : enabledIn(found)
  assert.deepEqual(
    order.map(({ name }) => name),
    [...names],
    'the order of the stages',
  )
}

/** Asserts that each terminal stage that is enabled stands last, and that there is one at most. */
export function assertTerminalLast(found: PipelinePlan | RunResult): void {
  const enabled = enabledIn('plan' in found ? found.plan : found)
  const names = enabled.map(({ name }) => name).join(' > ')
  for (const [at, { name, terminal }] of enabled.entries())
    assert.ok(
      !terminal || at === enabled.length - 1,
      `${name} is terminal, but stands at ${at + 1} of ${enabled.length}: ${names}`,
    )
}

/** The specification's name for `assertTerminalLast`: ADetailer is the terminal stage. */
export const assertAdetailerLast = assertTerminalLast

/** The enabled stages of a plan, in their order. */
export function enabledIn(plan: PipelinePlan): StagePlan[] {
  return plan.stages
    .filter(({ enabled }) => enabled)
    .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0))
}
