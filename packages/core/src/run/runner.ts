import type { RunConfig } from '../config/run-config.js'
import { type Backend, type Capabilities, coreCapabilities } from '../contract/backend.js'
import { pictureKey } from '../contract/image-source.js'
import type { Interceptor } from '../contract/interceptor.js'
import { withPictures } from '../contract/picture-in-plan.js'
import type { ImageBatch } from '../contract/stage-image.js'
import type { Stage } from '../contract/stage.js'
import { errors } from '../errors/catalogue.js'
import type { PipelineError } from '../errors/pipeline-error.js'
import { messageOf } from '../errors/wrap.js'
import { needsOfCalls } from '../plan/call-needs.js'
import type { PipelinePlan, StagePlan } from '../plan/stage-plan.js'
import { StageSequencer } from '../plan/stage-sequencer.js'
import type { Observer, RunEvent } from './events.js'
import type { LearningRecorder } from './learning.js'
import { handedOn } from './lineage.js'
import type { GivenPictures } from './open-pictures.js'
import type { RunResult, StageResult, UnfinishedImage } from './result.js'
import { mergedResult, outcomeOf, stageResult } from './stage-result.js'
import { StageRun } from './stage-run.js'

export interface RunnerHost {
  readonly backend: Backend
  readonly stages: readonly Stage[]
  /** The services that each stage asked for, by stage name. */
  readonly services?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly interceptors?: readonly Interceptor[]
  readonly observers?: readonly Observer[]
  readonly learning?: LearningRecorder | undefined
}

export interface RunInput {
  /** The pictures to start from, in a reprocess run. */
  readonly images?: ImageBatch
  /** Pictures that the configs name. */
  readonly pictures?: GivenPictures
  readonly config?: RunConfig
  /** What the backend said of itself. Default: the core slots and operations, sizes in multiples of 8. */
  readonly capabilities?: Capabilities
  /** Warnings from before the run, told once it has started. */
  readonly warnings?: readonly string[]
  /** Whether observers are shown pictures while they are made. Default false. */
  readonly previews?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly runId?: string | undefined
}

/** Runs a plan: checks it, then executes its stages in order and hands the pictures on. */
export class PipelineRunner {
  readonly #host: RunnerHost

  constructor(host: RunnerHost) {
    this.#host = host
  }

  /** Resolves when every picture is done, or some are (`partial`).
   *  @throws {StagePlanError} before any call, when the plan breaks a law
   *  @throws {PipelineError} when a stage fails or the run is cancelled, with what was finished in `error.result` */
  async run(plan: PipelinePlan, input: RunInput = {}): Promise<RunResult> {
    const ordered = new StageSequencer(plan, this.#host.stages).getOrderedStages()
    const run = new Run(this.#host, plan, ordered, input)
    return run.execute()
  }
}

/** The state of one run. */
class Run {
  readonly #host: RunnerHost
  readonly #plan: PipelinePlan
  readonly #ordered: readonly StagePlan[]
  readonly #input: RunInput
  readonly #signal: AbortSignal
  readonly #warnings: string[] = []
  readonly #results = new Map<string, StageResult>()
  readonly #unfinished: UnfinishedImage[] = []
  #images: ImageBatch

  constructor(
    host: RunnerHost,
    plan: PipelinePlan,
    ordered: readonly StagePlan[],
    input: RunInput,
  ) {
    this.#host = host
    this.#plan = plan
    this.#ordered = ordered
    this.#input = input
    this.#signal = input.signal ?? new AbortController().signal
    this.#images = input.images ?? []
  }

  async execute(): Promise<RunResult> {
    const runId = this.#input.runId ?? globalThis.crypto.randomUUID()
    const notes = this.#plan.stages.flatMap((stage) => stage.notes)
    this.#emit({
      type: 'run-started',
      runId,
      plan: this.#plan,
      notes,
      config: this.#input.config ?? {},
      backend: this.#host.backend.kind,
      capabilities: this.#capabilities,
    })
    for (const warning of this.#input.warnings ?? []) this.#warn(warning)
    let error: PipelineError | undefined
    for (const stage of this.#ordered) {
      if (stage.execution.kind === 'merged') continue
      error = await this.#executeStage(stage)
      if (error !== undefined) break
    }
    const result = this.#result(runId, error)
    if (result.status === 'done') await this.#learn(result)
    const final: RunResult = Object.freeze({
      ...result,
      warnings: Object.freeze([...this.#warnings]),
    })
    this.#emit({ type: 'run-finished', status: final.status, result: final, error })
    if (error === undefined) return final
    error.result = final
    throw error
  }

  /** @returns what ends the run, if anything does */
  async #executeStage(plan: StagePlan): Promise<PipelineError | undefined> {
    const { name } = plan
    const merged = this.#ordered.filter(
      ({ execution }) => execution.kind === 'merged' && execution.into.includes(name),
    )
    if (this.#signal.aborted) {
      const error = errors.SW_RUN_CANCELLED({ stage: name })
      this.#keepUnfinished(name, error)
      this.#images = []
      return error
    }
    const input = this.#images
    this.#emit({
      type: 'stage-started',
      stage: name,
      images: input,
      mergedWith: merged.map((one) => one.name),
    })
    const started = performance.now()
    const run = this.#stageRun(plan, merged)
    const thrown = await this.#work(run, plan, input)
    const outcome = outcomeOf(run, this.#images.length, this.#signal.aborted)
    this.#unfinished.push(...run.unfinished)
    const ended = outcome === 'failed' || outcome === 'cancelled'
    const error = ended
      ? (thrown ?? run.stopped ?? run.unfinished[0]?.error ?? this.#stopError(name))
      : undefined
    if (ended) this.#keepUnfinished(name, error as PipelineError)
    const host = stageResult(run, outcome, this.#images, performance.now() - started)
    this.#finish(name, host)
    for (const [at, one] of merged.entries())
      this.#finish(one.name, mergedResult(one, host, run, merged.slice(at + 1), this.#images))
    if (ended) this.#images = []
    else this.#compareSizes(plan, merged)
    return error
  }

  async #work(
    run: StageRun,
    plan: StagePlan,
    input: ImageBatch,
  ): Promise<PipelineError | undefined> {
    const definition = this.#host.stages.find((stage) => stage.name === plan.name)?.definition
    const interceptors = this.#host.interceptors ?? []
    const innermost = async (): Promise<ImageBatch> =>
      (await definition?.execute?.(run.context() as never, input)) ?? input
    const chain = interceptors.reduceRight(
      (next, interceptor) => () => interceptor.stage?.(plan, input, next) ?? next(),
      innermost,
    )
    try {
      const images = await chain()
      this.#images = images.map((image) => handedOn(image, plan.name, run.mergedNames))
      return this.#images.length === 0 && run.unfinished.length === 0
        ? run.fail(input, errors.SW_STAGE_NO_PICTURES({ stage: plan.name }))
        : undefined
    } catch (error) {
      this.#images = []
      return run.fail(input, error)
    }
  }

  #stageRun(plan: StagePlan, merged: readonly StagePlan[]): StageRun {
    const { backend, interceptors = [], services = {} } = this.#host
    const given = this.#input.pictures
    const pictures = (reference: string, use: 'picture' | 'mask'): ImageBatch =>
      (given?.get(pictureKey(reference, use)) ?? []).map(({ image }) => image)
    return new StageRun(plan, merged, {
      backend,
      interceptors,
      signal: this.#signal,
      services: services[plan.name] ?? {},
      // Of merged stages, and of those that contribute to this call beside making their own.
      contributions: this.#ordered
        .flatMap(({ contributions }) => contributions)
        .filter(({ to }) => to.includes(plan.name))
        .map((one) => ({ ...one, value: withPictures(one.value, pictures) })),
      needs: needsOfCalls(plan, this.#ordered),
      first: this.#ordered.find(({ generates }) => generates)?.name === plan.name,
      grid: this.#capabilities.grid,
      previews: this.#input.previews ?? false,
      emit: (event) => this.#emit(event),
      warn: (message, stage) => this.#warn(message, stage),
      pictures,
    })
  }

  /** What a stage did finish does not reach the end once the run stops: it is kept apart. */
  #keepUnfinished(stage: string, error: PipelineError): void {
    this.#unfinished.push(
      ...this.#images.map((image): UnfinishedImage => ({ image, stage, error })),
    )
  }

  get #capabilities(): Capabilities {
    return this.#input.capabilities ?? coreCapabilities
  }

  #stopError(stage: string): PipelineError {
    return this.#signal.aborted
      ? errors.SW_RUN_CANCELLED({ stage })
      : errors.SW_STAGE_NO_PICTURES({ stage })
  }

  /** Trusts pixels, not the plan: another size than forecast is told. */
  #compareSizes(plan: StagePlan, merged: readonly StagePlan[]): void {
    const expected = (merged.findLast(({ output }) => output.length > 0) ?? plan).output
    const sizes = new Set(expected.map(({ width, height }) => `${width}x${height}`))
    const wrong = this.#images.find(({ width, height }) => !sizes.has(`${width}x${height}`))
    if (wrong !== undefined && sizes.size > 0)
      this.#warn(
        `expected ${[...sizes].join(', ')}, got a picture of ${wrong.width}x${wrong.height}`,
        plan.name,
      )
  }

  #finish(name: string, result: StageResult): void {
    this.#results.set(name, result)
    this.#emit({ type: 'stage-finished', stage: name, result })
  }

  #result(runId: string, error: PipelineError | undefined): RunResult {
    const status =
      error === undefined
        ? this.#unfinished.length > 0
          ? 'partial'
          : 'done'
        : error.kind === 'aborted'
          ? 'cancelled'
          : 'failed'
    return {
      runId,
      status,
      images: error === undefined ? this.#images : [],
      stages: this.#ordered.flatMap(({ name }) => this.#results.get(name) ?? []),
      unfinished: this.#unfinished,
      warnings: this.#warnings,
      plan: this.#plan,
      config: this.#input.config ?? {},
    }
  }

  async #learn(result: RunResult): Promise<void> {
    try {
      await this.#host.learning?.record(result)
    } catch (error) {
      this.#warn(`the learning record was not written: ${messageOf(error)}`)
    }
  }

  #warn(message: string, stage?: string): void {
    this.#warnings.push(stage === undefined ? message : `${stage}: ${message}`)
    this.#emit({ type: 'warning', stage, message })
  }

  #emit(event: RunEvent): void {
    for (const observer of this.#host.observers ?? []) {
      try {
        observer(event)
      } catch (error) {
        this.#warnings.push(`an observer threw at ${event.type}: ${messageOf(error)}`)
      }
    }
  }
}
