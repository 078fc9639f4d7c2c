import type { Txt2ImgRequest } from '@stagewright/core'
import sharp from 'sharp'

import { Answer, Crash } from '../http/errors.js'
import type { Exchange, Reply } from '../http/exchange.js'
import { modelName } from '../jobs/checkpoints.js'
import { checkMemory, sample } from '../jobs/job.js'
import { ceilTo } from '../jobs/size.js'
import { withText } from '../pictures/chunks.js'
import { decoded, isBlack, maskOf, type Picture, plain, resized } from '../pictures/picture.js'
import type { World } from '../world.js'
import { sdcppInfotext, type SdcppSize } from './infotext.js'
import { Float, written } from './json.js'
import { readRequest, type SdcppRequest } from './request.js'

/** txt2img and img2img of sd-server. */
export async function sdcppGenerate(
  kind: 'txt2img' | 'img2img',
  exchange: Exchange,
  world: World,
): Promise<Reply> {
  const request = readRequest(kind, exchange, world)
  const input = kind === 'img2img' ? await inputOf(request, exchange) : undefined
  const asked = {
    width: request.width ?? (input === undefined ? 512 : raised(input.width, world)),
    height: request.height ?? (input === undefined ? 512 : raised(input.height, world)),
  }
  const seed = sdcppSeed(request.seed, world)
  const mask = input === undefined ? undefined : await maskFor(request)
  const pictures = await sdcppPictures(request, { input, mask, asked, seed }, exchange, world)
  const model = world.checkpoints[0]!.file
  const seeds = pictures.map((_, i) => seed + i)
  const texts = seeds.map((one) => sdcppInfotext(request, one, asked, model))
  const body = {
    images: pictures.map(({ png }, i) =>
      withText(png, 'parameters', texts[i]!, true).toString('base64'),
    ),
    info: written(infoOf(request, asked, seeds, texts, model)),
    parameters: request.body,
  }
  return { text: written(body), headers: { 'content-type': 'application/json' } }
}

/** A random seed is the time in seconds: two requests within one second get the same. */
export function sdcppSeed(asked: number, { clock }: World): number {
  return asked < 0 ? Math.floor(clock.now() / 1000) % 2 ** 31 : asked
}

function infoOf(
  request: SdcppRequest,
  { width, height }: SdcppSize,
  seeds: readonly number[],
  infotexts: readonly string[],
  model: string,
): unknown {
  const { prompt, negative, scheduler, strength, clipSkip } = request
  return {
    all_negative_prompts: seeds.map(() => negative),
    all_prompts: seeds.map(() => prompt),
    all_seeds: seeds,
    cfg_scale: new Float(request.cfg),
    clip_skip: clipSkip > 0 ? clipSkip : undefined,
    denoising_strength: strength === undefined ? undefined : new Float(strength),
    extra_generation_params: scheduler === undefined ? undefined : { 'Schedule type': scheduler },
    height,
    infotexts,
    negative_prompt: negative === '' ? undefined : negative,
    prompt,
    sampler_name: request.sampler ?? 'NONE',
    sd_model_name: model,
    seed: seeds[0],
    steps: request.steps,
    version: 'stable-diffusion.cpp',
    width,
  }
}

/** What a request draws, its size and seed settled. */
export interface SdcppDrawing {
  readonly input: Picture | undefined
  readonly mask: Picture | undefined
  readonly asked: SdcppSize
  /** Of the first picture. */
  readonly seed: number
}

/** Draws under the one lock that both APIs share.
 *  @throws {Answer} 500 "generate_image returned no results", its way to say that memory ran out */
export function sdcppPictures(
  request: SdcppRequest,
  drawing: SdcppDrawing,
  exchange: Exchange,
  world: World,
): Promise<Picture[]> {
  return world.lock.run(async () => {
    world.progress.begin('sdapi')
    try {
      const made = await drawn(request, drawing, exchange, world)
      world.finished++
      return exchange.suffers('nan')
        ? await Promise.all(made.map((one) => plain(one.width, one.height, '#000000')))
        : made
    } catch (error) {
      if (error instanceof Crash && error.kind === 'OutOfMemoryError')
        throw new Answer(500, { error: 'generate_image returned no results' })
      throw error
    } finally {
      world.progress.clear()
    }
  })
}

async function drawn(
  request: SdcppRequest,
  { input, mask, asked, seed }: SdcppDrawing,
  exchange: Exchange,
  world: World,
): Promise<Picture[]> {
  const { painter } = world
  const { hires, steps, batch } = request
  const [width, height] = [raised(asked.width, world), raised(asked.height, world)]
  checkMemory({ world, exchange }, width, height, batch)
  await world.load(world.checkpoints[0]!, exchange)
  await sample({ world, exchange }, steps, (width * height * batch) / 1e6)
  const base = fieldsOf(request, width, height, seed, world)
  if (input !== undefined)
    return painter.redrawn(
      {
        ...base,
        denoising_strength: request.strength ?? 0.75,
        resize_mode: 0,
        img2img_fix_steps: false,
        mask_blur: 0,
        inpainting_fill: 1,
        inpaint_full_res: false,
      },
      [await resized(input, width, height)],
      mask === undefined ? undefined : await resized(mask, width, height, 'nearest'),
      {},
    )
  if (hires === undefined) return painter.fromNothing(base, {})
  const target = hiresTarget(asked, hires, world)
  checkMemory({ world, exchange }, target.width, target.height, batch)
  return painter.fromNothing(base, {
    hires: {
      hr_scale: hires.scale,
      hr_resize_x: target.width,
      hr_resize_y: target.height,
      hr_upscaler: hires.upscaler,
      hr_second_pass_steps: hires.steps,
      denoising_strength: hires.denoising,
    },
  })
}

/** One side alone makes a square. */
function hiresTarget(
  { width, height }: SdcppSize,
  { x, y, scale }: NonNullable<SdcppRequest['hires']>,
  world: World,
): SdcppSize {
  const [wide, high] =
    x === 0 && y === 0
      ? [Math.trunc(width * scale), Math.trunc(height * scale)]
      : [x === 0 ? y : x, y === 0 ? x : y]
  return { width: raised(wide, world), height: raised(high, world) }
}

/** To what the model needs: VAE factor × the model's own, 8×8 for a UNet, ×1 or ×2 for others. Source: the reference, sizes. */
function raised(pixels: number, { options }: World): number {
  return ceilTo(pixels, options.sizeMultiple ?? 64)
}

function fieldsOf(
  request: SdcppRequest,
  width: number,
  height: number,
  seed: number,
  world: World,
): Txt2ImgRequest {
  return {
    prompt: request.prompt,
    negative_prompt: request.negative,
    model: modelName(world.checkpoints[0]!),
    sampler_name: request.sampler ?? 'euler_a',
    scheduler: request.scheduler ?? 'discrete',
    ...(request.clipSkip > 1 ? { clip_skip: request.clipSkip } : {}),
    steps: request.steps,
    cfg_scale: request.cfg,
    width,
    height,
    seed,
    subseed: 0,
    subseed_strength: 0,
    batch_size: request.batch,
  }
}

/** The first picture, if there is one that it can read: no error otherwise, and not for a grey PNG either. */
async function inputOf({ body }: SdcppRequest, exchange: Exchange): Promise<Picture | undefined> {
  const list = body['init_images']
  const first: unknown = Array.isArray(list) ? list[0] : undefined
  if (Array.isArray(list) && list.length > 1)
    exchange.ignore('init_images', 'only the first picture is used')
  const read = typeof first === 'string' ? await sdcppPicture(first) : 'no picture'
  if (typeof read !== 'string') return read
  exchange.ignore('init_images', `${read}: a picture is drawn from nothing`)
  return undefined
}

/** The colour picture that a string holds as base64 or data URL, or why it holds none. */
export async function sdcppPicture(text: string): Promise<Picture | string> {
  const base64 = text.replace(/^data:[^,]*,/u, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(base64)) return 'not base64'
  const bytes = Buffer.from(base64, 'base64')
  try {
    const { channels } = await sharp(bytes).metadata()
    if (channels < 3) return 'a grey picture'
  } catch {
    return 'not a picture'
  }
  return (await decoded(bytes)) ?? 'not a picture'
}

/** No mask, or one that cannot be read, is a mask of everything. */
async function maskFor({ body }: SdcppRequest): Promise<Picture | undefined> {
  const given = body['mask']
  if (typeof given !== 'string') return undefined
  const bytes = Buffer.from(given.replace(/^data:[^,]*,/u, ''), 'base64')
  const mask = await maskOf(bytes, false, body['inpainting_mask_invert'] === 1)
  return mask === undefined || (await isBlack(mask)) ? undefined : mask
}
