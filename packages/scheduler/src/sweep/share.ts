import {
  Hires,
  isPipelineError,
  jsonSchemaOf,
  type PipelinePlan,
  type PlanNote,
  type RunConfig,
  type Stage,
} from '@stagewright/core'

import { type Cell, configOf, valueAt } from './cells.js'
import { sweepNotes } from './errors.js'
import type { Rehearsal, Rehearser } from './rehearsal.js'
import { rehearseAll } from './rehearse-cells.js'
import type { SweepSpec } from './spec.js'

interface Shareable {
  readonly spec: SweepSpec
  readonly base: RunConfig
  readonly cells: readonly Cell[]
  readonly rehearsed: readonly Rehearsal[]
}

export interface Sharing {
  readonly stage?: string
  /** As they are with calls of its own for the high-res pass. */
  readonly cells?: readonly Rehearsal[]
  readonly saved: number
  readonly notes: readonly PlanNote[]
}

/** Whether a high-res pass in calls of its own saves base passes, and whether it may. */
export async function shareOf(
  rehearser: Rehearser,
  { spec, base, cells, rehearsed }: Shareable,
  options: { readonly stages: readonly Stage[]; readonly signal?: AbortSignal | undefined },
): Promise<Sharing> {
  const against = (reason: string): Sharing => ({
    saved: 0,
    notes: spec.share ? [sweepNotes.SW_NOTE_SWEEP_NOT_SHARED({ reason })] : [],
  })
  const stage = hiresStage(rehearsed.map(({ plan }) => plan))
  if (stage === undefined) return against('no high-res pass is merged into another call')
  const reason = reasonAgainst({ spec, base, cells, stage, rehearsed, stages: options.stages })
  if (reason !== undefined) return against(reason)
  let own: readonly Rehearsal[]
  try {
    own = await rehearseAll(
      rehearser,
      { base: ownCalls(base, stage), cells, spec },
      {
        signal: options.signal,
      },
    )
  } catch (error) {
    if (!isPipelineError(error)) throw error
    return against(error.message)
  }
  const hosts = (some: readonly Rehearsal[]): number => {
    const host = rehearsed[0]?.plan.stages.find(({ name }) => name === stage)?.execution.into[0]
    const keys = some.flatMap(({ calls }) => calls.filter((call) => call.stage === host))
    return new Set(keys.map(({ key }) => key)).size
  }
  const saved = hosts(rehearsed) - hosts(own)
  if (saved < 1) return against('it would save no base pass')
  return { stage, cells: own, saved, notes: [] }
}

/** The field that says whether a high-res pass is merged into the call before, or a call of its own. */
const strategy = 'hr_strategy'

/** The stage whose high-res pass is merged into the call before it, in every cell. */
function hiresStage(plans: readonly PipelinePlan[]): string | undefined {
  const names = plans.map(
    ({ stages }) =>
      stages.find(
        ({ enabled, execution, contributions }) =>
          enabled &&
          execution.kind === 'merged' &&
          contributions.some(({ slot }) => slot === Hires.name),
      )?.name,
  )
  return names.every((name) => name === names[0]) ? names[0] : undefined
}

/** Why calls of its own may not be had for the high-res pass, or would not help. */
function reasonAgainst({
  spec,
  base,
  cells,
  stage,
  rehearsed,
  stages,
}: {
  readonly spec: SweepSpec
  readonly base: RunConfig
  readonly cells: readonly Cell[]
  readonly stage: string
  readonly rehearsed: readonly Rehearsal[]
  readonly stages: readonly Stage[]
}): string | undefined {
  const fields = spec.dimensions.flatMap((one) => one.fields)
  const inPass = fields.filter((field) => field.startsWith(`${stage}.`))
  if (inPass.length === 0) return `no axis lies in ${stage}`
  const schema = stages.find(({ name }) => name === stage)?.config
  if (schema === undefined || jsonSchemaOf(schema).properties?.[strategy] === undefined)
    return `${stage} cannot make calls of its own`
  if (cells.some((cell) => valueAt(configOf(base, cell), `${stage}.${strategy}`) === 'merged'))
    return `${stage}.${strategy} says merged`
  const latent = rehearsed
    .flatMap(({ calls }) => calls.map(({ hires }) => hires))
    .find((upscaler) => upscaler?.startsWith('Latent') === true)
  return latent === undefined
    ? undefined
    : `${stage}.hr_upscaler ${latent} works on the latent picture: calls of its own would give other pixels`
}

/** The config with calls of its own for the high-res pass. */
export function ownCalls(base: RunConfig, stage: string): RunConfig {
  const section = (base[stage] ?? {}) as Readonly<Record<string, unknown>>
  return { ...base, [stage]: { ...section, [strategy]: 'own' } }
}
