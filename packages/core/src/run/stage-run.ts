import {
  type Backend,
  type CallContext,
  type CallResult,
  type Need,
  onGrid,
  type Preview,
  type SizeGrid,
} from '../contract/backend.js'
import type { Interceptor } from '../contract/interceptor.js'
import type { Operation } from '../contract/operation.js'
import type { PlannedContribution } from '../contract/slot.js'
import type { ImageBatch, StageImage } from '../contract/stage-image.js'
import type { CallOptions, StageContext } from '../contract/stage.js'
import { errors } from '../errors/catalogue.js'
import type { PipelineError } from '../errors/pipeline-error.js'
import { labelled } from '../plan/call-needs.js'
import type { StagePlan } from '../plan/stage-plan.js'
import { askedFor, callBackend, imagesIn } from './call.js'
import type { RunEvent } from './events.js'
import { inStage } from './in-stage.js'
import { throughStage, withRequested } from './lineage.js'
import type { CallRecord, UnfinishedImage } from './result.js'

export interface StageRunHost {
  readonly backend: Backend
  readonly interceptors: readonly Interceptor[]
  readonly signal: AbortSignal
  readonly services: Readonly<Record<string, unknown>>
  readonly first: boolean
  /** What the calls of this stage carry, in the order of the plan. */
  readonly contributions: readonly PlannedContribution[]
  /** What they need, whatever their label. */
  readonly needs: readonly Need[]
  readonly grid: SizeGrid
  readonly previews: boolean
  readonly emit: (event: RunEvent) => void
  readonly warn: (message: string, stage?: string) => void
  pictures(reference: string, use: 'picture' | 'mask'): ImageBatch
}

/** One stage while it runs: makes its calls, keeps order, and keeps what is good when something fails. */
export class StageRun {
  readonly plan: StagePlan
  readonly calls: CallRecord[] = []
  readonly unfinished: UnfinishedImage[] = []
  /** By slot: the pictures before that slot's pass, as far as the backend gave them. */
  readonly before = new Map<string, StageImage[]>()
  /** Set once the run is cancelled or the backend is lost: no further call. */
  stopped: PipelineError | undefined
  readonly #host: StageRunHost
  readonly #merged: readonly StagePlan[]
  #progress = 0
  #loading = false
  /** The newest good version of the pictures in hand. */
  #latest: ImageBatch = []

  constructor(plan: StagePlan, merged: readonly StagePlan[], host: StageRunHost) {
    this.plan = plan
    this.#merged = merged
    this.#host = host
  }

  get mergedNames(): string[] {
    return this.#merged.map(({ name }) => name)
  }

  context(): StageContext<unknown> {
    const { signal, services, first, grid } = this.#host
    return {
      stage: this.plan.name,
      config: this.plan.config,
      signal,
      services,
      first,
      onGrid: (pixels) => onGrid(pixels, grid),
      call: (operation, request, options) => this.#call(operation, request, options),
      each: (images, work) =>
        this.#chunks(
          images.map((image) => [image]),
          ([image]) => work(image as StageImage),
        ),
      eachGroup: (groups, work) => this.#chunks(groups, work),
      rounds: (count, work) =>
        this.#chunks(
          Array.from({ length: count }, () => []),
          (_, round) => work(round),
        ),
      pictures: (reference, use = 'picture') => this.#host.pictures(reference, use),
      warn: (message) => this.#host.warn(message, this.plan.name),
    }
  }

  /** Marks pictures as not finished: after an error that no loop of the stage caught. */
  fail(images: ImageBatch, thrown: unknown): PipelineError {
    const error = inStage(thrown, this.plan.name, this.mergedNames, this.#host.signal)
    const kept = this.#latest.length > 0 ? this.#latest : images
    this.#leave(kept, error)
    return error
  }

  async #chunks(
    groups: readonly ImageBatch[],
    work: (group: ImageBatch, index: number) => Promise<ImageBatch>,
  ): Promise<ImageBatch> {
    const done: StageImage[] = []
    for (const [index, group] of groups.entries()) {
      if (this.#host.signal.aborted)
        this.stopped ??= errors.SW_RUN_CANCELLED({ stage: this.plan.name })
      if (this.stopped !== undefined) {
        this.#leave(group, this.stopped)
        continue
      }
      this.#latest = []
      try {
        done.push(...(await work(group, index)))
      } catch (thrown) {
        const error = this.fail(group, thrown)
        if (endsRun(error)) this.stopped = error
      }
    }
    this.#latest = []
    return done
  }

  async #call<R>(
    operation: Operation<R>,
    request: R,
    options: CallOptions = {},
  ): Promise<ImageBatch> {
    const { backend, interceptors, signal, previews } = this.#host
    if (signal.aborted) throw errors.SW_RUN_CANCELLED({ stage: this.plan.name })
    const started = performance.now()
    const ctx: CallContext = {
      id: globalThis.crypto.randomUUID(),
      stage: this.plan.name,
      label: options.label,
      signal,
      contributions: this.#host.contributions,
      needs: labelled(this.#host.needs, options.label),
      progress: (fraction, now) => this.#report(fraction, now?.loading === true),
      ...(previews ? { preview: (picture) => this.#show(picture) } : {}),
    }
    const result = await callBackend(backend, interceptors, operation, request, ctx)
    const images = this.#take(result, operation.name, request, options.label)
    const record: CallRecord = {
      operation: operation.name,
      ...(options.label === undefined ? {} : { label: options.label }),
      ms: performance.now() - started,
      unchanged: result.unchanged ?? false,
      kept: result.kept ?? false,
      ...(result.server === undefined ? {} : { server: result.server }),
      ...(result.unchangedMeans === undefined ? {} : { unchangedMeans: result.unchangedMeans }),
      inputs: imagesIn(request).map(({ digest }) => digest),
      outputs: images.map(({ digest }) => digest),
    }
    this.calls.push(record)
    this.#latest = images
    this.#report(0)
    this.#host.emit({ type: 'call-finished', stage: this.plan.name, call: record })
    return images
  }

  #take(
    result: CallResult,
    operation: string,
    request: unknown,
    label: string | undefined,
  ): StageImage[] {
    const inputs = imagesIn(request)
    const source = (i: number): StageImage | undefined =>
      inputs.length > 1 ? inputs[i] : inputs[0]
    const host = label === undefined ? this.plan.name : `${this.plan.name}:${label}`
    const through = [host, ...this.mergedNames]
    for (const warning of result.warnings ?? []) this.#host.warn(warning, this.plan.name)
    const asked = askedFor(request)
    if (result.images.length < asked)
      this.#host.warn(`asked for ${asked} pictures, got ${result.images.length}`, this.plan.name)
    for (const [slot, images] of Object.entries(result.before ?? {})) {
      const kept = images.map((image, i) => throughStage(image, source(i), [host]))
      this.before.set(slot, [...(this.before.get(slot) ?? []), ...kept])
    }
    return result.images.map((image, i) =>
      throughStage(withRequested(image, operation, request), source(i), through),
    )
  }

  /** Progress of the stage from 0 to 1, never falling. */
  #report(fraction: number, loading = false): void {
    const inCall = Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0))
    const expected = Math.max(this.plan.calls, this.calls.length + (inCall > 0 ? 1 : 0), 1)
    const now = Math.min(1, (this.calls.length + inCall) / expected)
    if (now <= this.#progress && loading === this.#loading) return
    this.#progress = Math.max(this.#progress, now)
    this.#loading = loading
    this.#host.emit({
      type: 'stage-progress',
      stage: this.plan.name,
      fraction: this.#progress,
      ...(loading ? { loading } : {}),
    })
  }

  #show({ bytes, mediaType }: Preview): void {
    this.#host.emit({ type: 'preview', stage: this.plan.name, bytes, mediaType })
  }

  #leave(images: ImageBatch, error: PipelineError): void {
    const stage = this.plan.name
    if (images.length === 0) this.unfinished.push({ stage, error })
    for (const image of images) this.unfinished.push({ image, stage, error })
    this.#host.emit({ type: 'image-failed', stage, error })
  }
}

function endsRun({ kind, code, details }: PipelineError): boolean {
  return kind === 'aborted' || code === 'SW_BACKEND_LOST' || details['stopsRun'] === true
}
