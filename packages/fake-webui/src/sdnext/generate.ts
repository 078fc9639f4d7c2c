import { Answer, Crash, HttpError } from '../http/errors.js'
import type { Exchange, Reply } from '../http/exchange.js'
import { validated } from '../http/validate.js'
import { encodingOf } from '../jobs/generate.js'
import { gridOf } from '../jobs/grid.js'
import { infoOf } from '../jobs/info.js'
import { infotextOf } from '../jobs/infotext.js'
import { checkMemory, type Job, megapixelsOf, sample } from '../jobs/job.js'
import { override } from '../jobs/overrides.js'
import { baseModel } from '../jobs/passes.js'
import { alwaysOn, selected } from '../jobs/scripts-of.js'
import { floorTo } from '../jobs/size.js'
import { styled } from '../jobs/styles.js'
import { noteIneffective, noteUnknown, refuseNulls, type Values } from '../jobs/values.js'
import { bytesOf, encoded, pictureIn } from '../pictures/encode.js'
import { maskOf, type Picture, plain } from '../pictures/picture.js'
import type { World } from '../world.js'
import { detailedBy } from './detailer.js'
import { hiresOver, refinedAtTheEnd } from './hires.js'
import { drawingOf, img2imgSteps, losesSeed, noteInert, redrawingOf, sizeOf } from './redraw.js'
import { scheduleOf } from './schedule.js'

type Kind = 'txt2img' | 'img2img'

/** txt2img and img2img of SD.Next: base, then hires, then refiner, then its own detailer. */
export async function sdnextGenerate(kind: Kind, exchange: Exchange, world: World): Promise<Reply> {
  const { dialect } = world
  const fields = dialect.fields[kind]
  const values = validated(exchange.body, fields, dialect) as Values
  const other = kind === 'txt2img' ? 'img2img' : 'txt2img'
  noteUnknown(exchange, fields, dialect.fields[other], other)
  noteIneffective(exchange, values, true)
  noteInert(exchange, values)
  if (kind === 'img2img' && (values.init_images === null || values.init_images.length === 0))
    throw new Answer(400, { error: 'Init image is none' })
  selected(values, kind, world, exchange)
  const scripts = alwaysOn(values, kind, world, exchange)
  const sampler = samplerOf(values, world)
  const parameters =
    kind === 'img2img' ? { ...values, init_images: null, mask: null } : { ...values }
  const made = await world.lock.run(async () => {
    const { progress } = world
    progress.begin(kind)
    progress.job_count = values.n_iter
    const restore = override(values, world, exchange)
    try {
      refuseNulls(values, fields)
      const job = await jobOf(kind, exchange, world, values, sampler)
      for (const { script, args } of scripts) await script.prepare?.(args, job)
      let pictures = await iterations(job)
      for (const { script, args } of scripts)
        pictures = await Promise.all(
          pictures.map(async (one, i) => (await script.image?.(one, i, args, job)) ?? one),
        )
      world.finished++
      // Not in a `finally`, as there: after an exception the progress keeps telling of a job.
      progress.clear()
      return { job, pictures }
    } catch (error) {
      if (!(error instanceof Crash) || error.kind !== 'OutOfMemoryError') throw error
      // Caught in the pipeline: an answer without pictures.
      progress.interrupt()
      progress.clear()
      return undefined
    } finally {
      restore()
    }
  })
  if (made === undefined || made.pictures.length === 0)
    return { json: { images: [], parameters, info: '' } }
  return reply(made.job, made.pictures, parameters)
}

async function reply(
  job: Job,
  pictures: readonly Picture[],
  parameters: Record<string, unknown>,
): Promise<Reply> {
  const { values, world } = job
  const grid =
    values.save_images && world.settings['return_grid'] === true && pictures.length > 1
      ? [await gridOf(pictures)]
      : []
  const texts = pictures.map((_, i) => infotextOf(job, i))
  const infotexts = grid.length > 0 ? [texts[0]!, ...texts] : texts
  const images = values.send_images
    ? await Promise.all(
        [...grid, ...pictures].map((one, i) => encoded(one, infotexts[i], encodingOf(world))),
      )
    : []
  const {
    sd_model_name: _model,
    sd_vae_name: _vae,
    sd_vae_hash: _hash,
    restore_faces: _faces,
    face_restoration_model: _restorer,
    is_using_inpainting_conditioning: _conditioning,
    version: _version,
    ...kept
  } = infoOf(job, infotexts, grid.length)
  // Source: SD.Next modules/processing.py: Processed.js
  const info = {
    ...kept,
    clip_skip: values.clip_skip,
    cfg_end: values['cfg_end'],
    detailer: values['detailer_enabled'],
    detailer_model: (world.settings['detailer_models'] as readonly string[])[0] ?? null,
  }
  return { json: { images, parameters, info: JSON.stringify(info) } }
}

/** Names in any case; "Default" is the model's own.
 *  @throws {HttpError} 404 "Sampler not found" */
function samplerOf(values: Values, { dialect }: World): string {
  const asked = values.sampler_name ?? 'Default'
  const found = dialect.samplers.find(({ name }) => name.toLowerCase() === asked.toLowerCase())
  if (found === undefined) throw new HttpError(404, 'Sampler not found')
  return found.name
}

async function iterations(job: Job): Promise<Picture[]> {
  const { values, world, exchange } = job
  const { progress } = world
  const pictures: Picture[] = []
  for (let n = 0; n < values.n_iter; n++) {
    if (progress.interrupted) break
    const batch = await onePass(job, n * values.batch_size, values.batch_size)
    // An interrupted batch is thrown away.
    if (progress.interrupted) break
    pictures.push(...batch)
    progress.next()
  }
  if (exchange.suffers('nan'))
    return Promise.all(pictures.map(({ width, height }) => plain(width, height, '#000000')))
  return pictures
}

async function onePass(job: Job, from: number, count: number): Promise<Picture[]> {
  const { values, world, exchange, kind } = job
  if (losesSeed(job, from, count)) {
    // The pipeline refuses fewer generators than pictures, and the error is caught there.
    world.progress.interrupt()
    return []
  }
  const { width, height } = sizeOf(job)
  checkMemory(job, width, height, count)
  await world.load(job.base, exchange)
  const steps = kind === 'img2img' ? img2imgSteps(job) : job.steps
  const done = await sample(job, steps, megapixelsOf(width, height, count))
  const inputs = job.inputs.length === 1 ? job.inputs : job.inputs.slice(0, count)
  let drawn =
    kind === 'txt2img'
      ? await world.painter.fromNothing(drawingOf(job, from, count, done), {})
      : await world.painter.redrawn(redrawingOf(job, from, count, done), inputs, job.mask, {})
  if (values.enable_hr === true && !world.progress.interrupted) {
    drawn = await hiresOver(job, drawn, from)
    drawn = await refinedAtTheEnd(job, drawn, from)
  }
  if (values['detailer_enabled'] === true && !world.progress.interrupted)
    drawn = await Promise.all(
      drawn.map((one, i) => detailedBy(world, exchange, one, detailOf(job, from + i))),
    ).then((all) => all.map(({ picture }) => picture))
  return drawn
}

function detailOf(job: Job, index: number): Parameters<typeof detailedBy>[3] {
  const { values } = job
  return {
    seed: job.seeds[index]!,
    prompt: String(values['detailer_prompt']) || job.prompts[index]!,
    negative: String(values['detailer_negative']) || job.negatives[index]!,
    steps: Number(values['detailer_steps']),
    strength: Number(values['detailer_strength']),
    resolution: Number(values['detailer_resolution']),
    models: undefined,
    conf: undefined,
    max: undefined,
    padding: undefined,
    blur: undefined,
  }
}

async function jobOf(
  kind: Kind,
  exchange: Exchange,
  world: World,
  values: Values,
  sampler: string,
): Promise<Job> {
  const inputs: Picture[] = []
  if (kind === 'img2img') for (const one of values.init_images!) inputs.push(await pictureIn(one))
  if (inputs.length > 1) values.batch_size = inputs.length
  const count = values.batch_size * values.n_iter
  const random = (): number => Math.floor(Math.random() * 4294967294)
  const seed = values.seed === -1 ? random() : values.seed
  const subseed = values.subseed === -1 ? random() : values.subseed
  const { prompt, negative } = styled(values, world, exchange)
  const schedule = scheduleOf(sampler, values, world, exchange)
  const mask =
    values.mask === null || values.mask === undefined
      ? undefined
      : await maskOf(bytesOf(values.mask), false, values.inpainting_mask_invert === 1)
  return {
    kind,
    world,
    exchange,
    values,
    base: baseModel(world),
    began: world.progress.job_timestamp,
    sampler: { sampler, scheduler: schedule.name },
    steps: values.steps,
    // Rounded first, and reported so.
    width: floorTo(values.width, 8),
    height: floorTo(values.height, 8),
    seeds: Array.from({ length: count }, (_, i) => (values.subseed_strength > 0 ? seed : seed + i)),
    subseeds: Array.from({ length: count }, (_, i) => subseed + i),
    prompts: Array.from({ length: count }, () => prompt),
    negatives: Array.from({ length: count }, () => negative),
    inputs,
    mask,
    carried: undefined,
    extra: new Map(schedule.pairs),
  }
}
