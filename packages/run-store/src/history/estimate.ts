import type { ModelLoad, PipelinePlan, StagePlan } from '@stagewright/core'

/** A call that was made, with what its duration depends on. */
export interface CallSample {
  readonly stage: string
  /** Empty for a stage that works by itself. */
  readonly operation: string
  /** Names of the stages that are part of the call, with a space between. */
  readonly merged: string
  readonly model: string | null
  /** Without the loads that were measured. */
  readonly ms: number
  /** 1 where it is known that no other load is in it. */
  readonly settled: 0 | 1
  /** Of all pictures that it gave. */
  readonly pixels: number | null
  readonly steps: number | null
}

/** How long a run is going to take. */
export interface Estimate {
  /** Of the stages that are known. */
  readonly ms: number
  readonly stages: readonly {
    readonly name: string
    readonly ms: number
    /** How many earlier calls this is drawn from. */
    readonly from: number
  }[]
  /** Stages of which nothing is known: with any, `ms` is too little. */
  readonly missing: readonly string[]
}

/** How long the plan takes, from earlier calls of the same backend, loads left out that were measured: the median for each stage, in proportion to pixels
 *  and steps where both are known. Calls of the same stage with the same model are looked for first, then of the same
 *  stage, then of the same operation; among these, calls of which it is known what was loaded for them.
 *  @param samples the newest first; of each stage at most 100 are used
 *  @returns undefined where nothing is known of any stage */
export function estimate(plan: PipelinePlan, samples: readonly CallSample[]): Estimate | undefined {
  const missing: string[] = []
  const stages = workOf(plan).flatMap((work) => {
    const alike = nearest(work, samples)
    if (alike.length === 0 || work.calls === 0) {
      missing.push(work.stage)
      return []
    }
    const each = median(alike.map((sample) => sample.ms * proportion(work, sample)))
    return [{ name: work.stage, ms: each * work.calls, from: alike.length }]
  })
  if (stages.length === 0) return undefined
  return { ms: stages.reduce((sum, { ms }) => sum + ms, 0), stages, missing }
}

/** The median for each model.
 *  @param loads the newest first; of each model at most 15 are used */
export function loadTimes(loads: readonly ModelLoad[]): Readonly<Record<string, number>> {
  const models = [...new Set(loads.map(({ model }) => model))]
  return Object.fromEntries(
    models.map((model) => {
      const some = loads.filter((load) => load.model === model).slice(0, mostLoads)
      return [model, median(some.map(({ ms }) => ms))]
    }),
  )
}

const mostLoads = 15

/** What the duration of a stage's calls depends on, apart from their pictures. */
export function callTraits(
  plan: PipelinePlan,
  stage: StagePlan,
): Pick<CallSample, 'stage' | 'operation' | 'merged' | 'model' | 'steps'> {
  const { model, steps } = stage.config
  return {
    stage: stage.name,
    operation: stage.operation ?? '',
    merged: mergedInto(plan, stage)
      .map(({ name }) => name)
      .join(' '),
    model: typeof model === 'string' ? model : generatingModel(plan),
    steps: typeof steps === 'number' && steps > 0 ? steps : null,
  }
}

interface Work extends Omit<CallSample, 'ms' | 'settled'> {
  readonly calls: number
}

/** The stages that take time of their own. */
function workOf(plan: PipelinePlan): Work[] {
  return plan.stages.flatMap((stage) => {
    const { enabled, execution, operation, contributions } = stage
    const contributes = operation === undefined && contributions.length > 0
    if (!enabled || execution.kind === 'merged' || contributes) return []
    const calls = operation === undefined ? 1 : stage.calls
    return [{ ...callTraits(plan, stage), calls, pixels: pixelsOfCall(plan, stage, calls) }]
  })
}

/** A call gives several pictures, or a picture takes several calls. */
function pixelsOfCall(plan: PipelinePlan, stage: StagePlan, calls: number): number | null {
  const last = mergedInto(plan, stage).at(-1)
  const output = last === undefined || last.output.length === 0 ? stage.output : last.output
  const count = output.reduce((sum, one) => sum + one.count, 0)
  const pixels = output.reduce((sum, one) => sum + one.count * one.width * one.height, 0)
  return pixels === 0 ? null : pixels / Math.max(1, Math.min(calls, count))
}

function mergedInto(plan: PipelinePlan, host: StagePlan): StagePlan[] {
  return plan.stages.filter(
    ({ enabled, execution: { kind, into } }) =>
      enabled && kind === 'merged' && into.includes(host.name),
  )
}

function generatingModel(plan: PipelinePlan): string | null {
  const model = plan.stages.find(({ enabled, generates }) => enabled && generates)?.config['model']
  return typeof model === 'string' ? model : null
}

const mostSamples = 100

function nearest(work: Work, samples: readonly CallSample[]): readonly CallSample[] {
  const alike = samples.filter(
    ({ operation, merged }) => operation === work.operation && merged === work.merged,
  )
  const ofStage = alike.filter(({ stage }) => stage === work.stage)
  const withModel = (some: readonly CallSample[]) =>
    some.filter(({ model }) => model === work.model)
  // What one stage does by itself says nothing about another.
  const others = work.operation === '' ? [] : [withModel(alike), alike]
  const found = [withModel(ofStage), ofStage, ...others].find(({ length }) => length > 0)
  const settled = found?.filter((sample) => sample.settled === 1) ?? []
  return (settled.length > 0 ? settled : (found ?? [])).slice(0, mostSamples)
}

function proportion(work: Work, sample: CallSample): number {
  return ratio(work.pixels, sample.pixels) * ratio(work.steps, sample.steps)
}

function ratio(one: number | null, other: number | null): number {
  return one === null || other === null || other === 0 ? 1 : one / other
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}
