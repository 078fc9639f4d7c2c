import type { DetailRequest } from '@stagewright/core'

import type { Payload } from '../dialects/dialect.js'
import { harmlessUnit } from '../inventory/setting-limits.js'
import type { BodyPart } from '../transport.js'
import { type Encoding, known, mismatch } from './encoding.js'
import { merged } from './merge.js'
import { optionsOf, redrawOptions } from './options.js'
import { pictureBytes } from './picture.js'
import { samplingFields } from './sampling.js'

/** The body of an img2img on which ADetailer alone works: `args: [true, true, {…}]` skips the redraw itself. Size, steps
 *  and sampler are those of the repair. Should the extension reject its arguments, the server would redraw the whole
 *  picture instead: hence the tiny strength, and the unit checked by the extension's own schema.
 *  @source reference §5d */
export async function adetailerBody(encoding: Encoding, request: DetailRequest): Promise<Payload> {
  const unit = unitOf(encoding, request)
  // A whole picture that is redrawn takes the request's size: it must keep its own.
  const { width, height } = request.ad_inpaint_only_masked ? request : request.image
  return merged(
    samplingFields(encoding, { ...request, width, height }, 1),
    {
      init_images: [await pictureBytes(encoding, request.image)],
      resize_mode: 0,
      denoising_strength: 0.01,
      alwayson_scripts: { ADetailer: { args: [true, true, unit] } },
    },
    optionsOf(encoding, request, {
      ...redrawOptions,
      img2img_fix_steps: false,
      ad_dynamic_denoise_power: 0,
      ad_match_inpaint_bbox_size: 'Off',
      ad_same_seed_for_each_tab: false,
    }),
  )
}

/** The extension's dictionary for one unit. Each key is one that its schema has: it rejects a unit with any other. */
export function unitOf(encoding: Encoding, request: DetailRequest): Payload {
  const wanted = valuesOf(encoding, request)
  const { detailerFields: keys } = encoding.inventory
  if (keys === undefined) return wanted
  const unit: Record<string, BodyPart> = {}
  for (const [key, value] of Object.entries(wanted)) {
    const old = key === 'ad_mask_k' && !keys.includes(key) ? 'ad_mask_k_largest' : key
    if (keys.includes(old)) unit[old] = value
    else if (harmlessUnit[key]?.includes(value) !== true)
      mismatch(encoding, `${key} (its ADetailer has no such field)`, 'update the extension')
  }
  return unit
}

function valuesOf(encoding: Encoding, request: DetailRequest): Payload {
  const {
    ad_noise_multiplier: noise,
    ad_controlnet_model: control,
    ad_controlnet_module: module,
    ad_controlnet_weight: weight,
    ad_controlnet_guidance_start: start,
    ad_controlnet_guidance_end: end,
  } = request
  return {
    ad_model: known(encoding, 'detector', request.ad_model, 'ad_model'),
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
    ...(request.ad_inpaint_only_masked
      ? {
          ad_use_inpaint_width_height: true,
          ad_inpaint_width: request.width,
          ad_inpaint_height: request.height,
        }
      : {}),
    ad_restore_face: request.ad_restore_face,
    ...(noise === undefined ? {} : { ad_use_noise_multiplier: true, ad_noise_multiplier: noise }),
    ...(control === undefined
      ? {}
      : {
          ad_controlnet_model: control,
          ...(module === undefined ? {} : { ad_controlnet_module: module }),
          ...(weight === undefined ? {} : { ad_controlnet_weight: weight }),
          ...(start === undefined ? {} : { ad_controlnet_guidance_start: start }),
          ...(end === undefined ? {} : { ad_controlnet_guidance_end: end }),
        }),
  }
}
