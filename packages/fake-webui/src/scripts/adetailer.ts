import { extensionGet } from '../http/route.js'
import { byAlias, modelName } from '../jobs/checkpoints.js'
import { type Job, sample, starves } from '../jobs/job.js'
import { scheduleNamed } from '../jobs/samplers.js'
import { floorTo } from '../jobs/size.js'
import type { MendRequest } from '../pictures/painter.js'
import type { Picture } from '../pictures/picture.js'
import type { World } from '../world.js'
import { pageUnit, type Unit, unitOf, unitSchema } from './adetailer-args.js'
import { unitPrompts } from './adetailer-prompts.js'
import type { Script } from './script.js'

const version = '25.3.0'

/** ADetailer as a script of the server: finds regions in each finished picture and redraws them. Whatever goes wrong
 *  in it is logged there, and the request answers 200. */
export const adetailer: Script = {
  title: 'ADetailer',
  alwayson: true,
  tabs: ['txt2img', 'img2img'],
  args: (world) => [
    { label: 'Enable ADetailer', value: world.options.adetailer === 'switched_on' },
    { label: 'Skip img2img', value: false },
    ...Array.from({ length: tabsOf(world) }, (_, tab) => ({
      label: null,
      value: pageUnit(tab, world),
    })),
  ],
  routes: [
    extensionGet('/adetailer/v1/version', () => ({ json: { version } })),
    extensionGet('/adetailer/v1/schema', () => ({ json: unitSchema() })),
    extensionGet('/adetailer/v1/ad_model', (_, { detectors }) => ({
      json: { ad_model: detectors },
    })),
  ],
  prepare,
  image: async (picture, index, args, job) => {
    let current = picture
    const units = unitsOf(args, job, false)
    if (job.world.progress.interrupted || isInpainting(job, args)) return current
    for (const [tab, unit] of units.entries())
      current = await detailed(current, index, unit, tab, job)
    return current
  },
}

function tabsOf({ settings }: World): number {
  const wanted = settings['ad_max_models']
  return typeof wanted === 'number' ? wanted : 4
}

/** The units that act; tells of the others once. */
function unitsOf(args: readonly unknown[], job: Job, tell: boolean): Unit[] {
  if (args[0] === false || !Array.isArray(args)) return []
  const units: Unit[] = []
  for (const [i, given] of args.entries()) {
    if (typeof given === 'boolean') continue
    const unit = unitOf(given)
    const field = `alwayson_scripts.ADetailer.args[${String(i)}]`
    if (typeof unit === 'string') {
      if (tell) job.exchange.ignore(field, `skipped: ${unit}`)
    } else if (unit.ad_tab_enable && unit.ad_model !== 'None') units.push(unit)
  }
  return units
}

/** An inpainting job cannot be skipped: ADetailer switches itself off. */
function isInpainting(job: Job, args: readonly unknown[]): boolean {
  return args[1] === true && job.kind === 'img2img' && job.mask !== undefined
}

/** Settles what the outer job becomes, and writes the metadata: before anything was looked for. */
function prepare(args: readonly unknown[], job: Job): void {
  const units = unitsOf(args, job, true)
  if (units.length === 0) return
  const { exchange, values, extra } = job
  const field = 'alwayson_scripts.ADetailer.args[1]'
  if (args[1] === true && job.kind === 'txt2img')
    exchange.ignore(field, 'skip_img2img acts in img2img only')
  if (isInpainting(job, args)) {
    exchange.ignore('alwayson_scripts.ADetailer', 'switched off: a mask and skip_img2img')
    return
  }
  for (const [i, unit] of units.entries()) {
    const suffix = i === 0 ? '' : ` ${['2nd', '3rd'][i - 1] ?? `${String(i + 1)}th`}`
    extra.set(`ADetailer model${suffix}`, unit.ad_model)
    extra.set(`ADetailer confidence${suffix}`, String(unit.ad_confidence))
    extra.set(`ADetailer dilate erode${suffix}`, String(unit.ad_dilate_erode))
    extra.set(`ADetailer mask blur${suffix}`, String(unit.ad_mask_blur))
    extra.set(`ADetailer denoising strength${suffix}`, String(unit.ad_denoising_strength))
    extra.set(
      `ADetailer inpaint only masked${suffix}`,
      unit.ad_inpaint_only_masked ? 'True' : 'False',
    )
    extra.set(`ADetailer inpaint padding${suffix}`, String(unit.ad_inpaint_only_masked_padding))
  }
  extra.set('ADetailer version', version)
  if (args[1] !== true || job.kind !== 'img2img') return
  // The outer job is a carrier: one step at 128×128, and the first picture goes on as it came.
  job.carried = job.inputs[0]
  inner.set(job, { width: job.width, height: job.height, sampler: job.sampler, steps: job.steps })
  Object.assign(job, {
    steps: 1,
    width: 128,
    height: 128,
    sampler: { sampler: 'Euler', scheduler: 'Automatic' },
  })
  if (values.batch_size > 1 || job.inputs.length > 1)
    exchange.ignore('init_images', 'with skip_img2img every output is made from the first one')
}

/** What a skipped img2img keeps for the inner jobs. */
const inner = new WeakMap<Job, Pick<Job, 'width' | 'height' | 'sampler' | 'steps'>>()

async function detailed(
  picture: Picture,
  index: number,
  unit: Unit,
  tab: number,
  job: Job,
): Promise<Picture> {
  const { world, exchange } = job
  const { progress } = world
  const failed = (why: string): Picture => {
    exchange.ignore(`alwayson_scripts.ADetailer.args[${String(tab + 2)}]`, why)
    return picture
  }
  if (exchange.suffers('detector_error')) return failed('the detector failed')
  if (!world.detectors.includes(unit.ad_model))
    return failed(`the detector "${unit.ad_model}" is not installed`)
  if (exchange.suffers('nothing')) return picture
  const outer = inner.get(job) ?? job
  const [width, height] = unit.ad_use_inpaint_width_height
    ? [unit.ad_inpaint_width, unit.ad_inpaint_height]
    : [outer.width, outer.height]
  const limit = world.options.vramMegapixels ?? Infinity
  if (starves(exchange, 'detail') || (width * height) / 1e6 > limit)
    return failed('out of memory, which the script runner only logs')
  const steps = unit.ad_use_steps ? unit.ad_steps : outer.steps
  const own = unit.ad_use_checkpoint && unit.ad_checkpoint !== null ? unit.ad_checkpoint : undefined
  const model =
    own === undefined || own === 'Use same checkpoint'
      ? job.base
      : (byAlias(world.checkpoints, own) ?? job.base)
  if (
    own !== undefined &&
    own !== 'Use same checkpoint' &&
    byAlias(world.checkpoints, own) === undefined
  )
    exchange.ignore(
      `alwayson_scripts.ADetailer.args[${String(tab + 2)}].ad_checkpoint`,
      `"${own}" is unknown`,
    )
  // Always on the base checkpoint, never on the refiner's.
  await world.load(model, exchange)
  const { picture: mended, regions } = await world.painter.mended(
    {
      ...mendRequest(job, outer, unit, index),
      model: modelName(model),
      width: floorTo(width, 8),
      height: floorTo(height, 8),
      steps,
    },
    picture,
  )
  // A part of the progress for each region: what was done goes down.
  progress.job_count += regions
  const executed = Math.floor(Math.min(unit.ad_denoising_strength, 0.999) * steps) + 1
  for (let i = 0; i < regions; i++) {
    await sample(job, executed, (width * height) / 1e6)
    progress.next()
  }
  return mended
}

function mendRequest(
  job: Job,
  outer: Pick<Job, 'width' | 'height' | 'sampler' | 'steps'>,
  unit: Unit,
  index: number,
): MendRequest {
  const { values, world } = job
  const named = unit.ad_use_sampler && unit.ad_sampler !== 'Use same sampler'
  const scheduler = unit.ad_use_sampler
    ? scheduleNamed(world.dialect.schedulers, unit.ad_scheduler)?.label
    : undefined
  const { prompt, negative } = unitPrompts(unit, job.prompts[index]!, job.negatives[index]!)
  return {
    unit: 'adetailer',
    ad_model: unit.ad_model,
    ad_model_classes: unit.ad_model_classes,
    ad_prompt: prompt,
    ad_negative_prompt: negative,
    ad_confidence: unit.ad_confidence,
    ad_mask_filter_method: unit.ad_mask_filter_method,
    ad_mask_k: unit.ad_mask_k,
    ad_mask_min_ratio: unit.ad_mask_min_ratio,
    ad_mask_max_ratio: unit.ad_mask_max_ratio,
    ad_dilate_erode: unit.ad_dilate_erode,
    ad_x_offset: unit.ad_x_offset,
    ad_y_offset: unit.ad_y_offset,
    ad_mask_merge_invert: unit.ad_mask_merge_invert,
    ad_mask_blur: unit.ad_mask_blur,
    ad_denoising_strength: unit.ad_denoising_strength,
    ad_inpaint_only_masked: unit.ad_inpaint_only_masked,
    ad_inpaint_only_masked_padding: unit.ad_inpaint_only_masked_padding,
    ad_restore_face: unit.ad_restore_face,
    prompt: job.prompts[index]!,
    negative_prompt: job.negatives[index]!,
    sampler_name: named ? unit.ad_sampler : outer.sampler.sampler,
    scheduler: scheduler ?? outer.sampler.scheduler,
    steps: outer.steps,
    cfg_scale: unit.ad_use_cfg_scale ? unit.ad_cfg_scale : values.cfg_scale,
    width: outer.width,
    height: outer.height,
    seed: job.seeds[index]!,
    subseed: job.subseeds[index]!,
    subseed_strength: values.subseed_strength,
  }
}
