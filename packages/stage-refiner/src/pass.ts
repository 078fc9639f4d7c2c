import type {
  HiresPass,
  Img2ImgRequest,
  PlanNote,
  RefinerSwitch,
  Sampling,
  StageImage,
} from '@stagewright/core'
import { type HiresTarget, samplingOf, set, settleNames } from '@stagewright/core/sampling'

import type { RefinerConfig } from './config.js'
import { isLatent } from './latent.js'

/** The config with its sampler name settled. */
export function settle(config: RefinerConfig): {
  readonly config: RefinerConfig
  readonly notes: readonly PlanNote[]
} {
  const { sampler_name, scheduler, notes } = settleNames(
    config.hr_sampler_name,
    config.hr_scheduler,
  )
  return { config: { ...config, hr_sampler_name: sampler_name, hr_scheduler: scheduler }, notes }
}

/** The switch as the `refiner` slot carries it. */
export function switchOf(config: RefinerConfig): RefinerSwitch {
  return {
    refiner_checkpoint: config.refiner_model_name ?? '',
    refiner_switch_at: config.refiner_switch_at,
    refiner_switch_by: config.refiner_switch_by,
    refiner_pass: config.refiner_pass,
  }
}

/** The pass as the `hires` slot carries it. */
export function passOf(config: RefinerConfig): HiresPass {
  const { hr_resize_x = 0, hr_resize_y = 0 } = config
  return {
    hr_scale: config.hr_scale ?? 2,
    hr_resize_x,
    hr_resize_y,
    hr_upscaler: config.hr_upscaler,
    hr_second_pass_steps: config.hr_second_pass_steps,
    denoising_strength: config.denoising_strength,
    ...set({
      hr_sampler_name: config.hr_sampler_name,
      hr_scheduler: config.hr_scheduler,
      hr_prompt: config.hr_prompt || undefined,
      hr_negative_prompt: config.hr_negative_prompt || undefined,
      hr_cfg: config.hr_cfg,
      hr_distilled_cfg: config.hr_distilled_cfg,
      hr_checkpoint_name: config.hr_checkpoint_name,
      hr_additional_modules: config.hr_additional_modules,
    }),
  }
}

/** The pass as a call of its own: an img2img request on the finished picture, with the noise and the steps that the
 *  merged pass would have.
 *  @source WebUI modules/processing.py: sample_hr_pass beside img2img with img2img_fix_steps */
export function hiresRequest(
  config: RefinerConfig,
  image: StageImage,
  target: HiresTarget,
): Img2ImgRequest {
  const settings = settingsOf(image)
  const { width, height, crop } = target
  const latent = isLatent(config.hr_upscaler)
  return {
    ...samplingOf({
      ...settings,
      width,
      height,
      seed: image.seed,
      prompt: config.hr_prompt || settings.prompt,
      negative_prompt: config.hr_negative_prompt || settings.negative_prompt,
      steps: config.hr_second_pass_steps || settings.steps,
      ...set({
        model: config.hr_checkpoint_name,
        sampler_name: config.hr_sampler_name,
        scheduler: config.hr_scheduler,
        cfg_scale: config.hr_cfg,
        distilled_cfg_scale: config.hr_distilled_cfg,
        additional_modules: config.hr_additional_modules,
      }),
    }),
    images: [image],
    batch_size: 1,
    denoising_strength: config.denoising_strength,
    resize_mode: latent ? 3 : crop ? 1 : 0,
    img2img_fix_steps: true,
    initial_noise_multiplier: 1,
    ...(latent ? {} : { upscaler_for_img2img: config.hr_upscaler }),
  }
}

function settingsOf(image: StageImage): Sampling {
  if (image.settings === undefined)
    throw new TypeError('the picture carries no settings; give it some, or start from reprocess()')
  return image.settings
}
