import {
  type Backend,
  type Capabilities,
  type PipelinePlan,
  type PlanNote,
  type RandomSeed,
  randomSeed,
  resolveSeeds,
  type RunConfig,
  type Stage,
} from '@stagewright/core'
import type { Estimate } from '@stagewright/run-store'

import { type Cell, cellsOf, referencesIn, valueAt } from './cells.js'
import {
  type CellWork,
  costsOf,
  estimatesOf,
  type LoadWeights,
  type SweepCosts,
  weightIn,
  weightsOf,
} from './costs.js'
import { sweepNotes } from './errors.js'
import { fieldErrors } from './fields.js'
import { cutNote, idleNotes, seedNotes, serverNotes, stoppedNotes, togetherNotes } from './notes.js'
import { orderOf } from './order.js'
import { promptsIn } from './prompts.js'
import { type Rehearsal, type RehearsalHost, Rehearser } from './rehearsal.js'
import { rehearseAll, type RehearsalProgress } from './rehearse-cells.js'
import { ownCalls, shareOf } from './share.js'
import { oneOf, readSweepSpec, type SweepInput, type SweepSpec } from './spec.js'
import { hasDraw, readWildcards, type WildcardReader } from './wildcards.js'

/** A run config and what is swept of it. */
export interface Sweep {
  readonly config: RunConfig
  readonly spec: SweepSpec
}

/** A sweep over a run config: `sweep(config, { axes: { seed: '1..4' } })`.
 *  @throws {PipelineError} SW_SWEEP_…, all mistakes at once in `errors` */
export function sweep(config: RunConfig, input: SweepInput): Sweep {
  return { config, spec: readSweepSpec(input) }
}

/** The sweep of a run config that has a section `sweep`; undefined where it has none.
 *  @throws {PipelineError} SW_SWEEP_… */
export function sweepIn(config: unknown): Sweep | undefined {
  if (typeof config !== 'object' || config === null || !Object.hasOwn(config, 'sweep'))
    return undefined
  const { sweep: input, ...rest } = config as RunConfig
  return { config: rest, spec: readSweepSpec(input) }
}

export interface SweepPlanOptions extends RehearsalHost, RehearsalProgress {
  readonly backend: Pick<Backend, 'kind' | 'describe' | 'refuses'>
  /** Reads the file of a wildcard by its name. */
  readonly wildcards?: WildcardReader | undefined
  /** The files that a reference to given pictures stands for, as references: only with them can each of several given
   *  pictures have a draw of its own. */
  readonly files?: ((reference: string) => Promise<readonly string[]>) | undefined
  /** How long a plan takes, from earlier calls. */
  readonly estimate?: ((plan: PipelinePlan) => Promise<Estimate | undefined>) | undefined
  /** Milliseconds that checkpoints took to load, by their names on the server, where that was measured. */
  readonly loadTimes?: (() => Promise<Readonly<Record<string, number>> | undefined>) | undefined
  readonly random?: RandomSeed | undefined
}

/** Everything that is known of a sweep before its first call. */
export interface SweepPlan {
  /** What every cell starts from: seeds and the model are settled. */
  readonly base: RunConfig
  /** The swept fields in order; `picture` last, where cells were split. */
  readonly axes: readonly SweepAxis[]
  /** In the author's order. */
  readonly cells: readonly Cell[]
  /** Paths of the prompts that were drawn, in any cell. */
  readonly drawn: readonly string[]
  /** Numbers of the cells, as they are made. */
  readonly order: readonly number[]
  readonly x: string | undefined
  readonly y: string | undefined
  /** As it is made: every call once. */
  readonly ours: SweepCosts
  /** Cell by cell, in the author's order, with nothing shared. */
  readonly plain: SweepCosts
  /** By the number of the cell less one, what of it is made in its turn. */
  readonly work: readonly CellWork[]
  /** Calls that an earlier cell makes, so that they are not made again. */
  readonly callsShared: number
  /** Whether the high-res pass has calls of its own because of `share`. */
  readonly shared: boolean
  /** The base passes that `share` saves, or would save. */
  readonly basePassesSaved: number
  /** The checkpoint that is in memory before the first cell, where a cell needs it: no load is counted for it. */
  readonly loaded: string | undefined
  /** What loads were counted as when the order was chosen. */
  readonly loads: LoadWeights
  /** Milliseconds, by the number of the cell less one, with the loads that were measured: calls that an earlier cell
   *  makes are not counted. Absent where nothing is known. */
  readonly estimates: readonly (number | undefined)[]
  readonly notes: readonly PlanNote[]
}

export interface SweepAxis {
  readonly field: string
  readonly values: readonly unknown[]
}

/** Plans a sweep: every cell is rehearsed on the real pipeline without a call, so that what cells share, the models that
 *  they load and whatever is refused are known before the first one.
 *  @throws {PipelineError} SW_SWEEP_…, and SW_CONFIG_… of the run config; all that refuses cells at once in `errors` */
export async function planSweep(swept: Sweep, options: SweepPlanOptions): Promise<SweepPlan> {
  const { config, spec } = swept
  const { stages, backend, random = randomSeed, signal } = options
  const wrong = fieldErrors(spec, config, stages)
  const texts = textsOf(swept)
  const { wildcards, errors } = await readWildcards(
    spec.wildcards.draw === 'off' ? [] : texts,
    spec.wildcards.from,
    options.wildcards,
  )
  if (wrong.length + errors.length > 0) throw oneOf([...wrong, ...errors])
  const capabilities = await backend.describe(signal)
  const pinned = pin(config, stages, capabilities)
  const varied = spec.dimensions.some(({ fields }) =>
    fields.some((field) => field.endsWith('subseed_strength')),
  )
  const asked = varied && pinned['subseed'] === undefined ? { ...pinned, subseed: -1 } : pinned
  const merged = resolveSeeds(asked, stages, random)
  const files = await filesIn(swept, texts, options.files)
  const { cells, split, drawn } = cellsOf({ spec, base: merged, stages, wildcards, files, random })
  await using rehearser = new Rehearser(backend, capabilities, options)
  const rehearsed = await rehearseAll(rehearser, { base: merged, cells, spec }, options)
  const sharing = await shareOf(rehearser, { spec, base: merged, cells, rehearsed }, options)
  const chosen = spec.share && sharing.cells !== undefined ? sharing.cells : rehearsed
  const base = chosen === rehearsed ? merged : ownCalls(merged, sharing.stage ?? '')
  const { model, ...others } = capabilities.current ?? {}
  const names = [model, ...Object.values(others)].filter((one) => typeof one === 'string')
  const current = { model, all: new Set(names) }
  const heavies = chosen.map(({ heavy }) => heavy)
  const weights = weightsOf(heavies, (await options.loadTimes?.()) ?? {})
  const cost = (name: string): number => weightIn(weights, name)
  const order = orderOf(heavies, { cost, current: current.all })
  const author = cells.map((_, i) => i)
  const notes = [
    ...(spec.limit === undefined ? [] : cutNote(spec, cells.length)),
    ...(split.cells === 0 ? [] : [sweepNotes.SW_NOTE_SWEEP_SPLIT(split)]),
    ...(spec.wildcards.draw === 'per_picture' && drawn.length > 0 ? togetherNotes(chosen) : []),
    ...seedNotes(chosen),
    ...idleNotes(swept, cells, chosen, stages),
    ...sharing.notes,
    ...serverNotes(capabilities, cells.length),
    ...stoppedNotes(chosen),
  ]
  const { work, ...ours } = costsOf(order, chosen, heavies, { current, once: true })
  const { work: _, ...alone } = costsOf(author, rehearsed, heavies, { current, once: false })
  return {
    base,
    axes: axesOf(spec, cells, split.cells > 0),
    cells,
    drawn,
    order: order.map((at) => at + 1),
    x: spec.x,
    y: spec.y,
    ours,
    plain: alone,
    work,
    callsShared: work.reduce((sum, { shared }) => sum + shared, 0),
    shared: chosen !== rehearsed,
    basePassesSaved: sharing.saved,
    loaded: model !== undefined && modelsIn(chosen).has(model) ? model : undefined,
    loads: weights,
    estimates: await estimatesOf(order, chosen, options.estimate, { weights, current }),
    notes,
  }
}

function modelsIn(cells: readonly Rehearsal[]): ReadonlySet<string> {
  return new Set(cells.flatMap(({ calls }) => calls.flatMap(({ models }) => models)))
}

/** What is left to the server is read once for all cells: the model that one loads is not what the next one means. */
function pin(
  config: RunConfig,
  stages: readonly Stage[],
  { current = {} }: Capabilities,
): RunConfig {
  const inherited = new Set(stages.flatMap((stage) => stage.inherits))
  const wanted = Object.entries(current).filter(
    ([key, value]) =>
      value !== undefined && inherited.has(key) && (config[key] ?? undefined) === undefined,
  )
  return { ...config, ...Object.fromEntries(wanted) }
}

function textsOf({ config, spec }: Sweep): { readonly path: string; readonly text: string }[] {
  const values = spec.dimensions.flatMap(({ path, points }) =>
    points.flatMap((point) =>
      Object.values(point).flatMap((text) => (typeof text === 'string' ? [{ path, text }] : [])),
    ),
  )
  return [...promptsIn(config), ...values]
}

/** Given pictures are looked for only where they draw. */
async function filesIn(
  { config, spec }: Sweep,
  texts: readonly { readonly text: string }[],
  files: SweepPlanOptions['files'],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const draws = spec.wildcards.draw === 'per_picture' && texts.some(({ text }) => hasDraw(text))
  if (files === undefined || !draws) return new Map()
  const values = [
    config['input_images'],
    ...Object.values(config).flatMap((section) => [
      valueAt(section, 'init_images'),
      valueAt(section, 'mask'),
    ]),
    ...spec.dimensions.flatMap(({ points }) =>
      points.flatMap((point) =>
        Object.entries(point).flatMap(([field, value]) =>
          /^input_images$|\.(?:init_images|mask)$/.test(field) ? [value] : [],
        ),
      ),
    ),
  ]
  const references = [...new Set(values.flatMap(referencesIn))]
  return new Map(await Promise.all(references.map(async (one) => [one, await files(one)] as const)))
}

function axesOf(spec: SweepSpec, cells: readonly Cell[], split: boolean): SweepAxis[] {
  const fields = [...spec.dimensions.flatMap((one) => one.fields), ...(split ? ['picture'] : [])]
  return fields.map((field) => {
    const values = new Map<string, unknown>()
    for (const { point } of cells)
      if (Object.hasOwn(point, field)) values.set(JSON.stringify(point[field]), point[field])
    return { field, values: [...values.values()] }
  })
}
