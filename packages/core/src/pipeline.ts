import { parseRun } from './config/parse.js'
import type { RunConfig, RunConfigInput } from './config/run-config.js'
import type { Backend } from './contract/backend.js'
import { contractVersion } from './contract/define-stage.js'
import type { Interceptor } from './contract/interceptor.js'
import type { ImageBatch } from './contract/stage-image.js'
import { Stage } from './contract/stage.js'
import { createScope, type Scope } from './di/scope.js'
import { type AnyToken, provide, type Provider } from './di/token.js'
import { errors } from './errors/catalogue.js'
import { explainPlan } from './plan/explain.js'
import { type OrderReason, orderReasons } from './plan/order-reasons.js'
import type { Placement, Placements } from './plan/placement.js'
import type { PipelinePlan } from './plan/stage-plan.js'
import type { Observer } from './run/events.js'
import type { LearningRecorder } from './run/learning.js'
import { prepare } from './run/prepare.js'
import type { RunResult } from './run/result.js'
import { PipelineRunner } from './run/runner.js'
import { randomSeed, type RandomSeed } from './run/seeds.js'
import { StageRegistry } from './stage-registry.js'

export interface PipelineOptions<S extends readonly Stage[]> {
  /** A backend given as a value stays the caller's to dispose; one made by a function is the pipeline's. */
  readonly backend: Backend | (() => Backend)
  readonly stages: S
  readonly services?: readonly Provider[]
  /** The app's scope, shared between pipelines; it stays the caller's to dispose. */
  readonly scope?: Scope
  readonly interceptors?: readonly Interceptor[]
  readonly observers?: readonly Observer[]
  readonly learning?: LearningRecorder
  readonly placement?: { readonly [N in S[number]['name']]?: Placement }
  /** Allows pictures over 120 MP. */
  readonly allowLarge?: boolean
  /** Lets names pass that the backend does not know, as warnings of the run. */
  readonly lenient?: boolean
  /** Shows observers pictures while they are made, as `preview` events, where the backend can. Default false. */
  readonly previews?: boolean
  /** Where random seeds come from. Default: the platform's random numbers. */
  readonly randomSeed?: RandomSeed
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  readonly runId?: string | undefined
  /** For this run, in place of the pipeline's. */
  readonly previews?: boolean | undefined
  /** Interceptors of this run only, within the pipeline's. */
  readonly interceptors?: readonly Interceptor[]
  /** Observers of this run only. */
  readonly observers?: readonly Observer[]
}

/** A plan that can explain itself. */
export interface ExplainedPlan extends PipelinePlan {
  explain(): string
  /** For each enabled stage why it stands where it does, and what would move it: each move is tried by planning. */
  orderReasons(): readonly OrderReason[]
}

export interface Pipeline<S extends readonly Stage[]> extends AsyncDisposable {
  /** Checks a config that came from elsewhere; what it returns is frozen.
   *  @throws {PipelineError} SW_CONFIG_… with every error in `errors` */
  parse(config: unknown): RunConfigInput<S>
  /** What `run` would do: opens the pictures that the config names, asks the backend what it can do, calls nothing. */
  plan(
    config: RunConfigInput<S>,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<ExplainedPlan>
  /** Rejects before any call when config or plan is wrong. Resolves with status `done` or `partial`.
   *  @throws {PipelineError} with `result` when a stage fails or the run is cancelled */
  run(config: RunConfigInput<S>, options?: RunOptions): Promise<RunResult>
  /** As `run`, starting from given pictures. */
  reprocess(images: ImageBatch, config: RunConfigInput<S>, options?: RunOptions): Promise<RunResult>
}

/** Builds a pipeline from stages and a backend. Set up once, run often; runs do not share state.
 *  @throws {PipelineError} SW_PLUGIN_… and SW_DI_… when stages or services do not fit */
export function createPipeline<const S extends readonly Stage[]>(
  options: PipelineOptions<S>,
): Pipeline<S> {
  const { backend: given, services = [], observers = [], placement = {} } = options
  const app = options.scope ?? createScope([], 'core')
  const listed = app.child(stageProviders(options.stages), 'stages')
  const own = listed.child(services, 'services')
  const registry = new StageRegistry(own)
  const stages = registry.stages
  for (const stage of stages)
    if (stage.contract !== contractVersion)
      throw errors.SW_PLUGIN_CONTRACT({
        stage: stage.name,
        contract: stage.contract,
        supported: contractVersion,
      })
  // What a stage brings is a default: the service of the host, where there is one, comes first.
  const scope = own.child(
    stages
      .flatMap((stage) => stage.definition.provides ?? [])
      .filter((provider) => !own.has(provider.token)),
    'provides',
  )
  const injected = Object.fromEntries(
    stages.map((stage) => [stage.name, resolveInjected(stage, scope)]),
  )
  const backend = typeof given === 'function' ? given() : given
  const placements = placement as Placements
  const facts = {
    stages,
    backend,
    services: scope,
    placement: placements,
    allowLarge: options.allowLarge ?? false,
    lenient: options.lenient ?? false,
  }
  let disposed = false
  const alive = (): void => {
    if (disposed) throw errors.SW_RUN_DISPOSED({})
  }
  const start = async (
    config: unknown,
    images: ImageBatch | undefined,
    run: RunOptions,
  ): Promise<RunResult> => {
    alive()
    const random = options.randomSeed ?? randomSeed
    const ready = await prepare(config, { ...facts, images, random, signal: run.signal })
    const runner = new PipelineRunner({
      backend,
      stages,
      services: injected,
      interceptors: [...(options.interceptors ?? []), ...(run.interceptors ?? [])],
      observers: [...observers, ...(run.observers ?? [])],
      learning: options.learning,
    })
    return runner.run(ready.plan, {
      images: ready.images,
      pictures: ready.pictures,
      capabilities: ready.capabilities,
      warnings: ready.warnings,
      config: ready.config,
      previews: run.previews ?? options.previews,
      signal: run.signal,
      runId: run.runId,
    })
  }
  return {
    parse: (config) => parseRun(config, stages, placements).source as RunConfigInput<S>,
    plan: async (config, { signal } = {}) => {
      alive()
      const { plan, replan, config: whole } = await prepare(config, { ...facts, signal })
      const placed = { ...placements, ...(whole['placement'] as Placements | undefined) }
      return Object.freeze({
        ...plan,
        explain: () => explainPlan(plan),
        orderReasons: () => orderReasons(plan, placed, replan),
      })
    },
    run: (config, run = {}) => start(config as RunConfig, undefined, run),
    reprocess: (images, config, run = {}) => start(config as RunConfig, images, run),
    [Symbol.asyncDispose]: async () => {
      if (disposed) return
      disposed = true
      await listed[Symbol.asyncDispose]()
      if (options.scope === undefined) await app[Symbol.asyncDispose]()
      if (typeof given === 'function') await backend[Symbol.asyncDispose]?.()
    },
  }
}

function stageProviders(stages: readonly Stage[]): Provider[] {
  return stages.map((stage) => provide(Stage, () => stage))
}

/** Services are resolved when the pipeline is built: what is missing is told then. */
function resolveInjected(stage: Stage, scope: Scope): Readonly<Record<string, unknown>> {
  const wanted = (stage.definition.inject ?? {}) as Readonly<Record<string, AnyToken>>
  return Object.fromEntries(
    Object.entries(wanted).map(([key, token]) => {
      if (!scope.has(token))
        throw errors.SW_DI_NOT_PROVIDED({ token: token.name, wantedBy: stage.name, known: [] })
      return [key, scope.get(token)]
    }),
  )
}
