import type { CallNeeds, Need } from '../contract/backend.js'
import type { StagePlan } from './stage-plan.js'

/** What the calls of a stage need, with what others put on them: one entry for each kind of call it makes. */
export function callsOf(stage: StagePlan, all: readonly StagePlan[]): CallNeeds[] {
  const { name, operation } = stage
  if (!stage.enabled || operation === undefined) return []
  const needs = needsOfCalls(stage, all)
  const slots = all
    .filter(({ enabled }) => enabled)
    .flatMap(({ contributions }) => contributions)
    .filter(({ to }) => to.includes(name))
    .map(({ slot }) => slot)
  const labels = new Set(needs.flatMap(({ label }) => label ?? []))
  return [...(labels.size === 0 ? [undefined] : labels)].map((label) => ({
    stage: name,
    operation,
    slots: [...new Set(slots)],
    needs: labelled(needs, label),
  }))
}

/** Needs of a stage's calls, whatever their label: its own, and those of the stages that contribute to them. */
export function needsOfCalls({ name, needs }: StagePlan, all: readonly StagePlan[]): Need[] {
  const others = all.filter(
    (one) =>
      one.enabled && one.name !== name && one.contributions.some(({ to }) => to.includes(name)),
  )
  return [...needs, ...others.flatMap((one) => one.needs)]
}

/** Those of one call: of every call, and of the calls with its label. */
export function labelled(needs: readonly Need[], label: string | undefined): Need[] {
  return needs.filter((need) => need.label === undefined || need.label === label)
}
