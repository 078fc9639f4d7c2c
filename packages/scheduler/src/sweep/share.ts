import {
  Hires,
  jsonSchemaOf,
  type PipelinePlan,
  type RunConfig,
  type Stage,
} from '@stagewright/core'

import { type Cell, configOf, valueAt } from './cells.js'
import type { Rehearsal } from './rehearsal.js'
import type { SweepSpec } from './spec.js'

/** The field that says whether a high-res pass is merged into the call before, or a call of its own. */
const strategy = 'hr_strategy'

/** The stage whose high-res pass is merged into the call before it, in every cell. */
export function hiresStage(plans: readonly PipelinePlan[]): string | undefined {
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
export function reasonAgainst({
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
