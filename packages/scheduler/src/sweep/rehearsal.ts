import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'

import {
  askedFor,
  type Backend,
  type CallContext,
  type CallResult,
  canonicalName,
  type Capabilities,
  createPipeline,
  Hires,
  type ImageBatch,
  imagesIn,
  type Interceptor,
  isPipelineError,
  type Observer,
  type PipelineError,
  type PipelinePlan,
  type Provider,
  type RunConfig,
  type RunEvent,
  type Stage,
  type StageImage,
  type StagePlan,
} from '@stagewright/core'
import { callKeys } from '@stagewright/run-store'

import type { Heavy } from './order.js'

/** A call that a cell is going to make. */
export interface RehearsedCall {
  /** Equal for calls that give the same pixels. */
  readonly key: string
  readonly stage: string
  /** Checkpoints that it loads, in order, as the server lists them. */
  readonly models: readonly string[]
  /** The upscaler of a high-res pass that is part of the call. */
  readonly hires: string | undefined
}

/** What a cell is going to do, found out by running it without a server. */
export interface Rehearsal {
  readonly plan: PipelinePlan
  readonly calls: readonly RehearsedCall[]
  readonly heavy: Heavy
  /** Of its pictures. */
  readonly seeds: readonly number[]
  /** Set where it could not be rehearsed to its end. */
  readonly stopped: PipelineError | undefined
}

export interface RehearsalHost {
  readonly stages: readonly Stage[]
  readonly services?: readonly Provider[] | undefined
  readonly allowLarge?: boolean | undefined
  readonly lenient?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Runs configs through the real pipeline on a backend that answers at once, with pictures that know only their size
 *  and the key of the call that made them: what two cells have in common has equal keys, whatever makes it so. */
export class Rehearser implements AsyncDisposable {
  readonly #pipeline: ReturnType<typeof createPipeline<readonly Stage[]>>
  readonly #signal: AbortSignal | undefined

  constructor(
    backend: Pick<Backend, 'kind' | 'refuses'>,
    capabilities: Capabilities,
    { stages, services = [], allowLarge = false, lenient = false, signal }: RehearsalHost,
  ) {
    this.#signal = signal
    this.#pipeline = createPipeline({
      backend: {
        kind: backend.kind,
        describe: () => Promise.resolve(capabilities),
        call: () => Promise.reject(new TypeError('a rehearsed call reached the backend')),
        ...(backend.refuses === undefined ? {} : { refuses: (call) => backend.refuses?.(call) }),
      },
      stages,
      services,
      allowLarge,
      lenient,
      randomSeed: () => 0,
    })
  }

  /** @throws {PipelineError} what refuses the config before its first call */
  async rehearse(config: RunConfig): Promise<Rehearsal> {
    const one = new OneRehearsal()
    const options = {
      interceptors: [one.interceptor],
      observers: [one.observer],
      signal: this.#signal,
    }
    try {
      const result = await this.#pipeline.run(config, options)
      return one.end(result.images, result.unfinished[0]?.error)
    } catch (error) {
      if (!isPipelineError(error) || error.result === undefined || error.kind === 'aborted')
        throw error
      return one.end([], error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pipeline[Symbol.asyncDispose]()
  }
}

interface CurrentStage {
  readonly plan: StagePlan
  readonly images: ImageBatch
  /** Made so far. */
  readonly calls: number
}

type Started = Extract<RunEvent, { type: 'run-started' }>

class OneRehearsal {
  readonly #calls: RehearsedCall[] = []
  readonly #heavy: Record<string, string> = {}
  #loaded: string | undefined
  #started: Started | undefined
  #stage: CurrentStage | undefined

  readonly observer: Observer = (event) => {
    if (event.type === 'run-started') this.#started = event
  }

  readonly interceptor: Interceptor = {
    stage: (plan, images, next) => {
      this.#stage = { plan, images, calls: 0 }
      return next()
    },
    call: (operation, request, ctx) => this.#call(operation, request, ctx),
  }

  end(images: ImageBatch, stopped: PipelineError | undefined): Rehearsal {
    return {
      plan: (this.#started as Started).plan,
      calls: this.#calls,
      heavy: this.#heavy,
      seeds: images.map(({ seed }) => seed),
      stopped,
    }
  }

  async #call(operation: string, request: unknown, ctx: CallContext): Promise<CallResult> {
    const { plan, backend, capabilities } = this.#started as Started
    const { plan: stage, images: input, calls: at } = this.#stage as CurrentStage
    const {
      keys: [key = ''],
    } = await callKeys(
      {
        operation,
        request,
        contributions: ctx.contributions,
        versions: Object.fromEntries(plan.stages.map(({ name, version }) => [name, version])),
        backend,
        capabilities,
        needs: plan.stages.flatMap(({ needs }) => needs),
      },
      ({ digest }) => Promise.resolve(digest),
    )
    const merged = plan.stages.filter(
      ({ enabled, execution }) =>
        enabled && execution.kind === 'merged' && execution.into.includes(stage.name),
    )
    const models = [...modelsAt(stage, at), ...merged.flatMap((one) => one.models)].map((name) =>
      canonicalName(capabilities, 'model', name),
    )
    const hires = Hires.from(ctx.contributions)?.hr_upscaler
    this.#calls.push({ key, stage: stage.name, models, hires })
    this.#note(stage.name, models, request)
    this.#stage = { plan: stage, images: input, calls: at + 1 }
    const output = merged.findLast((one) => one.output.length > 0)?.output ?? stage.output
    return { images: picturesOf(key, request, output, { input, calls: at }) }
  }

  #note(stage: string, models: readonly string[], request: unknown): void {
    const { vae, additional_modules: modules } = request as {
      readonly vae?: unknown
      readonly additional_modules?: unknown
    }
    for (const [i, model] of models.entries()) {
      // What is in memory already is no load of its own.
      if (model !== this.#loaded) this.#heavy[`${stage} ${i}`] = model
      this.#loaded = model
    }
    if (typeof vae === 'string') this.#heavy[`${stage} vae`] = vae
    if (Array.isArray(modules) && modules.length > 0)
      this.#heavy[`${stage} modules`] = modules.join(', ')
  }
}

/** The checkpoints of the call at a place, where calls take turns with them. */
function modelsAt({ models, cycle }: StagePlan, at: number): readonly string[] {
  if (cycle < 2 || models.length !== cycle) return models
  return models.slice(at % cycle, (at % cycle) + 1)
}

function picturesOf(
  key: string,
  request: unknown,
  output: StagePlan['output'],
  { input, calls }: { readonly input: ImageBatch; readonly calls: number },
): readonly StageImage[] {
  const sizes = output.flatMap(({ count, width, height }) =>
    Array.from({ length: Math.min(count, 10_000) }, () => ({ width, height })),
  )
  const sources = imagesIn(request)
  const { seed, subseed_strength: strength } = request as {
    readonly seed?: number
    readonly subseed_strength?: number
  }
  return Array.from({ length: askedFor(request) }, (_, i) => {
    const source = sources.length > 1 ? sources[i] : sources[0]
    const place = source === undefined ? -1 : input.findIndex((one) => one.digest === source.digest)
    const size = sizes[place < 0 ? calls : place] ?? sizes.at(-1) ?? source ?? square
    const counted = seed === undefined || (strength ?? 0) > 0 ? seed : seed + i
    return pictureOf(`${key} ${i}`, size, counted ?? source?.seed ?? 0)
  })
}

const square = { width: 512, height: 512 }

/** A picture that is painted only if somebody looks at it: in one colour. */
function pictureOf(
  key: string,
  { width, height }: { readonly width: number; readonly height: number },
  seed: number,
): StageImage {
  const digest = createHash('sha256').update(key).digest('hex')
  return Object.freeze({
    mediaType: 'image/png',
    width,
    height,
    seed,
    digest,
    lineage: [],
    bytes: () => Promise.resolve(flatPng(width, height, Buffer.from(digest.slice(0, 6), 'hex'))),
  })
}

function flatPng(width: number, height: number, colour: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const row = Buffer.alloc(1 + width * 3)
  for (let x = 0; x < width; x++) row.set(colour, 1 + x * 3)
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  const end = chunk('IEND', Buffer.alloc(0))
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), end])
}

function chunk(type: string, data: Uint8Array): Buffer {
  const whole = Buffer.alloc(data.length + 12)
  whole.writeUInt32BE(data.length, 0)
  whole.write(type, 4, 'latin1')
  whole.set(data, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, data.length + 8)), data.length + 8)
  return whole
}
