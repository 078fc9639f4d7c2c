import {
  type CallContext,
  canonicalName,
  Hires,
  type HiresPass,
  type ModelLoad,
  Refiner,
} from '@stagewright/core'

import type { Server } from '../dialects/detect.js'
import type { Payload } from '../dialects/dialect.js'
import type { Inventory } from '../inventory/inventory.js'
import type { Encoding } from '../payload/encoding.js'
import { merged } from '../payload/merge.js'
import { checkScripts } from '../payload/scripts.js'
import { answerErrors } from '../result/errors.js'
import { failureOf, leversOf } from '../result/failure.js'
import type { BodyPart, GenerateAnswer, Transport } from '../transport.js'
import type { ToPicture } from './client-upscale.js'
import type { WebuiSlot } from './plugins.js'
import { taskIdOf } from './settle.js'

/** What calls share: the server, what it has, and what the composer asked for. */
export interface JobHost {
  readonly transport: Transport
  readonly server: Server
  readonly inventory: Inventory
  readonly slots: readonly WebuiSlot[]
  readonly lenient: boolean
  readonly halveBatch: boolean
  readonly toPicture: ToPicture | undefined
  readonly loaded: Loaded
}

/** What is in the server's memory, as far as the last call of ours tells. */
export interface Loaded {
  /** The checkpoint that it used; empty where that is not known. */
  model: string
  /** Where it went on to others: those that it may have ended with. Empty where nothing is known of them either. */
  others: readonly string[]
}

/** What a call loaded before its first steps. */
export interface Loads {
  /** Whether that is all of it. */
  known: boolean
  readonly measured: ModelLoad[]
}

/** One call of the backend while it lasts: may need several posts, and tells one progress that never falls. */
export class Job {
  readonly host: JobHost
  readonly ctx: CallContext
  readonly operation: string
  readonly request: unknown
  readonly encoding: Encoding
  readonly warnings: string[] = []
  readonly loads: Loads
  #told = 0
  #loading = false
  #from = 0
  #share = 1
  #posts = 0

  constructor(
    host: JobHost,
    ctx: CallContext,
    operation: string,
    request: unknown,
    loads: Loads = { known: true, measured: [] },
  ) {
    this.host = host
    this.ctx = ctx
    this.operation = operation
    this.request = request
    this.loads = loads
    this.encoding = {
      dialect: host.server.dialect,
      inventory: host.inventory,
      contributions: ctx.contributions,
      lenient: host.lenient,
      warn: (message) => this.warn(message),
    }
  }

  warn(message: string): void {
    if (!this.warnings.includes(message)) this.warnings.push(message)
  }

  /** The title that a model of the request goes by, for comparing. */
  titleOf(model: string | undefined): string | undefined {
    if (model === undefined) return undefined
    const { inventory } = this.host
    const name = canonicalName(inventory, 'model', model)
    return inventory.checkpoints.get(name)?.title ?? name
  }

  /** The high-res pass that cannot be in the same call: on some servers it would go on with a refiner that was only
   *  for the first. */
  secondPassApart(): HiresPass | undefined {
    const { refiner } = this.encoding.dialect
    if (refiner === undefined || refiner.firstPassAlone) return undefined
    const first = Refiner.from(this.ctx.contributions)?.refiner_pass === 'first'
    return first ? Hires.from(this.ctx.contributions) : undefined
  }

  /** The next post is this part of the whole call. */
  part(from: number, share: number): void {
    this.#from = from
    this.#share = share
  }

  /** Sends a generating payload and gives the answer of a job that ran to its end.
   *  @throws {PipelineError} SW_WEBUI_INTERRUPTED, SW_WEBUI_NO_RESULT, the transport's own, or what the server says */
  async post(path: string, payload: Payload, job: JobKind): Promise<GenerateAnswer> {
    const { transport, server, loaded } = this.host
    const { dialect } = server
    const body = job === 'generation' ? await this.#complete(path, payload) : payload
    const followed = job === 'generation' && dialect.progress === 'task'
    const taskId = followed ? taskIdOf(this.ctx.id, this.#posts++) : undefined
    // sd-server knows a LoRA only once it has been asked to list them.
    if (body['lora'] !== undefined)
      await transport.get('/sdapi/v1/loras', { signal: this.ctx.signal })
    const model = modelIn(body)
    const other = model !== undefined && model !== loaded.model
    const expectsLoad = loaded.model === '' || other
    const { model: before, others } = loaded
    const left = loaded.model === '' ? others.length > 0 && !others.includes(model ?? '') : true
    const loadsBetween = ['refiner_checkpoint', 'hr_checkpoint_name'].some((key) => key in body)
    // After a call that fails, or changes the checkpoint on its way, nobody knows which one is in memory.
    loaded.model = ''
    loaded.others = []
    const answer = await transport.generate(
      path,
      taskId === undefined ? body : { ...body, force_task_id: taskId },
      {
        signal: this.ctx.signal,
        ...(taskId === undefined ? {} : { taskId }),
        progress: job === 'resampling' ? 'none' : followed ? 'task' : global(dialect.progress),
        interrupt: dialect.interrupt,
        onProgress: (fraction, { loading }) => this.#progress(fraction, loading),
        ...(followed && this.ctx.preview !== undefined
          ? { onPreview: (picture) => this.ctx.preview?.(picture) }
          : {}),
        expectsLoad,
        loadsBetween,
        onError: failureOf(dialect, this.#levers(body)),
      },
    )
    for (const warning of answer.warnings) this.warn(warning)
    this.ctx.signal.throwIfAborted()
    if (job !== 'resampling') await this.#refuseHalfMade(answer)
    if (!answer.images.some((bytes) => bytes !== null && bytes.length > 0))
      throw answerErrors.SW_WEBUI_NO_RESULT({ server: dialect.title, means: dialect.emptyMeans })
    if (model !== undefined) {
      if (!loadsBetween) loaded.model = model
      loaded.others = othersIn(body, model)
      const { untilStep } = answer
      if (other && left && untilStep !== undefined)
        this.loads.measured.push({ model: this.#nameOf(model), ms: untilStep })
      else if (other) this.loads.known = false
    } else if (job === 'resampling') {
      // It needs no checkpoint, and leaves what is there.
      loaded.model = before
      loaded.others = others
    }
    this.#progress(1)
    return answer
  }

  /** Adds what plugins' slots say, and checks the scripts of the whole. */
  async #complete(path: string, payload: Payload): Promise<Payload> {
    const { dialect } = this.encoding
    let body = payload
    for (const plugin of this.host.slots) {
      const value: unknown = plugin.slot.from(this.ctx.contributions)
      if (value === undefined) continue
      const { operation, request } = this
      body = merged(
        body,
        await plugin.encode(value, { operation, dialect: dialect.name, payload: body, request }),
      )
    }
    checkScripts(this.encoding, body, path.endsWith('img2img'))
    return body
  }

  #nameOf(title: string): string {
    return canonicalName(this.host.inventory, 'model', title)
  }

  /** An interrupted job answers with 200 and a half-denoised picture; only the server's state tells.
   *  @source reference §8, Interrupt result */
  async #refuseHalfMade(answer: GenerateAnswer): Promise<void> {
    const { dialect } = this.encoding
    if (!dialect.interrupt || (answer.images.length === 0 && dialect.progress !== 'task')) return
    const path = '/sdapi/v1/progress?skip_current_image=true'
    const read = await this.host.transport.get(path, { optional: true })
    const { state } = (read?.body ?? {}) as { state?: Readonly<Record<string, unknown>> }
    // Once another job runs, the state is that job's.
    const idle = (state?.['job_count'] ?? 0) === 0
    if (state?.['interrupted'] === true && idle) throw answerErrors.SW_WEBUI_INTERRUPTED({})
  }

  #levers(body: Payload): readonly string[] {
    const number = (key: string) => (typeof body[key] === 'number' ? { [key]: body[key] } : {})
    return leversOf({
      ...number('batch_size'),
      ...number('width'),
      ...number('height'),
      ...number('upscaling_resize'),
      hires: Hires.from(this.ctx.contributions) !== undefined,
    })
  }

  #progress(fraction: number, loading = false): void {
    const now = this.#from + this.#share * Math.min(1, Math.max(0, fraction))
    if (!(now > this.#told) && loading === this.#loading) return
    this.#told = Math.min(1, Math.max(this.#told, now))
    this.#loading = loading
    this.ctx.progress(this.#told, { loading })
  }
}

/** A generation is followed by its task; a job of another route by the global progress; resampling not at all. */
export type JobKind = 'generation' | 'other' | 'resampling'

function global(progress: 'task' | 'global' | 'none'): 'global' | 'none' {
  return progress === 'none' ? 'none' : 'global'
}

/** The checkpoints that a call may end with, where it goes on to any. */
function othersIn(body: Payload, model: string): readonly string[] {
  const { refiner_checkpoint: refiner, hr_checkpoint_name: hires, override_settings: own } = body
  const others = [refiner, hires].filter((one) => typeof one === 'string')
  const settings = own as Readonly<Record<string, BodyPart>> | undefined
  const back = settings?.['hires_fix_refiner_pass'] === 'first pass'
  return back ? [...others, model] : others
}

function modelIn(body: Payload): string | undefined {
  const settings = body['override_settings'] as Readonly<Record<string, BodyPart>> | undefined
  const model = settings?.['sd_model_checkpoint']
  return typeof model === 'string' ? model : undefined
}
