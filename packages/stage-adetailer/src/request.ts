import type { DetailRequest, Sampling, StageImage } from '@stagewright/core'
import { samplingOf, set, settleNames } from '@stagewright/core/sampling'

import { type AdetailerUnit, unitName } from './config.js'

/** One unit on one picture: the picture's own settings, with what the unit sets in their place. The working size is
 *  the picture's generation size, never its final one. */
export function requestFor(unit: AdetailerUnit, image: StageImage): DetailRequest {
  const { settings } = image
  if (settings === undefined)
    throw new TypeError('the picture carries no settings; give it some, or start from reprocess()')
  return {
    image,
    unit: unitName(unit),
    ...samplingOf({ ...settings, ...ownSampling(unit), seed: image.seed }),
    ad_model: unit.ad_model,
    ad_model_classes: unit.ad_model_classes,
    ad_prompt: unit.ad_prompt,
    ad_negative_prompt: unit.ad_negative_prompt,
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
    ...set({ ad_noise_multiplier: unit.ad_noise_multiplier }),
    ...(unit.ad_controlnet_model === undefined ? {} : control(unit, unit.ad_controlnet_model)),
  }
}

/** Defaults are written out: what says the same is one request.
 *  @source ADetailer adetailer/args.py, its own defaults */
function control(unit: AdetailerUnit, model: string): Partial<DetailRequest> {
  return {
    ad_controlnet_model: model,
    ...set({ ad_controlnet_module: unit.ad_controlnet_module }),
    ad_controlnet_weight: unit.ad_controlnet_weight ?? 1,
    ad_controlnet_guidance_start: unit.ad_controlnet_guidance_start ?? 0,
    ad_controlnet_guidance_end: unit.ad_controlnet_guidance_end ?? 1,
  }
}

/** The sampling fields that a unit sets itself. */
export function ownSampling(unit: AdetailerUnit): Partial<Sampling> {
  const { sampler_name, scheduler } = settleNames(unit.ad_sampler, unit.ad_scheduler)
  return set({
    width: unit.ad_inpaint_width,
    height: unit.ad_inpaint_height,
    steps: unit.ad_steps,
    cfg_scale: unit.ad_cfg_scale,
    model: unit.ad_checkpoint,
    vae: unit.ad_vae,
    sampler_name,
    scheduler,
    clip_skip: unit.ad_clip_skip,
  })
}
