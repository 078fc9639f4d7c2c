import { randomUUID } from 'node:crypto'
import { join } from 'node:path'

import type { Pipeline, RunResult, Stage } from '@stagewright/core'
import { isPipelineError } from '@stagewright/core'

import { Aftercare } from './aftercare.js'
import { CallCache } from './calls/call-cache.js'
import type { CallEntry } from './calls/entry.js'
import { SingleFlight } from './calls/single-flight.js'
import { Objects } from './disk/objects.js'
import { errors } from './errors.js'
import { History } from './history/history.js'
import type { JournalEvent } from './run/journal-events.js'
import { Journal, journalVersion } from './run/journal.js'
import { entriesIn, journalName, readRun, type RunOnDisk, runFolders } from './run/read-run.js'
import { makeFolder, makeRunFolder } from './run/run-folder.js'
import { lockRun, unlockRun } from './run/run-lock.js'
import type { Place, RunInit } from './run/run-parts.js'
import type { Started, StartFile } from './run/started.js'
import { StoredRun } from './run/stored-run.js'
import { storeFolder } from './store-folder.js'
import type { StoreParts } from './store-parts.js'

export interface RunStoreOptions {
  /** The folder that holds the folders of runs. What they share is in `.stagewright` within. */
  readonly root: string
  /** Whether runs take finished calls from each other. Default true. A run that is resumed takes its own in any case. */
  readonly cache?: boolean
  /** Told of each line that is in a journal. */
  readonly onJournal?: (event: JournalEvent) => void
  /** How many bytes of pictures and calls may be kept that no run needs: looked after when a run ends. Default 20 GiB. */
  readonly cacheBytes?: number
  /** Told what is wrong with the history or the cache: no run fails for it. */
  readonly onProblem?: (problem: string) => void
  readonly now?: () => Date
}

export interface BeginOptions {
  /** What the run is called: part of its folder's name. Default "run". */
  readonly name?: string
  /** Its folder, relative to the root, in place of one named by date and name; `-2`, `-3`, … where another run has it.
   *  Runs within another folder lie in `cells/` there: `<sweep>/cells/0001`. */
  readonly folder?: string | undefined
  /** The run config as its author wrote it. */
  readonly config: unknown
  /** Of packages and plugins, by name. */
  readonly versions?: Readonly<Record<string, string>>
  /** What shall be known when the run is resumed: JSON. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Folders of runs whose finished calls it may take, whether or not they are in the cache. */
  readonly sources?: readonly string[]
  /** From this stage on everything is made anew. */
  readonly from?: string | undefined
  /** Files for the run's folder, known once seeds are settled; written before the first call. */
  readonly files?: (started: Started) => readonly StartFile[]
}

/** Keeps runs: a folder each, and the pictures and calls that they share. */
export class RunStore {
  readonly root: string
  readonly objects: Objects
  readonly cache: CallCache
  readonly history: History
  readonly #parts: StoreParts
  readonly #onJournal: ((event: JournalEvent) => void) | undefined

  constructor(options: RunStoreOptions) {
    const { root, cache = true, onJournal, now = () => new Date() } = options
    const { cacheBytes, onProblem = () => undefined } = options
    const shared = storeFolder(root)
    this.root = root
    this.objects = new Objects(join(shared, 'objects'))
    this.cache = new CallCache(join(shared, 'calls'), this.objects)
    this.history = new History({ root, onProblem })
    const aftercare = new Aftercare(this, { mostBytes: cacheBytes, onProblem })
    this.#onJournal = onJournal
    this.#parts = {
      objects: this.objects,
      cache: this.cache,
      flights: new SingleFlight(join(shared, 'locks')),
      cached: cache,
      now,
      runEnded: (folder) => aftercare.ended(folder),
    }
  }

  /** Begins a new run; its folder is made when its first stage begins.
   *  @throws {PipelineError} SW_STORE_NOT_A_RUN, SW_STORE_NEWER, SW_STORE_READ_FAILED of a source */
  async begin(options: BeginOptions): Promise<StoredRun> {
    const { name = 'run', config, versions = {}, sources = [], from, files } = options
    const now = this.#parts.now()
    const borrowed = await this.#borrowed(sources)
    const init: RunInit = {
      run_id: randomUUID(),
      name,
      created_at: now.toISOString(),
      config_given: config,
      versions: { node: process.version, ...versions },
      options: options.options ?? {},
      sources,
      ...(from === undefined ? {} : { from }),
    }
    const place = async (): Promise<Place> => {
      const folder =
        options.folder === undefined
          ? await makeRunFolder(this.root, name, now)
          : await makeFolder(this.root, options.folder)
      await lockRun(folder)
      return this.#placeIn(folder, init.run_id, 0)
    }
    return new StoredRun({ store: this.#parts, init, place, events: [], borrowed, files })
  }

  /** Takes up a run that did not come to its end, or not with all its pictures.
   *  @throws {PipelineError} SW_STORE_NOT_A_RUN, SW_STORE_RUN_LOCKED, SW_STORE_NEWER, SW_STORE_READ_FAILED */
  async reopen(folder: string): Promise<{ readonly run: StoredRun; readonly before: RunOnDisk }> {
    await readRun(folder)
    await lockRun(folder)
    try {
      const before = await readRun(folder)
      const { record } = before
      if (record === undefined)
        throw errors.SW_STORE_NOT_A_RUN({ path: folder, problem: 'it ended before its first call' })
      const { run_id, name, created_at, config_given, versions, options, sources, from } = record
      const init: RunInit = {
        run_id,
        name,
        created_at,
        config_given,
        versions,
        options,
        sources,
        ...(from === undefined ? {} : { from }),
      }
      const borrowed = await this.#borrowed(await stillThere(sources))
      const place = await this.#placeIn(folder, run_id, before.length)
      const { events } = before
      const parts = { store: this.#parts, init, place, events, borrowed, files: undefined }
      return { run: new StoredRun(parts), before }
    } catch (error) {
      await unlockRun(folder)
      throw error
    }
  }

  /** Every run of the store, the oldest first. */
  async folders(): Promise<readonly string[]> {
    return runFolders(this.root)
  }

  /** Runs a pipeline durably, in a folder of its own.
   *  @throws {PipelineError} what `pipeline.run` throws, SW_STORE_… */
  async run<S extends readonly Stage[]>(
    pipeline: Pipeline<S>,
    config: Parameters<Pipeline<S>['run']>[0],
    options: Omit<BeginOptions, 'config'> & { readonly signal?: AbortSignal } = {},
  ): Promise<RunResult & { readonly folder: string }> {
    const run = await this.begin({ ...options, config })
    return finish(run, pipeline.run(config, { ...run.options, signal: options.signal }))
  }

  /** Goes on with a run that did not come to its end: what is finished is not made again. Pictures that its config
   *  names are looked for where the pipeline looks for them. */
  async resume<S extends readonly Stage[]>(
    pipeline: Pipeline<S>,
    folder: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<RunResult & { readonly folder: string }> {
    const { run, before } = await this.reopen(folder)
    const config = before.record?.config as Parameters<Pipeline<S>['run']>[0]
    return finish(run, pipeline.run(config, { ...run.options, signal }))
  }

  async #placeIn(folder: string, run_id: string, length: number): Promise<Place> {
    const journal = await Journal.open(join(folder, journalName), length, this.#onJournal)
    const at = this.#parts.now().toISOString()
    if (length === 0) await journal.append({ type: 'journal', at, v: journalVersion, run_id })
    return { folder, journal }
  }

  async #borrowed(sources: readonly string[]): Promise<ReadonlyMap<string, CallEntry>> {
    const runs = await Promise.all(sources.map((folder) => readRun(folder)))
    return new Map(runs.flatMap(({ events }) => [...entriesIn(events)]))
  }
}

/** A source may have been removed since: what it gave is in the run, and what it had not given is made. */
async function stillThere(sources: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    sources.map(async (folder) => {
      try {
        await readRun(folder)
        return [folder]
      } catch {
        return []
      }
    }),
  )
  return found.flat()
}

async function finish(
  run: StoredRun,
  running: Promise<RunResult>,
): Promise<RunResult & { readonly folder: string }> {
  await using _ = run
  try {
    const result = await running
    await run.end(result)
    return { ...result, folder: run.folder ?? '' }
  } catch (error) {
    if (isPipelineError(error) && error.result !== undefined) await run.end(error.result, error)
    throw error
  }
}
