import type { ImageBatch } from '../contract/stage-image.js'
import type { StagePlan } from '../plan/stage-plan.js'
import type { CallRecord, Outcome, StageResult } from './result.js'
import type { StageRun } from './stage-run.js'

/** How a stage ended, from what it made and what it could not. */
export function outcomeOf(run: StageRun, made: number, aborted: boolean): Outcome {
  if (run.unfinished.length > 0) {
    if (aborted || run.stopped?.kind === 'aborted') return 'cancelled'
    return made === 0 || run.stopped !== undefined ? 'failed' : 'partial'
  }
  if (run.calls.length > 0 && run.calls.every(({ unchanged }) => unchanged === true))
    return 'unchanged'
  return 'done'
}

export function stageResult(
  run: StageRun,
  outcome: Outcome,
  images: ImageBatch,
  ms: number,
): StageResult {
  const own = run.plan.contributions.filter(({ to }) => to.includes(run.plan.name))
  const merged = [...run.before].find(([slot]) => !own.some((one) => one.slot === slot))
  return {
    name: run.plan.name,
    outcome,
    images: merged?.[1] ?? images,
    mergedInto: [],
    ms,
    calls: run.calls,
    summary: summarise(run.calls),
  }
}

/** A merged stage has its host's pictures: those from before the next merged pass, else the final ones. One that
 *  stands before its host has none. */
export function mergedResult(
  plan: StagePlan,
  host: StageResult,
  run: StageRun,
  next: readonly StagePlan[],
  images: ImageBatch,
): StageResult {
  const behind = (plan.order ?? 0) > (run.plan.order ?? 0)
  const later = next.flatMap(({ contributions }) => contributions.map(({ slot }) => slot))
  const before = later.map((slot) => run.before.get(slot)).find((found) => found !== undefined)
  return {
    name: plan.name,
    outcome: host.outcome,
    images: behind ? (before ?? images) : [],
    mergedInto: plan.execution.into,
    ms: 0,
    calls: [],
    summary: [`in the call of ${host.name}`],
  }
}

/** "face: changed in 3, nothing found in 1", or "unchanged in 1 (nothing found, or …)" where the backend cannot tell. */
function summarise(calls: readonly CallRecord[]): string[] {
  const labels = [...new Set(calls.map(({ label }) => label))].filter(
    (label) => label !== undefined,
  )
  return labels.map((label) => {
    const of = calls.filter((call) => call.label === label)
    const count = (state: boolean | 'unknown'): number =>
      of.filter(({ unchanged }) => unchanged === state).length
    const same = of.filter(({ unchanged }) => unchanged === true)
    const parts = [
      ...(count(false) > 0 ? [`changed in ${count(false)}`] : []),
      ...[...new Set(same.map(({ unchangedMeans }) => unchangedMeans))].map((means) => {
        const times = same.filter((call) => call.unchangedMeans === means).length
        return means === undefined
          ? `nothing found in ${times}`
          : `unchanged in ${times} (${means})`
      }),
      ...(count('unknown') > 0 ? [`unknown in ${count('unknown')}`] : []),
    ]
    return `${label}: ${parts.join(', ')}`
  })
}
