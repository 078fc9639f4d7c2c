import { mkdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

import {
  type Backend,
  isPipelineError,
  messageOf,
  type Pipeline,
  type PipelineError,
  type RunResult,
  type Stage,
} from '@stagewright/core'
import {
  makeRunFolder,
  readRun,
  type RunStore,
  type Started,
  type StartFile,
  type StoredRun,
} from '@stagewright/run-store'

import { onAbort } from '../pool/on-abort.js'
import { type Cell, configOf } from './cells.js'
import type { SweepPlan } from './plan.js'
import {
  addResult,
  cellFolder,
  cellFolders,
  type CellResult,
  readSweep,
  recordOf,
  type SweepOnDisk,
  type SweepRecord,
  writeSweep,
} from './record.js'

/** What happens while a sweep is made. */
export type SweepEvent =
  | {
      readonly type: 'sweep-started'
      readonly folder: string
      readonly record: SweepRecord
      readonly open: number
    }
  | { readonly type: 'cell-started'; readonly cell: Cell; readonly at: number; readonly of: number }
  | {
      readonly type: 'cell-finished'
      readonly cell: Cell
      readonly result: CellResult
      readonly at: number
      readonly of: number
    }

export interface SweepRunOptions {
  readonly store: RunStore
  readonly pipeline: Pipeline<readonly Stage[]>
  /** Asked what became of calls that were under way when a sweep was stopped. */
  readonly backend?: Backend | undefined
  /** Cells at a time. Default 1; on a pool, two a server keep each of them at work. */
  readonly concurrency?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onEvent?: ((event: SweepEvent) => void) | undefined
  /** Versions of packages and plugins, by name. */
  readonly versions?: Readonly<Record<string, string>> | undefined
  /** Files for the folder of each cell's run, written before its first call. */
  readonly files?: ((started: Started, cell: Cell) => readonly StartFile[]) | undefined
}

export interface SweepBeginOptions extends SweepRunOptions {
  /** What the sweep is called: its folder is `<date>-<name>-sweep`. Default "run". */
  readonly name?: string | undefined
  /** The section `sweep` as its author wrote it. */
  readonly given?: unknown
  /** What shall be known when the sweep is resumed: JSON. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  readonly now?: (() => Date) | undefined
}

/** What came of a sweep. `failed`: something ended it that would have failed every further cell. */
export interface SweepResult extends SweepOnDisk {
  readonly status: 'done' | 'partial' | 'failed' | 'cancelled'
  /** What ended it before its last cell. */
  readonly error?: PipelineError | undefined
}

/** Makes the cells of a planned sweep, each a run of the store, in a folder of their own; calls that cells have in
 *  common are made once. A cell that fails is told in its result, and the next one is made; the sweep ends early when
 *  it is cancelled, the server is gone, or the disk is full. It never rejects for a cell.
 *  @throws {PipelineError} SW_STORE_… where its folder cannot be written */
export async function runSweep(plan: SweepPlan, options: SweepBeginOptions): Promise<SweepResult> {
  const { name = 'run', now = () => new Date(), store } = options
  const at = now()
  const record = recordOf(plan, {
    name,
    created_at: at.toISOString(),
    given: options.given ?? null,
    options: options.options ?? {},
  })
  const folder = await makeRunFolder(store.root, `${name}-sweep`, at)
  await mkdir(join(folder, 'cells'))
  await writeSweep(folder, record)
  return makeCells({ folder, record, results: new Map() }, options)
}

/** Goes on with a sweep: cells that are done stay, a cell that was begun is taken up where it stopped, and those that
 *  failed are tried again. What was drawn and settled when the sweep began stays so.
 *  @throws {PipelineError} SW_SWEEP_NOT_A_SWEEP, SW_SWEEP_NEWER, SW_STORE_… */
export async function resumeSweep(folder: string, options: SweepRunOptions): Promise<SweepResult> {
  return makeCells(await readSweep(folder), options)
}

/** Whether there is nothing left to make. */
export function isWhole({ record, results }: SweepOnDisk): boolean {
  return record.cells.every(({ number }) => results.get(number)?.status === 'done')
}

async function makeCells(sweep: SweepOnDisk, options: SweepRunOptions): Promise<SweepResult> {
  const { folder, record } = sweep
  const { concurrency = 1, onEvent = () => undefined, signal } = options
  const results = new Map(sweep.results)
  const byNumber = new Map(record.cells.map((cell) => [cell.number, cell]))
  const open = record.order
    .filter((number) => results.get(number)?.status !== 'done')
    .flatMap((number) => byNumber.get(number) ?? [])
  const before = await cellFolders(folder)
  onEvent({ type: 'sweep-started', folder, record, open: open.length })
  let next = 0
  let ended: PipelineError | undefined
  const work = async (): Promise<void> => {
    const goesOn = (): boolean => ended === undefined && signal?.aborted !== true
    while (next < open.length && goesOn()) {
      const at = (next += 1)
      const cell = open[at - 1] as Cell
      onEvent({ type: 'cell-started', cell, at, of: open.length })
      const { result, error } = await withOwnSignal(options.signal, (own) =>
        makeCell(cell, { sweep, before, options: { ...options, signal: own } }),
      )
      results.set(cell.number, result)
      await addResult(folder, result)
      if (error !== undefined && endsSweep(error)) ended ??= error
      onEvent({ type: 'cell-finished', cell, result, at, of: open.length })
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, open.length)) }, work))
  const whole = isWhole({ folder, record, results })
  const cancelled = signal?.aborted === true || ended?.kind === 'aborted'
  const left = record.cells.some(({ number }) => !results.has(number))
  const status = whole
    ? 'done'
    : cancelled
      ? 'cancelled'
      : ended !== undefined || left
        ? 'failed'
        : 'partial'
  return { folder, record, results, status, ...(ended === undefined ? {} : { error: ended }) }
}

/** Works under a signal that follows another: with that itself, listeners of all cells at once would look like a leak. */
async function withOwnSignal<T>(
  signal: AbortSignal | undefined,
  work: (own: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (signal === undefined || signal.aborted) return work(signal)
  const own = new AbortController()
  const end = onAbort(signal, () => own.abort(signal.reason))
  try {
    return await work(own.signal)
  } finally {
    end()
  }
}

interface Making {
  readonly sweep: SweepOnDisk
  readonly before: ReadonlyMap<number, readonly string[]>
  readonly options: SweepRunOptions
}

interface Made {
  readonly result: CellResult
  readonly error?: PipelineError | undefined
}

async function makeCell(cell: Cell, making: Making): Promise<Made> {
  const began = performance.now()
  const { folder } = making.sweep
  const partial = {
    cell: cell.number,
    pictures: [],
    seeds: [],
    warnings: [],
    calls_made: 0,
    calls_kept: 0,
  }
  let run: StoredRun | undefined
  const within = (path: string): string => relative(folder, path).split(sep).join('/')
  try {
    const opened = await openCell(cell, making)
    run = opened.run
    await using _ = run
    const { options } = making
    const { result, error } = await outcomeOf(
      options.pipeline.run(opened.config, { ...run.options, signal: options.signal }),
    )
    const saved = await run.end(result, error)
    const at = run.folder ?? ''
    const calls = result.stages.flatMap((stage) => stage.calls)
    const servers = [...new Set(calls.flatMap(({ server }) => server ?? []))]
    const failure = error ?? result.unfinished[0]?.error
    return {
      result: {
        ...partial,
        status: result.status,
        run: within(at),
        pictures: saved.final.map(({ path }) => within(join(at, path))),
        seeds: result.images.map(({ seed }) => seed),
        warnings: [...opened.told, ...result.warnings],
        ...(failure === undefined ? {} : { error: failureOf(failure) }),
        calls_made: calls.filter(({ kept }) => !kept).length,
        calls_kept: calls.filter(({ kept }) => kept).length,
        ...(servers.length === 0 ? {} : { servers }),
        ms: performance.now() - began,
      },
      error: error ?? result.unfinished.map((one) => one.error).find(endsSweep),
    }
  } catch (thrown) {
    if (!isPipelineError(thrown)) throw thrown
    const place = run?.folder === undefined ? null : within(run.folder)
    const status = thrown.kind === 'aborted' ? 'cancelled' : 'failed'
    const ms = performance.now() - began
    return {
      result: { ...partial, status, run: place, error: failureOf(thrown), ms },
      error: thrown,
    }
  }
}

/** Takes up the run of a cell, or begins it. */
async function openCell(cell: Cell, { sweep, before, options }: Making) {
  const { store, backend, signal, versions, files } = options
  const { folder, record } = sweep
  for (const known of before.get(cell.number) ?? []) {
    const path = join(folder, known)
    const there = await readRun(path).catch(() => undefined)
    if (there?.record === undefined) continue
    const { run, before: stood } = await store.reopen(path)
    const told = backend === undefined ? [] : await run.settle(backend, signal)
    return { run, config: stood.record?.config ?? there.record.config, told }
  }
  const config = configOf(record.base, cell)
  const run = await store.begin({
    name: `${record.name} ${cell.number}`,
    folder: `${relative(store.root, folder)}/${cellFolder(cell, record.cells.length)}`,
    config,
    options: { sweep: { cell: cell.number, point: cell.point } },
    ...(versions === undefined ? {} : { versions }),
    ...(files === undefined ? {} : { files: (started: Started) => files(started, cell) }),
  })
  return { run, config, told: [] }
}

/** The result of a run, also of one that failed; what never began is thrown on. */
async function outcomeOf(
  running: Promise<RunResult>,
): Promise<{ readonly result: RunResult; readonly error?: PipelineError }> {
  try {
    return { result: await running }
  } catch (error) {
    if (!isPipelineError(error) || error.result === undefined) throw error
    return { result: error.result, error }
  }
}

/** Whether every further cell would fail of it too: no server, no disk, no permission, or the wish to stop. */
function endsSweep(error: PipelineError): boolean {
  const { kind, code, details, result } = error
  if (kind === 'aborted' || kind === 'io' || details['stopsRun'] === true) return true
  if (code === 'SW_BACKEND_LOST' || code === 'SW_STORE_RUN_LOCKED') return true
  // Before a run begins nothing is asked of the backend but what it can do.
  return kind === 'backend' && result === undefined && !isOfCall(error)
}

function isOfCall({ details }: PipelineError): boolean {
  return typeof details['operation'] === 'string' || typeof details['stage'] === 'string'
}

function failureOf(error: PipelineError) {
  const { code, hint } = error
  return { code, message: messageOf(error), hint }
}
