import {
  type CallResult,
  canonicalName,
  Hires,
  type HiresPass,
  type Img2ImgRequest,
  isPipelineError,
  onGrid,
  Refiner,
  type Sampling,
  stageImage,
  type StageImage,
  type Txt2ImgRequest,
} from '@stagewright/core'
import { samplingOf, seedAt } from '@stagewright/core/sampling'
import { infotext, withMetadata } from '@stagewright/metadata'

import type { Payload } from '../dialects/dialect.js'
import { unsupported } from '../payload/encoding.js'
import { targetOf } from '../payload/hires.js'
import { img2imgBody } from '../payload/img2img.js'
import { mostInCall, part, parts } from '../payload/split.js'
import { txt2imgBody } from '../payload/txt2img.js'
import { blankWarning } from '../result/blank.js'
import { driftOf } from '../result/drift.js'
import { answerErrors } from '../result/errors.js'
import { type Info, readInfo } from '../result/info.js'
import { pictures } from '../result/select.js'
import type { Job } from './job.js'
import { stagesOf } from './lineage.js'

type Request = Txt2ImgRequest | Img2ImgRequest

export function txt2img(job: Job, request: Txt2ImgRequest): Promise<CallResult> {
  const hires = Hires.from(job.ctx.contributions)
  return generate(job, request, {
    path: '/sdapi/v1/txt2img',
    encode: (one) => Promise.resolve(txt2imgBody(job.encoding, one)),
    size: sizeOf(job, request, hires),
    hires,
  })
}

export function img2img(job: Job, request: Img2ImgRequest): Promise<CallResult> {
  const [first] = request.images
  const keeps = request.mask !== undefined && request.inpaint_full_res === true
  return generate(job, request, {
    path: '/sdapi/v1/img2img',
    encode: (one) => img2imgBody(job.encoding, one),
    size: keeps && first !== undefined ? first : sizeOf(job, request, undefined),
    hires: undefined,
  })
}

interface Way<R> {
  readonly path: string
  readonly encode: (request: R) => Promise<Payload>
  /** The size that is expected back. */
  readonly size: { readonly width: number; readonly height: number }
  readonly hires: HiresPass | undefined
}

/** Makes a request's pictures: in one call, or in several where the server takes fewer, or ran out of memory and may be
 *  asked for half. What is made is kept when a later part fails, unless pictures come in pairs. */
async function generate<R extends Request>(job: Job, request: R, way: Way<R>): Promise<CallResult> {
  checkSeeds(job, request)
  const { limits, groups } = job.encoding.dialect
  const images: StageImage[] = []
  const paired = 'images' in request && request.images.length > 1
  let done = 0
  for (const one of parts(request, mostInCall(request, limits.batch, groups))) {
    try {
      images.push(...(await attempt(job, one, way, done / request.batch_size, request.batch_size)))
    } catch (error) {
      if (images.length === 0 || paired || job.ctx.signal.aborted) throw error
      job.warn(`only ${images.length} of ${request.batch_size} pictures: ${messageOf(error)}`)
      break
    }
    done += one.batch_size
  }
  return { images, warnings: job.warnings }
}

async function attempt<R extends Request>(
  job: Job,
  request: R,
  way: Way<R>,
  from: number,
  whole: number,
): Promise<StageImage[]> {
  const { batch_size: batch } = request
  job.part(from, batch / whole)
  try {
    return await once(job, request, way)
  } catch (error) {
    if (!job.host.halveBatch || batch < 2 || !isStarved(job, error)) throw error
    const half = Math.ceil(batch / 2)
    job.warn(`out of memory with batch_size ${batch}: made in two calls, with the same seeds`)
    const first = await attempt(job, part(request, 0, half), way, from, whole)
    const rest = part(request, half, batch - half)
    return [...first, ...(await attempt(job, rest, way, from + half / whole, whole))]
  }
}

async function once<R extends Request>(job: Job, request: R, way: Way<R>): Promise<StageImage[]> {
  const payload = await way.encode(request)
  const answer = await job.post(way.path, payload, 'generation')
  const info = readInfo(answer.body)
  const { dialect } = job.encoding
  const got = pictures(answer, info, request.batch_size)
  const made = got.map(({ at, bytes }) => {
    const settings = settingsOf(job, request, info, at)
    const text = textOf(job, request, { settings, info, hires: way.hires })
    const image = pictureOf(withInfotext(job, bytes, text), dialect.title, at + 1)
    return stageImage(image, { seed: settings.seed, settings })
  })
  if (made.length === 0)
    throw answerErrors.SW_WEBUI_NO_RESULT({ server: dialect.title, means: dialect.emptyMeans })
  const sampler = payload['sampler_name']
  const drift = driftOf(
    {
      seeds: seedsOf(request),
      samplers: [request.sampler_name, ...(typeof sampler === 'string' ? [sampler] : [])],
      model: job.titleOf(request.model),
      size: way.size,
      grid: dialect.grid,
    },
    info,
    made,
  )
  for (const warning of drift) job.warn(warning)
  await warnOfBlanks(job, request, got)
  return made
}

async function warnOfBlanks(job: Job, request: Request, got: ReturnType<typeof pictures>) {
  const sources = 'images' in request ? request.images : []
  for (const { at, bytes } of got) {
    const place = request.batch_size === 1 ? 'the picture' : `picture ${at + 1}`
    const source = sources[sources.length > 1 ? at : 0]
    const warning = await blankWarning(bytes, place, source)
    if (warning !== undefined) job.warn(warning)
  }
}

/** The picture with its infotext; a warning where its format has no room for one so long. */
export function withInfotext(job: Job, bytes: Uint8Array, text: string): Uint8Array {
  const written = withMetadata(bytes, { infotext: text })
  for (const { field, message } of written.problems)
    if (field !== 'picture') job.warn(`what the picture tells of itself: ${message}`)
  return written.bytes
}

/** The bytes, if they are a picture.
 *  @throws {PipelineError} SW_WEBUI_NOT_A_PICTURE */
export function pictureOf(bytes: Uint8Array, server: string, picture: number): Uint8Array {
  try {
    stageImage(bytes)
    return bytes
  } catch {
    throw answerErrors.SW_WEBUI_NOT_A_PICTURE({ server, picture })
  }
}

/** The settings of one picture, resolved: prompts as the server gives them back, its real seed, the real size. */
function settingsOf(job: Job, request: Request, info: Info, at: number): Sampling {
  const { dialect, inventory } = job.encoding
  const expected = seedAt(request, at)
  // A server that takes LoRAs out of the prompt gives back less than was asked for.
  const returned = dialect.loras === 'tags'
  const prompt = returned ? info.prompts[at] : undefined
  const model = request.model ?? nameOf(inventory, info)
  const { styles: _, ...plain } = request
  return samplingOf({
    ...(prompt === undefined ? request : plain),
    prompt: prompt ?? request.prompt,
    negative_prompt: (returned ? info.negativePrompts[at] : undefined) ?? request.negative_prompt,
    ...(model === undefined ? {} : { model }),
    width: onGrid(request.width, dialect.grid),
    height: onGrid(request.height, dialect.grid),
    seed: info.seeds[at] ?? expected.seed,
    subseed: expected.subseed,
  })
}

function nameOf(inventory: Job['encoding']['inventory'], info: Info): string | undefined {
  if (info.model === undefined) return undefined
  const name = canonicalName(inventory, 'model', info.model)
  return inventory.checkpoints.has(name) ? name : undefined
}

function textOf(
  job: Job,
  request: Request,
  made: { readonly settings: Sampling; readonly info: Info; readonly hires: HiresPass | undefined },
): string {
  const source = 'images' in request ? request.images[0] : undefined
  return infotext({
    settings: made.settings,
    model_hash: made.info.modelHash,
    hires: made.hires,
    refiner: Refiner.from(job.ctx.contributions),
    denoising_strength: 'denoising_strength' in request ? request.denoising_strength : undefined,
    version: made.info.version,
    stages: stagesOf(job.ctx, source),
  })
}

function sizeOf(job: Job, request: Request, hires: HiresPass | undefined) {
  const { grid } = job.encoding.dialect
  return hires === undefined
    ? { width: onGrid(request.width, grid), height: onGrid(request.height, grid) }
    : targetOf(job.encoding, request, hires)
}

function seedsOf(request: Request): number[] {
  return Array.from({ length: request.batch_size }, (_, i) => seedAt(request, i).seed)
}

/** A seed that the server cannot hold turns negative there, and random. */
function checkSeeds(job: Job, request: Request): void {
  const { dialect } = job.encoding
  const { maxSeed: most } = dialect
  if (most !== undefined && seedsOf(request).some((seed) => seed > most))
    throw unsupported(dialect, `seeds above ${most}`, 'choose a smaller seed')
}

function isStarved(job: Job, error: unknown): boolean {
  if (!isPipelineError(error)) return false
  const silently = job.encoding.dialect.starvesSilently === true
  return (
    error.code === 'SW_WEBUI_OUT_OF_MEMORY' || (silently && error.code === 'SW_WEBUI_NO_RESULT')
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
