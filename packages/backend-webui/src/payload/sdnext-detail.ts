import type { DetailRequest } from '@stagewright/core'

import type { Payload } from '../dialects/dialect.js'
import { type Encoding, known, mismatch } from './encoding.js'
import { pictureBytes } from './picture.js'

/** What a unit must leave at its default, because SD.Next's detailer has its own settings for it. */
const left: Readonly<Partial<Record<keyof DetailRequest, unknown>>> = {
  ad_model_classes: '',
  ad_negative_prompt: '',
  ad_confidence: 0.3,
  ad_mask_filter_method: 'Area',
  ad_mask_k: 0,
  ad_mask_min_ratio: 0,
  ad_mask_max_ratio: 1,
  ad_dilate_erode: 4,
  ad_x_offset: 0,
  ad_y_offset: 0,
  ad_mask_merge_invert: 'None',
  ad_mask_blur: 4,
  ad_inpaint_only_masked: true,
  ad_inpaint_only_masked_padding: 32,
  ad_restore_face: false,
  ad_noise_multiplier: undefined,
  ad_controlnet_model: undefined,
}

/** The body of `POST /sdapi/v1/detail`: the built-in detailer on a finished picture. */
export async function sdnextDetailBody(
  encoding: Encoding,
  request: DetailRequest,
): Promise<Payload> {
  for (const [key, value] of Object.entries(left))
    if (request[key as keyof DetailRequest] !== value)
      mismatch(encoding, `${key} in a unit`, `remove ${key}: its detailer has a setting of its own`)
  return {
    image: await pictureBytes(encoding, request.image),
    seed: request.seed,
    detailer_models: [known(encoding, 'detector', request.ad_model, 'ad_model')],
    detailer_prompt: request.ad_prompt === '' ? request.prompt : request.ad_prompt,
    detailer_steps: request.steps,
    detailer_strength: request.ad_denoising_strength,
  }
}
