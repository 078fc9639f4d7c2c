import { sdnextDetail } from '../data/fields.js'
import type { Exchange, Reply } from '../http/exchange.js'
import { validated } from '../http/validate.js'
import { modelName } from '../jobs/checkpoints.js'
import { encodingOf } from '../jobs/generate.js'
import { checkMemory, sample } from '../jobs/job.js'
import { noteUnknown } from '../jobs/values.js'
import { encoded, pictureIn } from '../pictures/encode.js'
import type { Mended } from '../pictures/painter.js'
import type { Picture } from '../pictures/picture.js'
import type { World } from '../world.js'

export interface DetailSettings {
  readonly seed: number
  readonly prompt: string
  readonly negative: string
  readonly steps: number
  readonly strength: number
  readonly resolution: number
  /** Default: the option `detailer_models`. */
  readonly models: readonly string[] | undefined
  readonly conf: number | undefined
  readonly max: number | undefined
  readonly padding: number | undefined
  readonly blur: number | undefined
}

/** SD.Next's own detailer, model after model. */
export async function detailedBy(
  world: World,
  exchange: Exchange,
  picture: Picture,
  settings: DetailSettings,
): Promise<Mended> {
  const { progress } = world
  const options = world.settings
  const models = settings.models ?? (options['detailer_models'] as readonly string[])
  let [current, regions] = [picture, 0]
  for (const name of models) {
    if (exchange.suffers('detector_error') || !world.detectors.includes(name)) {
      exchange.ignore('detailer_models', `"${name}" cannot be used`)
      continue
    }
    if (exchange.suffers('nothing')) continue
    const made = await world.painter.mended(
      {
        unit: 'detailer',
        // Its models for eyes find what a face is.
        ad_model: name.startsWith('eyes') ? 'face' : name,
        ad_model_classes: '',
        ad_prompt: settings.prompt,
        ad_negative_prompt: settings.negative,
        ad_confidence: settings.conf ?? Number(options['detailer_conf']),
        ad_mask_filter_method: 'Confidence',
        ad_mask_k: settings.max ?? Number(options['detailer_max']),
        ad_mask_min_ratio: 0,
        ad_mask_max_ratio: 1,
        ad_dilate_erode: 0,
        ad_x_offset: 0,
        ad_y_offset: 0,
        ad_mask_merge_invert: 'None',
        ad_mask_blur: settings.blur ?? Number(options['detailer_blur']),
        ad_denoising_strength: settings.strength,
        ad_inpaint_only_masked: true,
        ad_inpaint_only_masked_padding: settings.padding ?? Number(options['detailer_padding']),
        ad_restore_face: false,
        prompt: settings.prompt,
        negative_prompt: settings.negative,
        model: modelName(world.currentModel),
        sampler_name: 'Default',
        scheduler: 'Automatic',
        steps: settings.steps,
        cfg_scale: 6,
        width: settings.resolution,
        height: settings.resolution,
        seed: settings.seed,
        subseed: 0,
        subseed_strength: 0,
      },
      current,
    )
    progress.job_count += made.regions
    if (made.regions > 0)
      await sample({ world, exchange }, settings.steps, settings.resolution ** 2 / 1e6)
    current = made.picture
    regions += made.regions
  }
  return { picture: current, regions }
}

/** `POST /sdapi/v1/detail`: the detailer alone, on a picture that is given. */
export async function detailRoute(exchange: Exchange, world: World): Promise<Reply> {
  const values = validated(exchange.body, sdnextDetail, world.dialect)
  noteUnknown(exchange, sdnextDetail, {}, '')
  const number = (name: string): number | undefined => {
    const value = values[name]
    return typeof value === 'number' ? value : undefined
  }
  const text = (name: string): string => {
    const value = values[name]
    return typeof value === 'string' ? value : ''
  }
  const given = values['image']
  const seed =
    values['seed'] === -1 ? Math.floor(Math.random() * 4294967294) : Number(values['seed'])
  const made = await world.lock.run(async () => {
    const { progress } = world
    progress.begin('detail')
    progress.job_count = 1
    const picture = await pictureIn(given)
    const resolution = number('detailer_resolution') ?? 1024
    await exchange.during(1)
    checkMemory({ world, exchange }, resolution, resolution, 1, 'detail')
    await world.load(world.currentModel, exchange)
    const done = await detailedBy(world, exchange, picture, {
      seed,
      prompt: text('detailer_prompt'),
      negative: text('detailer_negative'),
      steps: number('detailer_steps') ?? 10,
      strength: number('detailer_strength') ?? 0.3,
      resolution,
      models: Array.isArray(values['detailer_models'])
        ? values['detailer_models'].map(String)
        : undefined,
      conf: number('detailer_conf'),
      max: number('detailer_max'),
      padding: number('detailer_padding'),
      blur: number('detailer_blur'),
    })
    world.finished++
    progress.clear()
    return done
  })
  const image = await encoded(made.picture, undefined, encodingOf(world))
  // Detections are a picture with boxes in it, where an option asks for one: never a number.
  // Source: SD.Next modules/api/process.py: post_detail
  return { json: { image, detections: null, seed } }
}
