import { operation } from './operation.js'
import type { Passthrough, Sampling } from './sampling.js'
import { slot } from './slot.js'
import type { StageImage } from './stage-image.js'

/** One batch from nothing: `batch_size` pictures with seeds `seed`, `seed + 1`, … (with `subseed_strength` above 0 the
 *  seed stays and the subseed counts up). */
export interface Txt2ImgRequest extends Sampling, Passthrough {
  readonly batch_size: number
}

/** `images` redrawn at `width`×`height`. One picture with `batch_size` n gives n variations; k pictures need
 *  `batch_size` k. Seeds count up as for txt2img. */
export interface Img2ImgRequest extends Sampling, Passthrough {
  readonly images: readonly StageImage[]
  readonly batch_size: number
  /** 0–1. */
  readonly denoising_strength: number
  /** 0 stretch, 1 crop, 2 fill, 3 latent stretch. */
  readonly resize_mode: number
  /** Whether exactly `steps` steps run; else `int(min(d, 0.999)·steps)+1`. */
  readonly img2img_fix_steps: boolean
  readonly initial_noise_multiplier?: number | undefined
  /** Upscaler for `resize_mode` 0–2 when the picture grows. */
  readonly upscaler_for_img2img?: string | undefined
  readonly image_cfg_scale?: number | undefined
  /** 8-bit grey, the picture's own size; white is redrawn. */
  readonly mask?: StageImage | undefined
  readonly mask_blur?: number | undefined
  readonly mask_round?: boolean | undefined
  /** 0 fill, 1 original, 2 latent noise, 3 latent nothing. */
  readonly inpainting_fill?: number | undefined
  /** Redraw only the masked region, at `width`×`height`; the picture keeps its size. */
  readonly inpaint_full_res?: boolean | undefined
  readonly inpaint_full_res_padding?: number | undefined
  /** 1 redraws what the mask leaves out. */
  readonly inpainting_mask_invert?: number | undefined
}

/** Enlargement without diffusion (`mode: extras`), by factor or to a size. */
export interface ExtrasRequest {
  readonly mode: 'extras'
  readonly image: StageImage
  /** Where the resampling happens; `client` only when asked for. */
  readonly where: 'server' | 'client'
  /** 0 by `upscaling_resize`, 1 to `upscaling_resize_w`×`upscaling_resize_h`. */
  readonly resize_mode: 0 | 1
  readonly upscaling_resize?: number | undefined
  readonly upscaling_resize_w?: number | undefined
  readonly upscaling_resize_h?: number | undefined
  readonly upscaling_crop: boolean
  readonly upscaler_1: string
  readonly upscaler_2?: string | undefined
  readonly extras_upscaler_2_visibility: number
  readonly gfpgan_visibility: number
  readonly codeformer_visibility: number
  readonly codeformer_weight: number
}

/** Tile diffusion (`mode: sd_upscale`); `width`×`height` stay the generation size, the tile has its own. */
export interface SdUpscaleRequest extends Sampling {
  readonly mode: 'sd_upscale'
  readonly image: StageImage
  readonly upscaler_1: string
  readonly upscaling_resize: number
  readonly tile_width: number
  readonly tile_height: number
  readonly tile_overlap: number
  readonly denoising_strength: number
}

export type UpscaleRequest = ExtrasRequest | SdUpscaleRequest

/** One ADetailer unit on one picture: find regions, redraw each at `width`×`height`, paste it back.
 *  The sampling fields are the picture's settings with the unit's own in their place. */
export interface DetailRequest extends Sampling {
  readonly image: StageImage
  readonly unit: string
  readonly ad_model: string
  readonly ad_model_classes: string
  readonly ad_prompt: string
  readonly ad_negative_prompt: string
  readonly ad_confidence: number
  readonly ad_mask_filter_method: 'Area' | 'Confidence'
  readonly ad_mask_k: number
  readonly ad_mask_min_ratio: number
  readonly ad_mask_max_ratio: number
  readonly ad_dilate_erode: number
  readonly ad_x_offset: number
  readonly ad_y_offset: number
  readonly ad_mask_merge_invert: 'None' | 'Merge' | 'Merge and Invert'
  readonly ad_mask_blur: number
  readonly ad_denoising_strength: number
  readonly ad_inpaint_only_masked: boolean
  readonly ad_inpaint_only_masked_padding: number
  readonly ad_noise_multiplier?: number | undefined
  readonly ad_restore_face: boolean
  readonly ad_controlnet_model?: string | undefined
  readonly ad_controlnet_module?: string | undefined
  readonly ad_controlnet_weight?: number | undefined
  readonly ad_controlnet_guidance_start?: number | undefined
  readonly ad_controlnet_guidance_end?: number | undefined
}

/** The high-res second pass on a txt2img call. Exactly `hr_second_pass_steps || steps` steps run.
 *  The target is `hr_scale` times the picture as its size is on the backend's grid, or what `hr_resize_x`/`hr_resize_y`
 *  (0: unset) say. */
export interface HiresPass {
  readonly hr_scale: number
  readonly hr_resize_x: number
  readonly hr_resize_y: number
  readonly hr_upscaler: string
  readonly hr_second_pass_steps: number
  readonly denoising_strength: number
  readonly hr_sampler_name?: string | undefined
  readonly hr_scheduler?: string | undefined
  readonly hr_prompt?: string | undefined
  readonly hr_negative_prompt?: string | undefined
  readonly hr_cfg?: number | undefined
  readonly hr_distilled_cfg?: number | undefined
  readonly hr_checkpoint_name?: string | undefined
  readonly hr_additional_modules?: readonly string[] | undefined
}

/** A second checkpoint that takes over within a pass. */
export interface RefinerSwitch {
  readonly refiner_checkpoint: string
  /** 0–1, both exclusive: the share of the pass after which the refiner takes over. */
  readonly refiner_switch_at: number
  /** Counted in sample steps, or by noise level. */
  readonly refiner_switch_by: 'steps' | 'noise'
  /** Which pass of a call with hires it acts on. */
  readonly refiner_pass: 'first' | 'second' | 'both'
}

export const Txt2Img = operation<Txt2ImgRequest>('txt2img')
export const Img2Img = operation<Img2ImgRequest>('img2img')
export const Upscale = operation<UpscaleRequest>('upscale')
export const Detail = operation<DetailRequest>('detail')

export const Hires = slot<HiresPass>('hires', [Txt2Img])
export const Refiner = slot<RefinerSwitch>('refiner', [Txt2Img, Img2Img])
