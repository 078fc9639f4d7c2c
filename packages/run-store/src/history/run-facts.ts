import { isAbsolute, normalize } from 'node:path'

import type { ModelLoad, PipelinePlan } from '@stagewright/core'

import { type CallEntry, readEntry } from '../calls/entry.js'
import type { JournalEvent, SavedRecord } from '../run/journal-events.js'
import type { RunOnDisk } from '../run/read-run.js'
import type { RunRecord } from '../run/run-record.js'
import { type CallSample, callTraits } from './estimate.js'

/** What the history keeps of a run: rows, with the columns of the tables. */
export interface RunFacts {
  readonly run: {
    readonly run_id: string
    readonly name: string
    readonly created_at: string
    /** Null where the journal does not say how it ended. */
    readonly ended: string | null
    readonly ms: number | null
    readonly prompt: string | null
    readonly negative_prompt: string | null
    readonly model: string | null
    readonly backend: string | null
    readonly dialect: string | null
    readonly server: string | null
    readonly plan_hash: string | null
    readonly seed: number | null
    readonly error_code: string | null
    /** Final pictures. */
    readonly picture_count: number
  }
  readonly stages: readonly (StageEntry & { readonly place: number })[]
  /** Those that were made, whenever that was. */
  readonly calls: readonly CallSample[]
  /** What was loaded for them, as far as it was measured. */
  readonly loads: readonly ModelLoad[]
  readonly pictures: readonly {
    readonly path: string
    readonly digest: string
    readonly place: 'final' | 'unfinished' | 'stage'
    readonly stage: string | null
    readonly width: number
    readonly height: number
    readonly seed: number
    readonly lineage: string
  }[]
  readonly ratings: readonly {
    readonly digest: string
    readonly rating: number
    readonly note: string | null
    readonly at: string
  }[]
}

/** A stage of a run, as its last attempt left it. */
export interface StageEntry {
  readonly name: string
  /** Null where it was not reached, or not finished. */
  readonly outcome: string | null
  readonly ms: number | null
  readonly calls: number
  readonly made: number
  /** Kept from before, or made by another run at the same time. */
  readonly kept: number
}

/** Reads a run's rows out of its record and its journal. */
export function factsOf({ record, events }: RunOnDisk, folderName: string): RunFacts {
  const finished = events.findLast((event) => event.type === 'run_finished')
  // Not its status, which depends on who is at it right now.
  const last = events.findLast(({ type }) => type === 'attempt' || type === 'run_finished')
  const ended = last === finished ? finished : undefined
  const begun = events.find((event) => event.type === 'journal')
  return {
    run: {
      run_id: record?.run_id ?? begun?.run_id ?? '',
      name: record?.name ?? folderName,
      created_at: record?.created_at ?? events[0]?.at ?? '',
      ended: ended?.status ?? null,
      ms: ended?.ms ?? null,
      ...settingsOf(record, events),
      error_code: ended?.error?.code ?? null,
      picture_count: finished?.images.length ?? 0,
    },
    stages: stagesOf(record?.plan, events),
    calls: samplesOf(record?.plan, events),
    loads: madeIn(events).flatMap(({ entry }) => loadsOf(entry)),
    pictures: picturesOf(events),
    ratings: events.flatMap((event) => {
      if (event.type !== 'rated') return []
      const { digest, rating, note = null, at } = event
      return [{ digest, rating, note, at }]
    }),
  }
}

type Settings = Omit<
  RunFacts['run'],
  'run_id' | 'name' | 'created_at' | 'ended' | 'ms' | 'error_code' | 'picture_count'
>

/** What the run makes, with what. A run over given pictures has no generating stage: they tell it themselves. */
function settingsOf(record: RunRecord | undefined, events: readonly JournalEvent[]): Settings {
  const on = record?.plan.stages.filter(({ enabled }) => enabled) ?? []
  const shared: Readonly<Record<string, unknown>> = record?.config ?? {}
  const generating = on.find(({ generates }) => generates)?.config ?? {}
  const given: Readonly<Record<string, unknown>> = { ...madeWith(events) }
  const first = (key: string): unknown => generating[key] ?? shared[key] ?? given[key]
  const text = (key: string): string | null => {
    const value = first(key)
    return typeof value === 'string' ? value : null
  }
  const seed = first('seed')
  return {
    prompt: text('prompt'),
    negative_prompt: text('negative_prompt'),
    model: text('model'),
    backend: record?.backend.kind ?? null,
    dialect: record?.backend.dialect ?? null,
    server: record?.backend.server ?? null,
    plan_hash: record?.plan_hash ?? null,
    seed: typeof seed === 'number' ? seed : null,
  }
}

function madeWith(events: readonly JournalEvent[]): SavedRecord['settings'] {
  for (const event of events) {
    const images = event.type === 'stage_finished' ? event.images : []
    const settings = images.find((image) => image.settings !== undefined)?.settings
    if (settings !== undefined) return settings
  }
  return undefined
}

function stagesOf(
  plan: PipelinePlan | undefined,
  events: readonly JournalEvent[],
): RunFacts['stages'] {
  const last = events.slice(events.findLastIndex(({ type }) => type === 'attempt') + 1)
  const sources = last.flatMap((event) => (event.type === 'call_finished' ? [event] : []))
  const on = plan?.stages.filter(({ enabled }) => enabled) ?? []
  return on.map(({ name }, i) => {
    const done = last.findLast((event) => event.type === 'stage_finished' && event.stage === name)
    const calls = sources.filter(({ stage }) => stage === name)
    const made = calls.filter(({ source }) => source === 'made').length
    const { outcome, ms } = done?.type === 'stage_finished' ? done : { outcome: null, ms: null }
    return { place: i + 1, name, outcome, ms, calls: calls.length, made, kept: calls.length - made }
  })
}

function samplesOf(
  plan: PipelinePlan | undefined,
  events: readonly JournalEvent[],
): RunFacts['calls'] {
  if (plan === undefined) return []
  return madeIn(events).flatMap(({ event, entry }): CallSample[] => {
    const stage = plan.stages.find(({ name }) => name === event.stage)
    if (stage === undefined) return []
    const operation = event.type === 'call_finished' ? event.operation : ''
    const took = event.type === 'call_finished' ? event.ms : entry.ms
    const ms = loadsOf(entry).reduce((left, load) => Math.max(0, left - load.ms), took)
    const settled = entry.loads === undefined ? 0 : 1
    return [{ ...callTraits(plan, stage), operation, ms, settled, pixels: pixelsOf(entry) }]
  })
}

/** The calls and works that this run made. */
function madeIn(events: readonly JournalEvent[]) {
  return events.flatMap((event) => {
    if (event.type !== 'call_finished' && event.type !== 'work_finished') return []
    const entry = readEntry(event.entry)
    return event.source !== 'made' || entry === undefined ? [] : [{ event, entry }]
  })
}

/** A journal may come from anywhere. */
function loadsOf({ loads }: CallEntry): readonly ModelLoad[] {
  const all: readonly Partial<ModelLoad>[] = Array.isArray(loads) ? loads : []
  return all.flatMap(({ model, ms }) =>
    typeof model === 'string' && typeof ms === 'number' && ms >= 0 ? [{ model, ms }] : [],
  )
}

function pixelsOf({ images }: CallEntry): number | null {
  return images.reduce((sum, { width, height }) => sum + width * height, 0) || null
}

function picturesOf(events: readonly JournalEvent[]): RunFacts['pictures'] {
  const found = new Map<string, RunFacts['pictures'][number]>()
  const finished = events.findLast((event) => event.type === 'run_finished')
  const stages = new Map(
    events.flatMap((event) => (event.type === 'stage_finished' ? [[event.stage, event]] : [])),
  )
  const add = (place: 'final' | 'unfinished' | 'stage', one: SavedRecord, stage?: string): void => {
    const { path, digest, width, height, seed, lineage } = one
    // A journal may come from anywhere.
    if (!isWithin(path)) return
    const row = { path, digest, place, stage: stage ?? lineage.at(-1)?.split(':')[0] ?? null }
    found.set(path, { ...row, width, height, seed, lineage: JSON.stringify(lineage) })
  }
  for (const [stage, { images }] of stages) for (const one of images) add('stage', one, stage)
  for (const one of finished?.unfinished ?? []) add('unfinished', one, one.stage)
  for (const one of finished?.images ?? []) add('final', one)
  return [...found.values()]
}

function isWithin(path: string): boolean {
  return !isAbsolute(path) && !/^[.]{2}(?:[/\\]|$)/.test(normalize(path))
}
