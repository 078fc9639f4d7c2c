import type { PipelinePlan } from '@stagewright/core'

/** A plan as `--json` prints it: the phase by name, its rank beside it; all stages in order, the disabled too. */
export function planJson(plan: PipelinePlan) {
  return {
    stages: plan.stages.map(({ name, phase, order, ...stage }) => ({
      name,
      phase: phase.name,
      rank: phase.rank,
      order,
      ...stage,
    })),
    reprocess: plan.reprocess,
  }
}
