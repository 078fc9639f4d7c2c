import {
  type Backend,
  type CallContext,
  type CallResult,
  type ImageBatch,
  imagesIn,
  type Interceptor,
  messageOf,
  type Observer,
  type PipelinePlan,
  type RunEvent,
  type RunResult,
  type StageImage,
  type StagePlan,
} from '@stagewright/core'

import { callKeys, stageKey } from '../calls/call-key.js'
import {
  asAsked,
  type CallEntry,
  fits,
  imageOf,
  isSound,
  picturesOf,
  resultOf,
} from '../calls/entry.js'
import type { StoreParts } from '../store-parts.js'
import type { CallSource, JournalEvent, SavedRecord, Untimed } from './journal-events.js'
import type { Journal } from './journal.js'
import { Keeper, type MadeBy } from './keeper.js'
import { PictureFolder } from './picture-folder.js'
import { entriesIn, openCalls } from './read-run.js'
import { unlockRun } from './run-lock.js'
import { type RunRecord, writeRecord } from './run-record.js'
import {
  anewFrom,
  planHash,
  resourcesOf,
  type Started,
  startedFrom,
  type StartFile,
} from './started.js'

/** What a run leaves in its folder, by the digest of its pictures. */
export interface SavedPictures {
  readonly final: readonly SavedRecord[]
  readonly unfinished: readonly SavedRecord[]
}

/** What is settled of a run before it starts. */
export interface RunInit extends Pick<
  RunRecord,
  'run_id' | 'name' | 'config_given' | 'versions' | 'options' | 'sources'
> {
  readonly created_at: string
  readonly from?: string | undefined
}

/** Where a run is written. */
export interface Place {
  readonly folder: string
  readonly journal: Journal
}

interface Parts {
  readonly store: StoreParts
  readonly init: RunInit
  /** Where it is, or how to make it: a run that is refused before its first stage leaves nothing. */
  readonly place: Place | (() => Promise<Place>)
  /** Of earlier attempts at this run. */
  readonly events: readonly JournalEvent[]
  /** Of the runs it may take calls from. */
  readonly borrowed: ReadonlyMap<string, CallEntry>
  readonly files: ((started: Started) => readonly StartFile[]) | undefined
}

/** One run while it is made durable: everything it finishes is kept at once, and nothing that is kept is made again.
 *  Give `options` to `pipeline.run()`, then what came of it to `end()`. */
export class StoredRun implements AsyncDisposable {
  readonly id: string
  readonly #store: StoreParts
  readonly #parts: Parts
  readonly #keeper: Keeper
  readonly #own: Map<string, CallEntry>
  #place: Place | undefined
  #pictures: PictureFolder | undefined
  /** Stages whose calls are made whatever is kept. */
  #anew: ReadonlySet<string> = new Set()
  #started: Started | undefined
  #opening: Promise<void> | undefined
  /** Writes that observers asked for, in order. */
  #work: Promise<void> = Promise.resolve()
  #failure: unknown
  #over = false

  constructor(parts: Parts) {
    const { store, init, place, events } = parts
    this.id = init.run_id
    this.#store = store
    this.#parts = parts
    this.#keeper = new Keeper(store.objects)
    this.#own = new Map(entriesIn(events))
    if (typeof place !== 'function') this.#place = place
  }

  /** Absolute; undefined until the run has one. */
  get folder(): string | undefined {
    return this.#place?.folder
  }

  /** For `pipeline.run()`: its id, interceptors and observers. */
  get options(): {
    readonly runId: string
    readonly interceptors: readonly Interceptor[]
    readonly observers: readonly Observer[]
  } {
    return { runId: this.id, interceptors: [this.#interceptor], observers: [this.#observer] }
  }

  /** Before a run goes on: waits until the backend is at none of its calls any more.
   *  @returns what is worth telling */
  async settle(backend: Backend, signal?: AbortSignal): Promise<readonly string[]> {
    const states = new Set<string>()
    for (const id of openCalls(this.#parts.events))
      states.add((await backend.settle?.(id, signal)) ?? 'over')
    return states.has('unknown')
      ? ['the server cannot tell what became of a call that was under way: it is made again']
      : []
  }

  /** Names the pictures, closes the journal, and tells the history.
   *  @throws {PipelineError} SW_STORE_… for whatever could not be written */
  async end(result: RunResult, error?: unknown): Promise<SavedPictures> {
    // Also a run that was cancelled before its first stage leaves its folder.
    await this.#ready()
    const pictures = this.#folderOf(result.plan)
    const final = await pictures.final(result.images)
    const unfinished = await pictures.unfinished(result.unfinished)
    const began = this.#started?.at ?? performance.now()
    await this.#append(
      {
        type: 'run_finished',
        status: result.status,
        ms: performance.now() - began,
        images: final,
        unfinished,
        warnings: result.warnings,
        ...(error === undefined ? {} : { error: errorRecord(error) }),
      },
      { sync: true },
    )
    await this[Symbol.asyncDispose]()
    return { final, unfinished }
  }

  /** Lets go of the run. One that did not come to `end` can be resumed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return
    this.#over = true
    await this.#work
    if (this.#place === undefined) return
    const { folder, journal } = this.#place
    await journal.close()
    await unlockRun(folder)
    await this.#store.runEnded(folder)
  }

  readonly #observer: Observer = (event) => {
    if (event.type === 'run-started') {
      this.#started = startedFrom(event, performance.now())
    }
    const write = this.#written(event)
    if (write !== undefined) this.#later(write)
  }

  readonly #interceptor: Interceptor = {
    stage: async (plan, images, next) => {
      await this.#ready()
      return this.#stage(plan, images, next)
    },
    call: async (operation, request, ctx, next) => {
      await this.#ready()
      return this.#call(operation, request, ctx, next)
    },
  }

  /** What of an event is written; calls and the end write for themselves. */
  #written(event: RunEvent): (() => Promise<void>) | undefined {
    switch (event.type) {
      case 'stage-started':
        return () =>
          this.#append({
            type: 'stage_started',
            stage: event.stage,
            images: event.images.map(({ digest }) => digest),
            merged_with: event.mergedWith,
          })
      case 'stage-finished':
        return async () => {
          const { name, outcome, ms, calls, mergedInto, summary, images } = event.result
          const { plan } = this.#started as Started
          const saved = await this.#folderOf(plan).stage(name, images)
          await this.#append({
            type: 'stage_finished',
            stage: name,
            outcome,
            ms,
            calls: calls.length,
            merged_into: mergedInto,
            summary,
            images: saved,
          })
        }
      case 'image-failed':
        return () =>
          this.#append({ type: 'image_failed', stage: event.stage, ...errorRecord(event.error) })
      case 'warning':
        return () => this.#append({ type: 'warning', stage: event.stage, message: event.message })
      default:
        return undefined
    }
  }

  #later(write: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => this.#opened())
      .then(write)
      .catch((error: unknown) => {
        this.#failure ??= error
      })
  }

  /** Before the run goes on: everything so far is written, or the run ends. */
  async #ready(): Promise<void> {
    await this.#opened()
    await this.#caughtUp()
  }

  async #caughtUp(): Promise<void> {
    await this.#work
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Before the first stage: what the run is, and what shall be in its folder. */
  #opened(): Promise<void> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<void> {
    const started = this.#started
    if (started === undefined) throw new TypeError('give options to run(): the run is not observed')
    const { init, files } = this.#parts
    const { plan, config, backend, capabilities } = started
    if (init.from !== undefined) this.#anew = anewFrom(plan, init.from)
    const { place } = this.#parts
    this.#place = typeof place === 'function' ? await place() : place
    const { folder } = this.#place
    const { hashes: _, ...identity } = capabilities.identity ?? {}
    await writeRecord(folder, {
      v: 1,
      ...init,
      config,
      plan,
      plan_hash: planHash(plan),
      backend: { kind: backend, ...identity },
      resources: resourcesOf(started),
      notices: 'notices' in capabilities ? (capabilities.notices as readonly string[]) : [],
      stages: plan.stages.map(({ name, version }) => ({ name, version })),
    })
    for (const file of files?.(started) ?? []) await this.#keeper.file(folder, file)
    await this.#append({ type: 'attempt', pid: process.pid }, { sync: true })
  }

  async #call(
    operation: string,
    request: unknown,
    ctx: CallContext,
    next: () => Promise<CallResult>,
  ): Promise<CallResult> {
    const started = this.#started as Started
    const keys = await callKeys(
      {
        operation,
        request,
        contributions: ctx.contributions,
        versions: started.versions,
        backend: started.backend,
        capabilities: started.capabilities,
        needs: started.needs,
      },
      (image) => this.#keeper.content(image),
    )
    const began = performance.now()
    const call = { id: ctx.id, stage: ctx.stage, label: ctx.label, operation, keys }
    const finish = async (entry: CallEntry, source: CallSource): Promise<CallResult> => {
      for (const key of keys) this.#own.set(key, entry)
      await this.#append(
        {
          type: 'call_finished',
          ...call,
          source,
          ms: performance.now() - began,
          inputs: imagesIn(request).map(({ digest }) => digest),
          entry,
        },
        { sync: true },
      )
      return asAsked(resultOf(entry, this.#store.objects, source !== 'made'), request)
    }
    const make = async (): Promise<CallEntry> => {
      // On the disk while the server works: what it was asked is known after any crash.
      const noted = this.#append({ type: 'call_started', ...call }, { sync: true })
      try {
        const [result] = await Promise.all([next(), noted])
        const by = { started, ctx, operation, request, sources: imagesIn(request) }
        return await this.#keeper.keep(result, by, performance.now() - began)
      } catch (error) {
        await noted.catch(() => undefined)
        await this.#append({ type: 'call_failed', ...call, ...errorRecord(error) }).catch(
          () => undefined,
        )
        throw error
      }
    }
    return this.#known(keys, ctx.stage, { make, finish, signal: ctx.signal })
  }

  async #stage(
    plan: StagePlan,
    images: ImageBatch,
    next: () => Promise<ImageBatch>,
  ): Promise<ImageBatch> {
    const work = async (): Promise<StageImage[]> => {
      const made = await next()
      return Promise.all(
        made.map((image, i) => this.#keeper.own(image, this.#workOf(plan, images[i]))),
      )
    }
    if (plan.operation !== undefined || plan.deterministic !== true) return work()
    const key = await stageKey(plan, images, (image) => this.#keeper.content(image))
    const finish = async (entry: CallEntry, source: CallSource): Promise<ImageBatch> => {
      this.#own.set(key, entry)
      await this.#append(
        { type: 'work_finished', stage: plan.name, key, source, entry },
        { sync: true },
      )
      return entry.images.map((record, i) =>
        imageOf({ ...record, lineage: images[i]?.lineage ?? record.lineage }, this.#store.objects),
      )
    }
    const make = async (): Promise<CallEntry> => {
      const began = performance.now()
      const made = await work()
      const records = await Promise.all(made.map((image) => this.#keeper.record(image)))
      return { v: 1, images: records, ms: performance.now() - began }
    }
    const { signal } = new AbortController()
    return this.#known([key], plan.name, { make, finish, signal })
  }

  /** Answers from what is kept, from what another run makes right now, or by making it. */
  async #known<T>(
    keys: readonly string[],
    stage: string,
    {
      make,
      finish,
      signal,
    }: {
      readonly make: () => Promise<CallEntry>
      readonly finish: (entry: CallEntry, source: CallSource) => Promise<T>
      readonly signal: AbortSignal
    },
  ): Promise<T> {
    const anew = this.#anew.has(stage)
    const kept =
      (await this.#sound(this.#own, keys)) ?? (anew ? undefined : await this.#others(keys))
    if (kept !== undefined) return finish(this.#learnt(kept), 'kept')
    if (anew || !this.#store.cached) return finish(await this.#cached(keys, make), 'made')
    let source: CallSource = 'shared'
    const entry = await this.#store.flights.once(
      // By names: one who knows the hashes by now, and one who does not yet, want the same.
      keys.at(-1) ?? '',
      () => {
        source = 'made'
        return this.#cached(keys, make)
      },
      () => this.#everyones(keys),
      signal,
    )
    return finish(this.#learnt(entry), source)
  }

  #learnt(entry: CallEntry): CallEntry {
    this.#keeper.learn(picturesOf(entry))
    return entry
  }

  async #cached(keys: readonly string[], make: () => Promise<CallEntry>): Promise<CallEntry> {
    const made = await make()
    const entry = keys.length < 2 ? made : { ...made, exact: keys[0] }
    // A picture that may be unchanged because something failed is not one for other runs.
    const sure = entry.unchanged_means === undefined
    if (this.#store.cached && sure)
      await Promise.all(keys.map((key) => this.#store.cache.put(key, entry)))
    return entry
  }

  /** From the runs that this one may borrow from, or from any of the store. */
  async #others(keys: readonly string[]): Promise<CallEntry | undefined> {
    return (await this.#sound(this.#parts.borrowed, keys)) ?? this.#everyones(keys)
  }

  async #everyones(keys: readonly string[]): Promise<CallEntry | undefined> {
    if (!this.#store.cached) return undefined
    for (const key of keys) {
      const entry = await this.#store.cache.get(key)
      if (entry !== undefined && fits(entry, keys)) return entry
    }
    return undefined
  }

  async #sound(
    entries: ReadonlyMap<string, CallEntry>,
    keys: readonly string[],
  ): Promise<CallEntry | undefined> {
    for (const key of keys) {
      const entry = entries.get(key)
      const wanted = entry !== undefined && fits(entry, keys)
      if (wanted && (await isSound(entry, this.#store.objects))) return entry
    }
    return undefined
  }

  #workOf(plan: StagePlan, source: StageImage | undefined): MadeBy {
    const ctx = { stage: plan.name, label: undefined, contributions: [] }
    return {
      started: this.#started as Started,
      ctx,
      sources: source === undefined ? [] : [source],
    }
  }

  #append<E extends JournalEvent>(
    event: Untimed<E>,
    how?: { readonly sync?: boolean },
  ): Promise<void> {
    const { type, ...rest } = event as { readonly type: string }
    const timed = { type, at: this.#store.now().toISOString(), ...rest }
    return (this.#place as Place).journal.append(timed as JournalEvent, how)
  }

  #folderOf(plan: PipelinePlan): PictureFolder {
    this.#pictures ??= new PictureFolder((this.#place as Place).folder, plan, {
      objects: this.#store.objects,
      events: this.#parts.events,
      record: (image) => this.#keeper.record(image),
    })
    return this.#pictures
  }
}

function errorRecord(error: unknown): { readonly code: string; readonly message: string } {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return { code: typeof code === 'string' ? code : 'UNKNOWN', message: messageOf(error) }
}
