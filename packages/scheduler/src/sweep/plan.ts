import {
  type Backend,
  type Capabilities,
  isPipelineError,
  type PipelineError,
  type PipelinePlan,
  type PlanNote,
  type RandomSeed,
  randomSeed,
  resolveSeeds,
  type RunConfig,
  type Stage,
} from '@stagewright/core'
import type { Estimate } from '@stagewright/run-store'

import { type Cell, cellsOf, configOf, valueAt } from './cells.js'
import { sweepErrors, sweepNotes } from './errors.js'
import { fieldErrors } from './fields.js'
import { costOf, type Heavy, orderOf } from './order.js'
import { promptsIn } from './prompts.js'
import { type Rehearsal, type RehearsalHost, type RehearsedCall, Rehearser } from './rehearsal.js'
import { hiresStage, ownCalls, reasonAgainst } from './share.js'
import { oneOf, readSweepSpec, type SweepInput, type SweepSpec } from './spec.js'
import { type WildcardReader, readWildcards } from './wildcards.js'

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

export interface SweepPlanOptions extends RehearsalHost {
  readonly backend: Pick<Backend, 'kind' | 'describe'>
  /** Reads the file of a wildcard by its name. */
  readonly wildcards?: WildcardReader | undefined
  /** How long a plan takes, from earlier calls. */
  readonly estimate?: ((plan: PipelinePlan) => Promise<Estimate | undefined>) | undefined
  /** Milliseconds that a checkpoint took to load, by name, where that was measured. */
  readonly loadTimes?: Readonly<Record<string, number>> | undefined
  readonly random?: RandomSeed | undefined
  /** Told how many cells are planned. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined
}

/** What a set of cells costs. */
export interface SweepCosts {
  readonly calls: number
  readonly modelLoads: number
  /** Changes of what is heavy from cell to cell, the first cell's loads included. */
  readonly changes: number
}

/** Everything that is known of a sweep before its first call. */
export interface SweepPlan {
  /** What every cell starts from: seeds and the model are settled. */
  readonly base: RunConfig
  /** The swept fields in order; `picture` last, where cells were split. */
  readonly axes: readonly SweepAxis[]
  /** In the author's order. */
  readonly cells: readonly Cell[]
  /** Numbers of the cells, as they are made. */
  readonly order: readonly number[]
  readonly x: string | undefined
  readonly y: string | undefined
  /** As it is made: every call once. */
  readonly ours: SweepCosts
  /** Cell by cell, in the author's order, with nothing shared. */
  readonly plain: SweepCosts
  /** Calls that an earlier cell makes, so that they are not made again. */
  readonly callsShared: number
  /** Whether the high-res pass has calls of its own because of `share`. */
  readonly shared: boolean
  /** The base passes that `share` saves, or would save. */
  readonly basePassesSaved: number
  /** Milliseconds, by the number of the cell less one: calls that an earlier cell makes are not counted. Absent where
   *  nothing is known. */
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
  const { stages, backend, random = randomSeed, signal, loadTimes = {} } = options
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
  const { cells, split } = cellsOf({ spec, base: merged, stages, wildcards, random })
  await using rehearser = new Rehearser(backend, capabilities, options)
  const rehearsed = await rehearseAll(rehearser, merged, cells, options)
  const sharing = await shareOf(rehearser, { spec, base: merged, cells, rehearsed }, options)
  const chosen = spec.share && sharing.cells !== undefined ? sharing.cells : rehearsed
  const base = chosen === rehearsed ? merged : ownCalls(merged, sharing.stage ?? '')
  const current = new Set(
    Object.values(capabilities.current ?? {}).filter((one) => typeof one === 'string'),
  )
  const heavies = chosen.map(({ heavy }) => heavy)
  const cost = (name: string): number => loadTimes[name] ?? typical(loadTimes)
  const order = orderOf(heavies, { cost, current })
  const author = cells.map((_, i) => i)
  const notes = [
    ...(spec.limit === undefined ? [] : cutNote(spec, cells.length)),
    ...(split.cells === 0 ? [] : [sweepNotes.SW_NOTE_SWEEP_SPLIT(split)]),
    ...seedNotes(chosen),
    ...idleNotes(swept, cells, chosen, stages),
    ...sharing.notes,
    ...stoppedNotes(chosen),
  ]
  const ours = costsOf(order, chosen, heavies, { current, once: true })
  return {
    base,
    axes: axesOf(spec, cells, split.cells > 0),
    cells,
    order: order.map((at) => at + 1),
    x: spec.x,
    y: spec.y,
    ours,
    plain: costsOf(author, rehearsed, heavies, { current, once: false }),
    callsShared: chosen.reduce((sum, { calls }) => sum + calls.length, 0) - ours.calls,
    shared: chosen !== rehearsed,
    basePassesSaved: sharing.saved,
    estimates: await estimatesOf(order, chosen, options.estimate),
    notes,
  }
}

async function rehearseAll(
  rehearser: Rehearser,
  base: RunConfig,
  cells: readonly Cell[],
  { onProgress, signal }: SweepPlanOptions,
): Promise<readonly Rehearsal[]> {
  const kept: Rehearsal[] = []
  const refused = new Map<string, { readonly error: PipelineError; readonly cells: number[] }>()
  const known = new Map<string, RehearsedCall>()
  const plans = new Map<string, PipelinePlan>()
  for (const cell of cells) {
    signal?.throwIfAborted()
    try {
      const { plan, calls, ...rest } = await rehearser.rehearse(configOf(base, cell))
      // Shared calls and plans of the same work are held once: ten thousand cells fit into memory.
      const held = calls.map((call) => known.get(call.key) ?? call)
      for (const call of held) known.set(call.key, call)
      const traits = traitsOf(plan)
      const alike = plans.get(traits) ?? plan
      plans.set(traits, alike)
      kept.push({ ...rest, plan: alike, calls: held })
    } catch (error) {
      if (!isPipelineError(error)) throw error
      for (const one of error.errors.length > 0 ? error.errors : [error]) {
        const key = `${one.code} ${one.message}`
        const same = refused.get(key)
        if (same === undefined) refused.set(key, { error: one, cells: [cell.number] })
        else same.cells.push(cell.number)
      }
    }
    onProgress?.(cell.number, cells.length)
  }
  const all = [...refused.values()]
  if (all.length === 0) return kept
  // What refuses every cell is no matter of the sweep.
  const everywhere = all.filter((one) => one.cells.length === cells.length)
  if (everywhere.length > 0) throw oneOf(everywhere.map(({ error }) => error))
  throw oneOf(
    all.map(({ error, cells: numbers }) =>
      sweepErrors.SW_SWEEP_CELL_REFUSED(
        {
          cells: cellNames(numbers),
          code: error.code,
          problem: error.message,
          remedy: error.hint,
        },
        { cause: error },
      ),
    ),
  )
}

function cellNames(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 8).join(', ')
  const more = numbers.length > 8 ? ` and ${numbers.length - 8} more` : ''
  return `${numbers.length === 1 ? 'cell' : 'cells'} ${shown}${more}`
}

interface Shareable {
  readonly spec: SweepSpec
  readonly base: RunConfig
  readonly cells: readonly Cell[]
  readonly rehearsed: readonly Rehearsal[]
}

interface Sharing {
  readonly stage?: string
  /** As they are with calls of its own for the high-res pass. */
  readonly cells?: readonly Rehearsal[]
  readonly saved: number
  readonly notes: readonly PlanNote[]
}

/** Whether a high-res pass in calls of its own saves base passes, and whether it may. */
async function shareOf(
  rehearser: Rehearser,
  { spec, base, cells, rehearsed }: Shareable,
  options: SweepPlanOptions,
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
    own = await rehearseAll(rehearser, ownCalls(base, stage), cells, {
      ...options,
      onProgress: undefined,
    })
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
  const offer = spec.share ? [] : [sweepNotes.SW_NOTE_SWEEP_SHARE({ saved, stage })]
  return { stage, cells: own, saved, notes: offer }
}

function costsOf(
  order: readonly number[],
  cells: readonly Rehearsal[],
  heavies: readonly Heavy[],
  { current, once }: { readonly current: ReadonlySet<string>; readonly once: boolean },
): SweepCosts {
  const made = new Set<string>()
  let [calls, modelLoads] = [0, 0]
  let loaded: string | undefined = [...current][0]
  for (const at of order)
    for (const call of cells[at]?.calls ?? []) {
      if (once && made.has(call.key)) continue
      made.add(call.key)
      calls += 1
      for (const model of call.models) {
        if (model !== loaded) modelLoads += 1
        loaded = model
      }
    }
  return { calls, modelLoads, changes: costOf(order, heavies, { current }) }
}

/** By cell, the time of the calls that no cell before it makes. */
async function estimatesOf(
  order: readonly number[],
  cells: readonly Rehearsal[],
  estimate: SweepPlanOptions['estimate'],
): Promise<readonly (number | undefined)[]> {
  const result: (number | undefined)[] = cells.map(() => undefined)
  if (estimate === undefined) return result
  const made = new Set<string>()
  const known = new Map<string, Promise<Estimate | undefined>>()
  for (const at of order) {
    const cell = cells[at]
    if (cell === undefined) continue
    const fresh = cell.calls.filter(({ key }) => !made.has(key))
    for (const { key } of cell.calls) made.add(key)
    const traits = traitsOf(cell.plan)
    const asked = known.get(traits) ?? estimate(cell.plan)
    known.set(traits, asked)
    const found = await asked
    if (found === undefined) continue
    result[at] = found.stages.reduce((sum, { name, ms }) => {
      const all = cell.calls.filter(({ stage }) => stage === name).length
      const mine = fresh.filter(({ stage }) => stage === name).length
      return sum + (all === 0 ? ms : (ms * mine) / all)
    }, 0)
  }
  return result
}

/** What the time of a plan depends on: cells that differ in a seed only are asked about once. */
function traitsOf({ stages }: PipelinePlan): string {
  return JSON.stringify(
    stages
      .filter(({ enabled }) => enabled)
      .map(({ name, operation, execution, calls, output, config }) => [
        name,
        operation,
        execution,
        calls,
        output,
        config['model'],
        config['steps'],
      ]),
  )
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

function axesOf(spec: SweepSpec, cells: readonly Cell[], split: boolean): SweepAxis[] {
  const fields = [...spec.dimensions.flatMap((one) => one.fields), ...(split ? ['picture'] : [])]
  return fields.map((field) => {
    const values = new Map<string, unknown>()
    for (const { point } of cells)
      if (Object.hasOwn(point, field)) values.set(JSON.stringify(point[field]), point[field])
    return { field, values: [...values.values()] }
  })
}

function cutNote({ dimensions, limit = 0 }: SweepSpec, made: number): PlanNote[] {
  const count = dimensions.reduce((product, { points }) => product * points.length, 1)
  return count > limit && made >= limit ? [sweepNotes.SW_NOTE_SWEEP_CUT({ limit, count })] : []
}

function seedNotes(cells: readonly Rehearsal[]): PlanNote[] {
  const spans = new Map<number, number>()
  for (const { seeds } of cells) {
    const [first] = seeds
    if (first !== undefined) spans.set(first, Math.max(spans.get(first) ?? 0, seeds.length))
  }
  const sorted = [...spans].toSorted(([a], [b]) => a - b)
  const over = sorted.flatMap(([first, count], i) => {
    const next = sorted[i + 1]?.[0]
    return next !== undefined && next < first + count
      ? [`${next} is in ${first}..${first + count - 1}`]
      : []
  })
  if (over.length === 0) return []
  const all = cells.flatMap(({ calls }) => calls.map(({ key }) => key))
  const shared = all.length - new Set(all).size
  const seeds = over.length > 2 ? `${over[0]}, and so on` : over.join(', ')
  return [sweepNotes.SW_NOTE_SWEEP_SEEDS_OVERLAP({ seeds, shared })]
}

/** Axes that change nothing: two cells that differ there alone make the same calls, all over the sweep. */
function idleNotes(
  { config, spec }: Sweep,
  cells: readonly Cell[],
  kept: readonly Rehearsal[],
  stages: readonly Stage[],
): PlanNote[] {
  return spec.dimensions.flatMap(({ fields, points }) => {
    if (points.length < 2) return []
    const seen = new Map<string, string>()
    let compared = false
    for (const [i, { point }] of cells.entries()) {
      const others = Object.entries(point).filter(([field]) => !fields.includes(field))
      const key = JSON.stringify(others)
      const calls = (kept[i]?.calls ?? []).map((call) => call.key).join(' ')
      const before = seen.get(key)
      if (before !== undefined && before !== calls) return []
      compared ||= before !== undefined
      seen.set(key, calls)
    }
    if (!compared) return []
    const axis = fields.join(', ')
    const owner = stages.find(({ name }) =>
      fields.some((field) => valueAt(config, `${name}.${field}`) !== undefined),
    )
    const remedy =
      owner === undefined ? '' : `; ${owner.name} states its own: sweep ${owner.name}.${fields[0]}`
    return [sweepNotes.SW_NOTE_SWEEP_AXIS_IDLE({ axis, remedy })]
  })
}

function stoppedNotes(kept: readonly Rehearsal[]): PlanNote[] {
  const at = kept.findIndex(({ stopped }) => stopped !== undefined)
  const reason = kept[at]?.stopped?.message
  return reason === undefined
    ? []
    : [sweepNotes.SW_NOTE_SWEEP_NOT_REHEARSED({ cell: at + 1, reason })]
}

/** For a checkpoint that was never measured: as long as the others take. */
function typical(loadTimes: Readonly<Record<string, number>>): number {
  const all = Object.values(loadTimes)
  return all.length === 0 ? 1 : all.reduce((sum, ms) => sum + ms, 0) / all.length
}
