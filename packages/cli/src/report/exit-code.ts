import { isPipelineError } from '@stagewright/core'

/** What the command ends with.
 *  0 done · 1 io, or a fault of ours · 2 config, plan, plugin · 3 backend before the first call · 4 a stage failed, or
 *  some pictures did · 130 cancelled */
export function exitCodeOf(error: unknown): number {
  if (!isPipelineError(error)) return 1
  // What refuses some cells of a sweep ends it as it ends a run.
  if (error.code === 'SW_SWEEP_CELL_REFUSED') return exitCodeOf((error.errors[0] ?? error).cause)
  if (error.kind === 'aborted') return 130
  if (error.kind === 'io') return 1
  if (error.result !== undefined) return 4
  return { config: 2, plan: 2, plugin: 2, backend: 3, stage: 4 }[error.kind]
}
