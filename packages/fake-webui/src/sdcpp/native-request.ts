import { sdcppSamplers, sdcppSchedulers } from '../data/samplers.js'
import { sdcppSteps } from '../data/sdcpp-capabilities.js'
import { Answer } from '../http/errors.js'
import type { Exchange } from '../http/exchange.js'
import { isBlack, maskOf } from '../pictures/picture.js'
import type { World } from '../world.js'
import { type SdcppDrawing, sdcppPicture, sdcppSeed } from './generate.js'
import { read, readBody } from './json.js'
import { clamp, type SdcppHires, type SdcppRequest, usableHires } from './request.js'

/** A request of the native API, as far as it is drawn. */
export interface NativeRequest {
  readonly request: SdcppRequest
  readonly drawing: SdcppDrawing
  readonly format: 'png' | 'jpeg'
  /** 0–100, of a JPEG. */
  readonly quality: number
  /** Whether pictures carry their text. */
  readonly metadata: boolean
}

/** Reads `POST /sdcpp/v1/img_gen` as sd-server does: a value of the wrong type is as good as none.
 *  @throws {Answer} 400 and 500 in its words; 501 for a part of which nothing certain is known
 *  @source leejet/stable-diffusion.cpp examples/server/routes_sdcpp.cpp, examples/common/common.cpp from_json_str */
export async function readNative(exchange: Exchange, world: World): Promise<NativeRequest> {
  const body = readBody(
    exchange.raw,
    (message) => new Answer(400, { error: 'invalid json', message }),
  )
  world.loraCacheFilled = true
  const fields = new Fields(body, '', exchange)
  const sampling = fields.inside('sample_params')
  const width = fields.integer('width', 0)
  const height = fields.integer('height', 0)
  const { input, mask } = await picturesOf(fields)
  if (input !== undefined && (width <= 0 || height <= 0))
    throw unknownPart('init_image without width and height')
  checkLoras(body, world)
  const hires = hiresOf(fields.inside('hires'), world)
  const metadata = fields.boolean('embed_image_metadata', true)
  const request: SdcppRequest = {
    body,
    prompt: fields.string('prompt', ''),
    negative: fields.string('negative_prompt', ''),
    width,
    height,
    steps: clamp(sampling.integer('sample_steps', sdcppSteps), 1, 100),
    cfg: sampling.inside('guidance').number('txt_cfg', 7),
    seed: fields.integer('seed', 42),
    batch: clamp(fields.integer('batch_count', 1), 1, 8),
    clipSkip: fields.integer('clip_skip', -1),
    sampler: sampling.named('sample_method', sdcppSamplers),
    scheduler: sampling.named('scheduler', sdcppSchedulers),
    hires,
    strength: fields.number('strength', 0.75),
  }
  const cache = fields.string('cache_mode', '')
  const shifted = sampling.integer('shifted_timestep', 0)
  const { cfg, strength = 0 } = request
  if (strength < 0 || strength > 1 || cfg < 0 || shifted < 0 || shifted > 1000) throw invalid()
  if (cache !== '' && !cacheModes.has(cache)) throw invalid()
  const output = outputOf(body, metadata)
  fields.noteUnread(known)
  sampling.noteUnread(knownOfSampling)
  const asked = { width: width > 0 ? width : 512, height: height > 0 ? height : 512 }
  const seed = sdcppSeed(request.seed, world)
  return { request, drawing: { input, mask, asked, seed }, metadata, ...output }
}

const cacheModes = new Set([
  'disabled',
  'easycache',
  'ucache',
  'dbcache',
  'taylorseer',
  'cache-dit',
  'spectrum',
])

/** Read too, but not drawn, or looked at by themselves. */
const known = [
  'increase_ref_index',
  'auto_resize_ref_image',
  'control_strength',
  'ip_adapter_strength',
  'vae_tiling_params',
  'cache_option',
  'scm_mask',
  'scm_policy_dynamic',
  'qwen_image_layers',
  'lora',
  'output_format',
  'output_compression',
  'ref_images',
  'control_image',
  'ip_adapter_image',
]
const knownOfSampling = ['eta', 'flow_shift', 'custom_sigmas']

/** Pictures that cannot be read are refused here, unlike in `/sdapi/v1/img2img`. */
async function picturesOf(fields: Fields): Promise<Pick<SdcppDrawing, 'input' | 'mask'>> {
  for (const name of ['ref_images', 'control_image', 'ip_adapter_image']) {
    const value = fields.value(name)
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0))
      throw unknownPart(name)
  }
  const picture = fields.value('init_image')
  const input = typeof picture === 'string' ? await sdcppPicture(picture) : undefined
  if (typeof input === 'string' || (input === undefined && isGiven(picture))) throw invalid()
  const given = fields.value('mask_image')
  if (!isGiven(given)) return { input, mask: undefined }
  if (typeof given !== 'string') throw invalid()
  const mask = await maskOf(Buffer.from(given.replace(/^data:[^,]*,/u, ''), 'base64'), false, false)
  if (mask === undefined) throw invalid()
  if (input === undefined) fields.ignore('mask_image', 'acts only with init_image')
  return { input, mask: (await isBlack(mask)) ? undefined : mask }
}

function hiresOf(fields: Fields, world: World): SdcppHires | undefined {
  const hires: SdcppHires = {
    upscaler: fields.string('upscaler', 'Latent'),
    scale: fields.number('scale', 2),
    x: fields.integer('target_width', 0),
    y: fields.integer('target_height', 0),
    steps: fields.integer('steps', 0),
    denoising: fields.number('denoising_strength', 0.7),
  }
  const wanted = fields.boolean('enabled', false)
  fields.noteUnread(['custom_sigmas', 'upscale_tile_size'])
  if (!wanted) return undefined
  if (!usableHires(hires, world)) throw invalid()
  return hires.upscaler === 'None' ? undefined : hires
}

/** A path must be one of the list, which each request reads anew. */
function checkLoras({ lora }: Record<string, unknown>, world: World): void {
  if (lora === undefined) return
  if (!Array.isArray(lora)) throw invalid()
  for (const one of lora as readonly unknown[]) {
    const path = isRecord(one) ? one['path'] : undefined
    if (!world.loras.some((name) => `${name}.safetensors` === path)) throw invalid()
  }
}

function outputOf(
  body: Record<string, unknown>,
  metadata: boolean,
): Pick<NativeRequest, 'format' | 'quality'> {
  const format = read(body, 'output_format', 'string', 'png').toLowerCase()
  const quality = clamp(Math.trunc(read(body, 'output_compression', 'number', 100)), 0, 100)
  if (format !== 'png' && format !== 'jpeg')
    throw new Answer(400, { error: 'invalid output_format, must be one of [png, jpeg]' })
  if (format === 'jpeg' && metadata)
    throw unknownPart('output_format jpeg with embed_image_metadata')
  return { format, quality }
}

function invalid(): Answer {
  return new Answer(400, { error: 'invalid generation parameters' })
}

function unknownPart(part: string): Answer {
  return new Answer(501, {
    error: 'not_implemented',
    message: `fake-webui does not know what POST /sdcpp/v1/img_gen makes of ${part}`,
  })
}

/** The fields of an object of the request; those of another type are passed over, and noted. */
class Fields {
  readonly #read = new Set<string>()

  constructor(
    private readonly object: Record<string, unknown>,
    private readonly path: string,
    private readonly exchange: Exchange,
  ) {}

  value(name: string): unknown {
    this.#read.add(name)
    return this.object[name]
  }

  string(name: string, otherwise: string): string {
    return this.#typed(name, otherwise, (value) => typeof value === 'string')
  }

  boolean(name: string, otherwise: boolean): boolean {
    return this.#typed(name, otherwise, (value) => typeof value === 'boolean')
  }

  number(name: string, otherwise: number): number {
    return this.#typed(name, otherwise, (value) => typeof value === 'number')
  }

  integer(name: string, otherwise: number): number {
    return this.#typed(name, otherwise, (value) => Number.isInteger(value))
  }

  /** One of the names, in their own case; any other leaves the default. */
  named(name: string, names: readonly string[]): string | undefined {
    const value = this.string(name, 'default')
    if (names.includes(value)) return value
    if (value !== 'default') this.ignore(name, `"${value}" is unknown: the default is used`)
    return undefined
  }

  inside(name: string): Fields {
    const value = this.value(name)
    const object = isRecord(value) ? value : {}
    return new Fields(object, `${this.path}${name}.`, this.exchange)
  }

  ignore(name: string, why: string): void {
    this.exchange.ignore(`${this.path}${name}`, why)
  }

  noteUnread(others: readonly string[]): void {
    for (const name of Object.keys(this.object))
      if (!this.#read.has(name) && !others.includes(name))
        this.ignore(name, 'not read by this server')
  }

  #typed<T>(name: string, otherwise: T, fits: (value: unknown) => boolean): T {
    const value = this.value(name)
    if (value === undefined) return otherwise
    if (fits(value)) return value as T
    this.ignore(name, 'of another type: the default is used')
    return otherwise
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
