import { HttpError } from '../http/errors.js'
import type { Exchange, Reply } from '../http/exchange.js'
import { validated } from '../http/validate.js'
import { bytesOf, encoded, pictureIn } from '../pictures/encode.js'
import { isBlack, maskOf, type Picture } from '../pictures/picture.js'
import type { World } from '../world.js'
import { gridOf } from './grid.js'
import { infoOf } from './info.js'
import { float, infotextOf } from './infotext.js'
import { type Job, megapixelsOf } from './job.js'
import { masksOf } from './masks.js'
import { noteOutdone, override } from './overrides.js'
import { baseModel, hiresTarget, img2imgPass, txt2imgPass } from './passes.js'
import { type Sampler, samplerOf } from './samplers.js'
import { alwaysOn, type ChosenScript, selected } from './scripts-of.js'
import { styled } from './styles.js'
import { noteIneffective, noteUnknown, refuseNulls, type Values } from './values.js'

type Kind = 'txt2img' | 'img2img'

/** txt2img and img2img of A1111 and its forks. */
export async function generate(kind: Kind, exchange: Exchange, world: World): Promise<Reply> {
  const { dialect } = world
  const fields = dialect.fields[kind]
  const values = validated(exchange.body, fields, dialect) as Values
  const other = kind === 'txt2img' ? 'img2img' : 'txt2img'
  noteUnknown(exchange, fields, dialect.fields[other], other)
  noteIneffective(exchange, values, true)
  if (kind === 'img2img' && values.init_images === null)
    throw new HttpError(404, 'Init image not found')
  const mask = kind === 'img2img' && values.mask !== null ? bytesOf(values.mask) : undefined
  const chosen = selected(values, kind, world, exchange)
  const scripts = alwaysOn(values, kind, world, exchange)
  const sampler = samplerOf(values, dialect, exchange)
  const task = values.force_task_id ?? `task(api-${String(exchange.id)})`
  world.tasks.add(task)
  world.changed()
  const echo = echoed(values)
  const made = await world.lock.run(() =>
    run(kind, exchange, world, { values, mask, chosen, scripts, sampler, task }),
  )
  // After the lock and the restored options: why samples_format cannot be overridden for one request.
  return reply(made, world, echo)
}

interface Prepared {
  readonly values: Values
  readonly mask: Buffer | undefined
  readonly chosen: ChosenScript | undefined
  readonly scripts: readonly ChosenScript[]
  readonly sampler: Sampler
  readonly task: string
}

interface Made {
  readonly job: Job
  /** In the order of the answer: the grid, if any, then each picture and its masks, then what scripts add. */
  readonly pictures: readonly Returned[]
  /** One for each picture, and for the grid; masks and what scripts add have none. */
  readonly infotexts: readonly string[]
  readonly first: number
}

interface Returned {
  readonly picture: Picture
  /** The infotext that the file carries. */
  readonly text?: string
}

async function run(
  kind: Kind,
  exchange: Exchange,
  world: World,
  prepared: Prepared,
): Promise<Made> {
  const { values, scripts, chosen, task } = prepared
  const { progress, tasks } = world
  tasks.start(task)
  progress.begin(`scripts_${kind}`)
  try {
    const restore = override(values, world, exchange)
    let made: Made
    try {
      refuseNulls(values, world.dialect.fields[kind])
      noteOutdone(values, world, exchange)
      const job = await jobOf(kind, exchange, world, prepared)
      for (const { script, args } of scripts) await script.prepare?.(args, job)
      made =
        chosen?.script.run === undefined
          ? await iterations(job, scripts)
          : await scripted(job, chosen)
    } finally {
      restore()
    }
    world.finished++
    tasks.finish(task)
    return made
  } finally {
    progress.end()
  }
}

async function iterations(job: Job, scripts: readonly ChosenScript[]): Promise<Made> {
  const { values, world } = job
  const { progress } = world
  const batch = values.batch_size
  progress.job_count = values.n_iter * (values.enable_hr === true ? 2 : 1)
  const pictures: Returned[] = []
  const infotexts: string[] = []
  for (let n = 0; n < values.n_iter; n++) {
    progress.skipped = false
    if (progress.interrupted) break
    if (values.n_iter > 1) progress.job = `Batch ${String(n + 1)} out of ${String(values.n_iter)}`
    const from = n * batch
    const drawn =
      job.carried === undefined
        ? job.kind === 'txt2img'
          ? await txt2imgPass(job, from, batch)
          : await img2imgPass(job, from, batch)
        : Array.from({ length: batch }, () => job.carried!)
    for (const [i, one] of drawn.entries()) {
      let picture = one
      for (const { script, args } of scripts)
        picture = (await script.image?.(picture, from + i, args, job)) ?? picture
      await world.takes(world.latency.megapixel * megapixelsOf(picture.width, picture.height, 1))
      const text = infotextOf(job, from + i)
      infotexts.push(text)
      pictures.push({ picture, text })
      for (const mask of await masksOf(job, picture)) pictures.push({ picture: mask })
    }
    progress.next()
  }
  if (infotexts.length === 0) infotexts.push(infotextOf(job, 0))
  const extra: Returned[] = []
  for (const { script, args } of scripts)
    for (const picture of (await script.extra?.(args, job)) ?? []) extra.push({ picture })
  const grid =
    values.save_images && world.settings['return_grid'] === true && pictures.length > 1
      ? await gridOf(pictures.map(({ picture }) => picture))
      : undefined
  if (grid === undefined) return { job, pictures: [...pictures, ...extra], infotexts, first: 0 }
  const text = infotextOf(job, 0)
  return {
    job,
    pictures: [{ picture: grid, text }, ...pictures, ...extra],
    infotexts: [text, ...infotexts],
    first: 1,
  }
}

async function scripted(job: Job, { script, args }: ChosenScript): Promise<Made> {
  // The files carry no text.
  const pictures = (await script.run!(args, job)).map((picture) => ({ picture }))
  return { job, pictures, infotexts: [infotextOf(job, 0)], first: 0 }
}

/** The job as it stands before the first step.
 *  @throws {HttpError | Crash} for what only shows once the pictures are opened */
async function jobOf(
  kind: Kind,
  exchange: Exchange,
  world: World,
  { values, mask, sampler }: Prepared,
): Promise<Job> {
  const inputs: Picture[] = []
  if (kind === 'img2img') for (const one of values.init_images!) inputs.push(await pictureIn(one))
  settleBatch(values, inputs.length)
  const { width, height } = firstPhase(values)
  const count = values.batch_size * values.n_iter
  const seed = values.seed === -1 ? randomSeed() : values.seed
  const subseed = values.subseed === -1 ? randomSeed() : values.subseed
  const varied = values.subseed_strength > 0
  const { prompt, negative } = styled(values, world, exchange)
  const opened = mask === undefined ? undefined : await opening(mask, values, world, exchange)
  const job: Job = {
    kind,
    world,
    exchange,
    values,
    base: baseModel(world),
    began: world.progress.job_timestamp,
    sampler,
    steps: values.steps,
    width,
    height,
    seeds: Array.from({ length: count }, (_, i) => (varied ? seed : seed + i)),
    subseeds: Array.from({ length: count }, (_, i) => subseed + i),
    prompts: Array.from({ length: count }, () => prompt),
    negatives: Array.from({ length: count }, () => negative),
    inputs,
    mask: opened,
    carried: undefined,
    extra: new Map(),
  }
  hiresWords(job)
  return job
}

/** One picture is repeated; several are a batch of their own.
 *  @throws {Error} told as 500 RuntimeError: "bad number of images passed" */
function settleBatch(values: Values, pictures: number): void {
  if (pictures <= 1) return
  if (pictures > values.batch_size)
    throw new Error(
      `bad number of images passed: ${String(pictures)}; expecting ${String(values.batch_size)} or less`,
    )
  values.batch_size = pictures
}

/** `firstphase_*`, when not zero, takes the place of the size: of both sides at once. */
function firstPhase(values: Values): { width: number; height: number } {
  const { firstphase_width: width = 0, firstphase_height: height = 0 } = values
  return width !== 0 || height !== 0 ? { width, height } : values
}

async function opening(
  bytes: Buffer,
  values: Values,
  { dialect }: World,
  exchange: Exchange,
): Promise<Picture | undefined> {
  const mask = await maskOf(bytes, dialect.name === 'a1111', values.inpainting_mask_invert !== 0)
  if (mask === undefined) throw new HttpError(500, 'Invalid encoded image')
  if (values.inpaint_full_res && (await isBlack(mask))) {
    exchange.ignore('mask', 'the mask is blank: the whole picture is redrawn')
    return undefined
  }
  return mask
}

function hiresWords(job: Job): void {
  const { values, extra } = job
  if (values.enable_hr !== true) return
  const target = hiresTarget(job, job)
  if (values.hr_resize_x > 0 || values.hr_resize_y > 0)
    extra.set('Hires resize', `${String(target.width)}x${String(target.height)}`)
  else extra.set('Hires upscale', float(values.hr_scale)!)
  if (values.hr_second_pass_steps > 0) extra.set('Hires steps', String(values.hr_second_pass_steps))
  extra.set('Hires upscaler', values.hr_upscaler ?? 'Latent')
  if (values.hr_checkpoint_name) extra.set('Hires checkpoint', values.hr_checkpoint_name)
}

/** 0…2³²−3, as the servers draw it. */
function randomSeed(): number {
  return Math.floor(Math.random() * 4294967294)
}

/** `parameters` of the answer: the whole request with its defaults, big base64 included. */
function echoed(values: Values): Record<string, unknown> {
  const { ...all } = values
  if (Object.hasOwn(all, 'init_images') && !all.include_init_images)
    Object.assign(all, { init_images: null, mask: null })
  return all
}

async function reply(
  { job, pictures, infotexts, first }: Made,
  world: World,
  parameters: Record<string, unknown>,
): Promise<Reply> {
  const images = job.values.send_images
    ? await Promise.all(
        pictures.map(({ picture, text }) => encoded(picture, text, encodingOf(world))),
      )
    : []
  const info = infoOf(job, infotexts, first)
  return { json: { images, parameters, info: JSON.stringify(info) } }
}

export function encodingOf({ settings }: World): {
  format: string
  quality: number
  lossless: boolean
  metadata: boolean
} {
  return {
    format: String(settings['samples_format']),
    quality: Number(settings['jpeg_quality'] ?? 80),
    lossless: settings['webp_lossless'] === true,
    metadata: settings['enable_pnginfo'] !== false && settings['image_metadata'] !== false,
  }
}
