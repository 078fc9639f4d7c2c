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
    width: request.width ?? (input === undefined ? 512 : ceilTo(input.width, 64)),
    height: request.height ?? (input === undefined ? 512 : ceilTo(input.height, 64)),
  }
  // By the time in seconds: two requests within one second get the same "random" seed.
  const seed = request.seed < 0 ? Math.floor(world.clock.now() / 1000) % 2 ** 31 : request.seed
  const pictures = await world.lock.run(() =>
    run(request, input, asked, seed, exchange, world).catch((error: unknown) => {
      if (error instanceof Crash && error.kind === 'OutOfMemoryError')
        throw new Answer(500, { error: 'generate_image returned no results' })
      throw error
    }),
  )
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

async function run(
  request: SdcppRequest,
  input: Picture | undefined,
  asked: SdcppSize,
  seed: number,
  exchange: Exchange,
  world: World,
): Promise<Picture[]> {
  const { progress, painter } = world
  const [width, height] = [ceilTo(asked.width, 64), ceilTo(asked.height, 64)]
  progress.begin('sdapi')
  try {
    checkMemory({ world, exchange }, width, height, request.batch)
    await world.load(world.checkpoints[0]!, exchange)
    const { hires } = request
    await sample({ world, exchange }, request.steps, (width * height * request.batch) / 1e6)
    const base = drawing(request, width, height, seed, world)
    let made: Picture[]
    if (input !== undefined) {
      made = await painter.redrawn(
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
        await maskFor(request, width, height),
        {},
      )
    } else if (hires === undefined) {
      made = await painter.fromNothing(base, {})
    } else {
      const target = hiresTarget(asked, hires)
      checkMemory({ world, exchange }, target.width, target.height, request.batch)
      made = await painter.fromNothing(base, {
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
    world.finished++
    return exchange.suffers('nan')
      ? await Promise.all(made.map((one) => plain(one.width, one.height, '#000000')))
      : made
  } finally {
    progress.end()
  }
}

/** One side alone makes a square. */
function hiresTarget(
  { width, height }: SdcppSize,
  { x, y, scale }: NonNullable<SdcppRequest['hires']>,
): SdcppSize {
  const [wide, high] =
    x === 0 && y === 0
      ? [Math.trunc(width * scale), Math.trunc(height * scale)]
      : [x === 0 ? y : x, y === 0 ? x : y]
  return { width: ceilTo(wide, 64), height: ceilTo(high, 64) }
}

function drawing(
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
  const drop = (why: string): undefined => {
    exchange.ignore('init_images', `${why}: a picture is drawn from nothing`)
    return undefined
  }
  if (typeof first !== 'string') return drop('no picture')
  if (Array.isArray(list) && list.length > 1)
    exchange.ignore('init_images', 'only the first picture is used')
  const base64 = first.replace(/^data:[^,]*,/u, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(base64)) return drop('not base64')
  const bytes = Buffer.from(base64, 'base64')
  try {
    const { channels } = await sharp(bytes).metadata()
    if (channels < 3) return drop('a grey picture')
  } catch {
    return drop('not a picture')
  }
  return (await decoded(bytes)) ?? drop('not a picture')
}

/** No mask, or one that cannot be read, is a mask of everything. */
async function maskFor(
  { body }: SdcppRequest,
  width: number,
  height: number,
): Promise<Picture | undefined> {
  const given = body['mask']
  if (typeof given !== 'string') return undefined
  const bytes = Buffer.from(given.replace(/^data:[^,]*,/u, ''), 'base64')
  const mask = await maskOf(bytes, false, body['inpainting_mask_invert'] === 1)
  if (mask === undefined || (await isBlack(mask))) return undefined
  return resized(mask, width, height, 'nearest')
}
