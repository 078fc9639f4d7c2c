import {
  type Backend,
  type CallContext,
  type CallResult,
  type ImageBatch,
  imagesIn,
  type Interceptor,
  type Observer,
  type PipelinePlan,
  type RunResult,
  type StageImage,
  type StagePlan,
} from '@stagewright/core'

import { callKeys, stageKey } from '../calls/call-key.js'
import { asAsked, type CallEntry, imageOf, resultOf } from '../calls/entry.js'
import type { StoreParts } from '../store-parts.js'
import type { CallSource, JournalEvent, Untimed } from './journal-events.js'
import { Keeper, type MadeBy } from './keeper.js'
import { KnownCalls } from './known-calls.js'
import { errorRecord, observed } from './observed.js'
import { PictureFolder } from './picture-folder.js'
import { entriesIn, openCalls } from './read-run.js'
import { unlockRun } from './run-lock.js'
import type { Place, RunParts, SavedPictures } from './run-parts.js'
import { writeRecord } from './run-record.js'
import { anewFrom, planHash, resourcesOf, type Started, startedFrom } from './started.js'

/** One run while it is made durable: everything it finishes is kept at once, and nothing that is kept is made again.
 *  Give `options` to `pipeline.run()`, then what came of it to `end()`. */
export class StoredRun implements AsyncDisposable {
  readonly id: string
  readonly #store: StoreParts
  readonly #parts: RunParts
  readonly #keeper: Keeper
  readonly #known: KnownCalls
  #place: Place | undefined
  #pictures: PictureFolder | undefined
  #started: Started | undefined
  #opening: Promise<void> | undefined
  /** Writes that observers asked for, in order. */
  #work: Promise<void> = Promise.resolve()
  #failure: unknown
  #over = false

  constructor(parts: RunParts) {
    const { store, init, place, events, borrowed } = parts
    this.id = init.run_id
    this.#store = store
    this.#parts = parts
    this.#keeper = new Keeper(store.objects)
    this.#known = new KnownCalls(store, this.#keeper, { own: entriesIn(events), borrowed })
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
    const write = observed(event, (stage, images) => {
      const { plan } = this.#started as Started
      return this.#folderOf(plan).stage(stage, images)
    })
    if (write !== undefined) this.#later(async () => this.#append(await write()))
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
    if (init.from !== undefined) this.#known.anew = anewFrom(plan, init.from)
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
    const known = await callKeys(
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
    const call = { id: ctx.id, stage: ctx.stage, label: ctx.label, operation, keys: known.keys }
    const finish = async (entry: CallEntry, source: CallSource): Promise<CallResult> => {
      this.#known.add(known.keys, entry)
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
      const result = resultOf(entry, this.#store.objects, source !== 'made')
      return asAsked(result, operation, request)
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
    return this.#known.answer(known, ctx.stage, { make, finish, signal: ctx.signal })
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
      this.#known.add([key], entry)
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
    return this.#known.answer({ keys: [key], hashes: {} }, plan.name, { make, finish, signal })
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
