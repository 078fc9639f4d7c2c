import type { ExtrasRequest, SdUpscaleRequest, StageImage, UpscaleRequest } from '@stagewright/core'
import { samplingOf, set } from '@stagewright/core/sampling'

import type { UpscaleConfig } from './config.js'
import { givenSize } from './target.js'

/** The request for one picture, every default written out. */
export function requestFor(config: UpscaleConfig, image: StageImage): UpscaleRequest {
  return config.mode === 'extras' ? extras(config, image) : tiles(config, image)
}

function extras(config: UpscaleConfig, image: StageImage): ExtrasRequest {
  const size = givenSize(config, image)
  return {
    mode: 'extras',
    image,
    where: config.where,
    ...(size === undefined
      ? { resize_mode: 0 as const, upscaling_resize: config.upscaling_resize ?? 2 }
      : {
          resize_mode: 1 as const,
          upscaling_resize_w: size.width,
          upscaling_resize_h: size.height,
        }),
    upscaling_crop: config.upscaling_crop ?? true,
    upscaler_1: config.upscaler_1,
    ...set({ upscaler_2: config.upscaler_2 }),
    extras_upscaler_2_visibility: config.extras_upscaler_2_visibility ?? 0,
    gfpgan_visibility: config.gfpgan_visibility ?? 0,
    codeformer_visibility: config.codeformer_visibility ?? 0,
    codeformer_weight: config.codeformer_weight ?? 0,
  }
}

/** Starts from the picture's settings; its own fields take their place. */
function tiles(config: UpscaleConfig, image: StageImage): SdUpscaleRequest {
  const { settings } = image
  if (settings === undefined)
    throw new TypeError('the picture carries no settings; give it some, or start from reprocess()')
  const own = set({
    steps: config.steps,
    cfg_scale: config.cfg_scale,
    sampler_name: config.sampler_name,
    scheduler: config.scheduler,
    prompt: config.prompt,
    negative_prompt: config.negative_prompt,
  })
  return {
    mode: 'sd_upscale',
    image,
    ...samplingOf({ ...settings, ...own, seed: config.seed ?? image.seed }),
    upscaler_1: config.upscaler_1,
    upscaling_resize: config.upscaling_resize ?? 2,
    tile_width: config.tile_width ?? settings.width,
    tile_height: config.tile_height ?? settings.height,
    tile_overlap: config.tile_overlap ?? 64,
    denoising_strength: config.denoising_strength ?? 0.25,
  }
}
