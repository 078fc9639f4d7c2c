import {
  sdcppLatentModes,
  sdcppSamplerAliases,
  sdcppSamplers,
  sdcppSchedulers,
} from '../data/samplers.js'
import { sdcppSteps } from '../data/sdcpp-capabilities.js'
import { Answer } from '../http/errors.js'
import type { Exchange } from '../http/exchange.js'
import type { World } from '../world.js'
import { read, readBody } from './json.js'

export interface SdcppRequest {
  readonly body: Record<string, unknown>
  readonly prompt: string
  readonly negative: string
  /** As asked; the pictures' sides are rounded up. Undefined: not given. */
  readonly width: number | undefined
  readonly height: number | undefined
  readonly steps: number
  readonly cfg: number
  readonly seed: number
  readonly batch: number
  readonly clipSkip: number
  /** Undefined: not recognised, "NONE". */
  readonly sampler: string | undefined
  readonly scheduler: string | undefined
  readonly hires: SdcppHires | undefined
  readonly strength: number | undefined
}

export interface SdcppHires {
  readonly upscaler: string
  readonly scale: number
  readonly x: number
  readonly y: number
  readonly steps: number
  readonly denoising: number
}

/** Fields that are read; all others are dropped without a word. */
const known = [
  'prompt',
  'negative_prompt',
  'width',
  'height',
  'steps',
  'cfg_scale',
  'seed',
  'batch_size',
  'clip_skip',
  'sampler_name',
  'scheduler',
  'enable_hr',
  'hr_upscaler',
  'hr_scale',
  'hr_resize_x',
  'hr_resize_y',
  'hr_steps',
  'denoising_strength',
  'lora',
  'extra_images',
]
const img2imgOnly = ['init_images', 'mask', 'inpainting_mask_invert']

/** Reads a request as sd-server does.
 *  @throws {Answer} 400 and 500 in its words */
export function readRequest(
  kind: 'txt2img' | 'img2img',
  exchange: Exchange,
  world: World,
): SdcppRequest {
  const body = readBody(exchange.raw)
  const number = (name: string, otherwise: number): number => read(body, name, 'number', otherwise)
  const prompt = withoutArgs(read(body, 'prompt', 'string', ''), exchange)
  const negative = read(body, 'negative_prompt', 'string', '')
  const width = Object.hasOwn(body, 'width') ? Math.trunc(number('width', 512)) : undefined
  const height = Object.hasOwn(body, 'height') ? Math.trunc(number('height', 512)) : undefined
  const steps = clamp(Math.trunc(number('steps', sdcppSteps)), 1, 100)
  const cfg = number('cfg_scale', 7)
  const seed = toInt32(number('seed', -1))
  const batch = clamp(Math.trunc(number('batch_size', 1)), 1, 8)
  const clipSkip = Math.trunc(number('clip_skip', -1))
  const sampler = samplerNamed(read(body, 'sampler_name', 'string', ''), body, exchange)
  const scheduler = schedulerNamed(read(body, 'scheduler', 'string', ''), body, exchange)
  const strength = kind === 'img2img' ? Math.min(1, number('denoising_strength', 0.75)) : undefined
  const hires = kind === 'txt2img' ? hiresOf(body, world) : undefined
  if (prompt === '') throw new Answer(400, { error: 'prompt required' })
  for (const side of [width, height])
    if (side !== undefined && (side <= 0 || side > 2 ** 31 - 1))
      throw new Answer(400, { error: 'width and height must be positive' })
  if (cfg < 0) throw new Answer(400, { error: 'invalid params' })
  checkLoras(body, world)
  noteIgnored(kind, body, exchange, hires !== undefined)
  return {
    body,
    prompt,
    negative,
    width,
    height,
    steps,
    cfg,
    seed,
    batch,
    clipSkip,
    sampler,
    scheduler,
    hires,
    strength,
  }
}

/** @throws {Answer} 400 "invalid params" for an unknown upscaler or a strength outside (0, 1] */
function hiresOf(body: Record<string, unknown>, world: World): SdcppHires | undefined {
  const wanted = read(body, 'enable_hr', 'boolean', false)
  const upscaler = read(body, 'hr_upscaler', 'string', '') || 'Latent'
  const hires = {
    upscaler,
    scale: read(body, 'hr_scale', 'number', 2),
    x: Math.trunc(read(body, 'hr_resize_x', 'number', 0)),
    y: Math.trunc(read(body, 'hr_resize_y', 'number', 0)),
    steps: Math.trunc(read(body, 'hr_steps', 'number', 0)),
    denoising: read(body, 'denoising_strength', 'number', 0.7),
  }
  if (!wanted) return undefined
  if (!usableHires(hires, world)) throw new Answer(400, { error: 'invalid params' })
  return upscaler === 'None' ? undefined : hires
}

export function usableHires({ upscaler, denoising }: SdcppHires, { dialect }: World): boolean {
  const names = [...sdcppLatentModes, ...dialect.upscalers.map(({ name }) => name)]
  return names.includes(upscaler) && denoising > 0 && denoising <= 1
}

/** WebUI names whatever their case, its own names exactly; anything else is its default, called NONE. */
function samplerNamed(
  name: string,
  body: Record<string, unknown>,
  exchange: Exchange,
): string | undefined {
  const found = sdcppSamplerAliases[name.toLowerCase()] ?? sdcppSamplers.find((one) => one === name)
  if (found === undefined && Object.hasOwn(body, 'sampler_name') && name !== 'default')
    exchange.ignore('sampler_name', `"${name}" is unknown: euler_a is used`)
  return found
}

function schedulerNamed(
  name: string,
  body: Record<string, unknown>,
  exchange: Exchange,
): string | undefined {
  const found = sdcppSchedulers.find((one) => one === name)
  if (found === undefined && Object.hasOwn(body, 'scheduler') && name !== 'default')
    exchange.ignore('scheduler', `"${name}" is unknown: names are lower case here`)
  return found
}

/** A LoRA is known by its path, and only after the list of them was asked for once.
 *  @throws {Answer} 400 */
function checkLoras(body: Record<string, unknown>, world: World): void {
  const { lora } = body
  if (!Array.isArray(lora)) return
  for (const one of lora as readonly unknown[]) {
    const path = (one as { path?: unknown } | null)?.path
    if (typeof path !== 'string' || path === '')
      throw new Answer(400, { error: 'lora.path required' })
    if (!world.loraCacheFilled || !world.loras.some((name) => `${name}.safetensors` === path))
      throw new Answer(400, { error: `invalid lora path: ${path}` })
  }
}

/** @throws {Answer} 400 "invalid sd_cpp_extra_args" */
function withoutArgs(prompt: string, exchange: Exchange): string {
  const pattern = /<sd_cpp_extra_args>(.*?)<\/sd_cpp_extra_args>/su
  const found = pattern.exec(prompt)
  if (found === null) return prompt
  try {
    JSON.parse(found[1]!)
  } catch {
    throw new Answer(400, { error: 'invalid sd_cpp_extra_args' })
  }
  exchange.ignore(
    'prompt',
    'sd_cpp_extra_args: a real server takes them, this one only removes them',
  )
  return prompt.replace(pattern, '')
}

function noteIgnored(
  kind: 'txt2img' | 'img2img',
  body: Record<string, unknown>,
  exchange: Exchange,
  hires: boolean,
): void {
  const reads = kind === 'img2img' ? [...known, ...img2imgOnly] : known
  for (const name of Object.keys(body)) {
    if (!reads.includes(name)) exchange.ignore(name, 'not read by this server')
    else if (kind === 'img2img' && (name === 'enable_hr' || name.startsWith('hr_')))
      exchange.ignore(name, 'img2img has no second pass')
    else if (
      !hires &&
      (name.startsWith('hr_') || (name === 'denoising_strength' && kind === 'txt2img'))
    )
      exchange.ignore(name, 'acts only with enable_hr')
    else if (name === 'extra_images') exchange.ignore(name, 'changes nothing with this model')
  }
  const text = body['prompt']
  if (typeof text === 'string' && /<lora:/u.test(text))
    exchange.ignore('prompt', 'LoRA tags stay in the prompt: send `lora` instead')
}

export const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value))

/** Seeds are 32-bit integers with a sign: half of the WebUI's become negative, which means random. */
function toInt32(seed: number): number {
  return Number(
    BigInt.asIntN(32, BigInt(Math.trunc(Math.min(2 ** 62, Math.max(-(2 ** 62), seed))))),
  )
}
