import type {
  DetailRequest,
  ExtrasRequest,
  HiresPass,
  RefinerSwitch,
  Sampling,
  SdUpscaleRequest,
} from '@stagewright/core'

/** What a picture's infotext tells. */
export interface InfotextFacts {
  readonly settings: Sampling
  /** The model's short hash, as the server tells it. */
  readonly model_hash?: string | undefined
  /** Of img2img; that of a high-res pass is part of it. */
  readonly denoising_strength?: number | undefined
  readonly hires?: HiresPass | undefined
  readonly refiner?: RefinerSwitch | undefined
  readonly upscale?: UpscaleFacts | undefined
  /** ADetailer's units, in order. */
  readonly adetailer?: readonly AdetailerFacts[] | undefined
  /** Of the server that made it. */
  readonly version?: string | undefined
  /** What the picture went through: `txt2img > upscale > adetailer (face)`. */
  readonly stages?: string | undefined
}

/** An enlargement as it was asked for, without its picture. */
export type UpscaleFacts = Omit<ExtrasRequest, 'image' | 'where'> | TileFacts

type TileFacts = Pick<
  SdUpscaleRequest,
  | 'mode'
  | 'upscaler_1'
  | 'upscaling_resize'
  | 'tile_width'
  | 'tile_height'
  | 'tile_overlap'
  | 'denoising_strength'
>

/** One unit of ADetailer: what it looked for, and what it redrew with where that is not the picture's own. Names and
 *  defaults are the extension's. */
export interface AdetailerFacts {
  readonly ad_model: string
  readonly ad_model_classes?: string | undefined
  readonly ad_prompt?: string | undefined
  readonly ad_negative_prompt?: string | undefined
  readonly ad_confidence?: number | undefined
  readonly ad_mask_filter_method?: 'Area' | 'Confidence' | undefined
  readonly ad_mask_k?: number | undefined
  readonly ad_mask_min_ratio?: number | undefined
  readonly ad_mask_max_ratio?: number | undefined
  readonly ad_dilate_erode?: number | undefined
  readonly ad_x_offset?: number | undefined
  readonly ad_y_offset?: number | undefined
  readonly ad_mask_merge_invert?: 'None' | 'Merge' | 'Merge and Invert' | undefined
  readonly ad_mask_blur?: number | undefined
  readonly ad_denoising_strength?: number | undefined
  readonly ad_inpaint_only_masked?: boolean | undefined
  readonly ad_inpaint_only_masked_padding?: number | undefined
  readonly ad_inpaint_width?: number | undefined
  readonly ad_inpaint_height?: number | undefined
  readonly ad_steps?: number | undefined
  readonly ad_cfg_scale?: number | undefined
  readonly ad_checkpoint?: string | undefined
  readonly ad_vae?: string | undefined
  readonly ad_sampler?: string | undefined
  readonly ad_scheduler?: string | undefined
  readonly ad_noise_multiplier?: number | undefined
  readonly ad_clip_skip?: number | undefined
  readonly ad_restore_face?: boolean | undefined
  readonly ad_controlnet_model?: string | undefined
  readonly ad_controlnet_module?: string | undefined
  readonly ad_controlnet_weight?: number | undefined
  readonly ad_controlnet_guidance_start?: number | undefined
  readonly ad_controlnet_guidance_end?: number | undefined
}

/** The unit of a request: settings that are the picture's own are left out. */
export function adetailerFacts(request: DetailRequest): AdetailerFacts {
  const { settings } = request.image
  const own = <K extends keyof Sampling>(key: K): Sampling[K] | undefined =>
    settings !== undefined && settings[key] === request[key] ? undefined : request[key]
  const sized = own('width') !== undefined || own('height') !== undefined
  const { width, height } = request
  return {
    ad_model: request.ad_model,
    ad_model_classes: request.ad_model_classes,
    ad_prompt: request.ad_prompt,
    ad_negative_prompt: request.ad_negative_prompt,
    ad_confidence: request.ad_confidence,
    ad_mask_filter_method: request.ad_mask_filter_method,
    ad_mask_k: request.ad_mask_k,
    ad_mask_min_ratio: request.ad_mask_min_ratio,
    ad_mask_max_ratio: request.ad_mask_max_ratio,
    ad_dilate_erode: request.ad_dilate_erode,
    ad_x_offset: request.ad_x_offset,
    ad_y_offset: request.ad_y_offset,
    ad_mask_merge_invert: request.ad_mask_merge_invert,
    ad_mask_blur: request.ad_mask_blur,
    ad_denoising_strength: request.ad_denoising_strength,
    ad_inpaint_only_masked: request.ad_inpaint_only_masked,
    ad_inpaint_only_masked_padding: request.ad_inpaint_only_masked_padding,
    ...(sized ? { ad_inpaint_width: width, ad_inpaint_height: height } : {}),
    ad_steps: own('steps'),
    ad_cfg_scale: own('cfg_scale'),
    ad_checkpoint: own('model'),
    ad_vae: own('vae'),
    ad_sampler: own('sampler_name') ?? (own('scheduler') && request.sampler_name),
    ad_scheduler: own('scheduler'),
    ad_noise_multiplier: request.ad_noise_multiplier,
    ad_clip_skip: own('clip_skip'),
    ad_restore_face: request.ad_restore_face,
    ad_controlnet_model: request.ad_controlnet_model,
    ad_controlnet_module: request.ad_controlnet_module,
    ad_controlnet_weight: request.ad_controlnet_weight,
    ad_controlnet_guidance_start: request.ad_controlnet_guidance_start,
    ad_controlnet_guidance_end: request.ad_controlnet_guidance_end,
  }
}
