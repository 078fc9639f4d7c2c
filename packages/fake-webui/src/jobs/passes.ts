import type { HiresPass } from '@stagewright/core'

import { Crash } from '../http/errors.js'
import type { Picture } from '../pictures/picture.js'
import { byAlias, type Checkpoint, modelName } from './checkpoints.js'
import { blackened, drawing, redrawing } from './draw.js'
import { checkMemory, type Job, megapixelsOf, sample } from './job.js'
import { lookedUp, type PassRefiner, refinerFor } from './refiner.js'
import { scheduleNamed } from './samplers.js'
import { floorTo, hiresSize, type Size } from './size.js'

/** The pictures `from`…`from + count` of a txt2img job: a first pass, and the high-res pass where it is asked for. */
export async function txt2imgPass(job: Job, from: number, count: number): Promise<Picture[]> {
  const { world, exchange, values } = job
  const { progress, painter } = world
  const size = { width: floorTo(job.width, 8), height: floorTo(job.height, 8) }
  checkMemory(job, size.width, size.height, count)
  await world.load(job.base, exchange)
  const hires = values.enable_hr === true ? hiresOf(job, size) : undefined
  const first = refinerFor(job, hires === undefined ? 'only' : 'first')
  const done = await refined(job, first, job.steps, megapixelsOf(size.width, size.height, count))
  const request = { ...drawing(job, from, count, done), ...size }
  if (hires === undefined || progress.interrupted) {
    // Interrupted in the first pass: a picture of the first pass's size comes back.
    const slots = { refiner: first?.slot }
    return blackened(job, await painter.fromNothing(request, slots))
  }
  progress.next()
  const { slot, model } = hires
  checkMemory(job, slot.hr_resize_x, slot.hr_resize_y, count)
  // Forge reloads only for another checkpoint: else the second pass goes on with whatever is loaded.
  if (world.dialect.name !== 'forge' || (model !== undefined && model !== job.base))
    await world.load(model ?? job.base, exchange)
  const second = refinerFor(job, 'second')
  const wanted = slot.hr_second_pass_steps || values.steps
  const megapixels = megapixelsOf(slot.hr_resize_x, slot.hr_resize_y, count)
  const executed = await refined(job, second, wanted, megapixels)
  const both = { hires: { ...slot, hr_second_pass_steps: Math.max(1, executed) } }
  const acting = second ?? first
  const pass = second === undefined ? 'first' : first === undefined ? 'second' : 'both'
  const refiner =
    acting === undefined ? undefined : ({ ...acting.slot, refiner_pass: pass } as const)
  return blackened(job, await painter.fromNothing(request, { ...both, refiner }))
}

/** The pictures `from`…`from + count` of an img2img job. */
export async function img2imgPass(job: Job, from: number, count: number): Promise<Picture[]> {
  const { world, exchange, values } = job
  const size = { width: floorTo(job.width, 8), height: floorTo(job.height, 8) }
  checkMemory(job, size.width, size.height, count)
  await world.load(job.base, exchange)
  const refiner = refinerFor(job, 'only')
  const steps = img2imgSteps(job)
  const done = await refined(job, refiner, steps, megapixelsOf(size.width, size.height, count))
  const request = { ...redrawing(job, from, count, done), ...size }
  if (values.resize_mode === 3) request.upscaler_for_img2img = 'Latent'
  const inputs = job.inputs.length === 1 ? job.inputs : job.inputs.slice(0, count)
  const made = await world.painter.redrawn(request, inputs, job.mask, { refiner: refiner?.slot })
  return blackened(job, made)
}

/** `int(min(d, 0.999)·steps)+1`, or exactly `steps` where the option says so. */
export function img2imgSteps({ values, world, steps }: Job): number {
  return world.settings['img2img_fix_steps'] === true
    ? steps
    : Math.floor(Math.min(values.denoising_strength, 0.999) * steps) + 1
}

/** Samples, with the refiner loaded at its turn. */
async function refined(
  job: Job,
  refiner: PassRefiner | undefined,
  steps: number,
  megapixels: number,
): Promise<number> {
  if (refiner === undefined) return sample(job, steps, megapixels)
  const done = await sample(job, steps, megapixels)
  if (done > steps * refiner.slot.refiner_switch_at || done === steps)
    await job.world.load(refiner.model, job.exchange)
  return done
}

interface Hires {
  readonly slot: HiresPass
  /** Another checkpoint than the base. */
  readonly model: Checkpoint | undefined
}

/** @throws {Crash} AssertionError for an unknown upscaler or sampler, TypeError for Forge's missing modules */
function hiresOf(job: Job, first: Size): Hires {
  const { values, world, exchange } = job
  const { dialect } = world
  const { hr_additional_modules: modules } = values
  if (dialect.name === 'forge' && modules === null)
    throw new Crash('TypeError', "argument of type 'NoneType' is not iterable")
  const target = hiresTarget(job, first)
  const upscaler = values.hr_upscaler ?? 'Latent'
  const known =
    dialect.latentModes.includes(upscaler) ||
    dialect.upscalers.some(({ name }) => name === upscaler)
  if (!known) throw new Crash('AssertionError', `could not find upscaler named ${upscaler}`)
  const sampler = values.hr_sampler_name
  if (sampler !== null && !dialect.samplers.some(({ name }) => name === sampler))
    throw new Crash('AssertionError', `bad sampler name: ${sampler}`)
  const wanted = values.hr_scheduler
  const scheduler =
    typeof wanted === 'string' && wanted !== ''
      ? scheduleNamed(dialect.schedulers, wanted)?.label
      : undefined
  if (typeof wanted === 'string' && wanted !== '' && scheduler === undefined)
    exchange.ignore('hr_scheduler', `"${wanted}" is unknown`)
  const named = values.hr_checkpoint_name
  const model =
    typeof named === 'string' && named !== '' && named !== 'Use same checkpoint'
      ? lookedUp(world.checkpoints, named)
      : undefined
  return {
    model,
    slot: {
      hr_scale: values.hr_scale,
      hr_resize_x: target.width,
      hr_resize_y: target.height,
      // "None" is a plain resize before the second pass.
      hr_upscaler: upscaler === 'None' ? 'Lanczos' : upscaler,
      hr_second_pass_steps: values.hr_second_pass_steps,
      denoising_strength: values.denoising_strength,
      ...(sampler === null ? {} : { hr_sampler_name: sampler }),
      ...(scheduler === undefined ? {} : { hr_scheduler: scheduler }),
      ...(values.hr_prompt ? { hr_prompt: values.hr_prompt } : {}),
      ...(values.hr_negative_prompt ? { hr_negative_prompt: values.hr_negative_prompt } : {}),
      ...cfgOf(job),
      ...(values.hr_distilled_cfg === undefined
        ? {}
        : { hr_distilled_cfg: values.hr_distilled_cfg }),
      ...(model === undefined ? {} : { hr_checkpoint_name: modelName(model) }),
      ...(Array.isArray(modules) ? { hr_additional_modules: modules.map(String) } : {}),
    },
  }
}

/** reForge takes 0 for "as the first pass"; Forge takes the number as it is, 1.0 when none is sent. */
function cfgOf({ values, world }: Job): { readonly hr_cfg?: number } {
  const cfg = values.hr_cfg
  if (cfg === undefined || (world.dialect.name === 'reforge' && cfg === 0)) return {}
  return { hr_cfg: cfg }
}

/** With `use_old_hires_fix_width_height` the request's size is the final one. */
export function hiresTarget(job: Job, first: Size): Size {
  const { values, world } = job
  if (world.settings['use_old_hires_fix_width_height'] === true) return first
  return hiresSize({ width: job.width, height: job.height }, values)
}

/** The checkpoint that the options name now, after overrides. */
export function baseModel({ checkpoints, settings, currentModel }: Job['world']): Checkpoint {
  const name = settings['sd_model_checkpoint']
  return (typeof name === 'string' ? byAlias(checkpoints, name) : undefined) ?? currentModel
}
