import type { CallNeeds, Need } from '../contract/backend.js'
import { Txt2Img } from '../contract/vocabulary.js'
import type { StagePlan } from './stage-plan.js'

/** What the calls of a stage need, with what others put on them: one entry for each kind of call it makes. */
export function callsOf(stage: StagePlan, all: readonly StagePlan[]): CallNeeds[] {
  const { name, operation } = stage
  if (!stage.enabled || operation === undefined) return []
  const needs = needsOfCalls(stage, all)
  const slots = contributorsTo(name, all)
    .flatMap(({ contributions }) => contributions)
    .filter(({ to }) => to.includes(name))
    .map(({ slot }) => slot)
  const labels = [...new Set(needs.flatMap(({ label }) => label ?? []))]
  const seed = lastSeed(stage)
  const sides = operation === Txt2Img.name ? sidesOf(stage, all) : []
  return (labels.length === 0 ? [undefined] : labels).map((label, at, { length }) => ({
    stage: name,
    operation,
    slots: [...new Set(slots)],
    needs: withModels(labelled(needs, label), modelsOfCall(stage, at, length)),
    ...(seed === undefined ? {} : { seed }),
    ...(sides.length === 0 ? {} : { sides }),
  }))
}

/** Checkpoints that a call loads, of so many kinds of calls; none where the plan does not say which loads which. */
function modelsOfCall({ models, cycle }: StagePlan, at: number, of: number): readonly string[] {
  if (cycle === 1) return models
  return models.length === cycle && of === cycle ? models.slice(at, at + 1) : []
}

/** What redraws a picture loads the picture's checkpoint, which no section of its own names. */
function withModels(needs: readonly Need[], models: readonly string[]): Need[] {
  const named = new Set(needs.flatMap(({ kind, name }) => (kind === 'model' ? name : [])))
  const others = models.filter((name) => !named.has(name))
  return [...needs, ...others.map((name) => ({ kind: 'model', name, path: 'model' }))]
}

/** The largest seed of a stage: one more for each further picture, unless these are variations of one. */
export function lastSeed({ config, generates, output }: StagePlan): number | undefined {
  const { seed, subseed_strength: strength } = config
  if (typeof seed !== 'number') return undefined
  if (!generates || (typeof strength === 'number' && strength > 0)) return seed
  return seed + Math.max(0, output.reduce((sum, { count }) => sum + count, 0) - 1)
}

/** Needs of a stage's calls, whatever their label: its own, and those of the stages that contribute to them. */
export function needsOfCalls({ name, needs }: StagePlan, all: readonly StagePlan[]): Need[] {
  const others = contributorsTo(name, all).filter((one) => one.name !== name)
  return [...needs, ...others.flatMap((one) => one.needs)]
}

/** What is asked for, and what a pass in the same call aims at. */
function sidesOf({ name, config }: StagePlan, all: readonly StagePlan[]): number[] {
  const passes = contributorsTo(name, all).filter(({ execution }) => execution.kind === 'merged')
  const sides = [
    config['width'],
    config['height'],
    ...passes.flatMap(({ output }) => output.flatMap(({ width, height }) => [width, height])),
  ]
  return [...new Set(sides.filter((side) => typeof side === 'number'))]
}

function contributorsTo(name: string, all: readonly StagePlan[]): StagePlan[] {
  return all.filter(
    ({ enabled, contributions }) => enabled && contributions.some(({ to }) => to.includes(name)),
  )
}

/** Those of one call: of every call, and of the calls with its label. */
export function labelled(needs: readonly Need[], label: string | undefined): Need[] {
  return needs.filter((need) => need.label === undefined || need.label === label)
}
