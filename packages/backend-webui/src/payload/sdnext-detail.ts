import { Detail, type DetailRequest } from '@stagewright/core'

import type { Payload } from '../dialects/dialect.js'
import { type Encoding, known, refuseSettings } from './encoding.js'
import { pictureBytes } from './picture.js'

/** The body of `POST /sdapi/v1/detail`: the built-in detailer on a finished picture. */
export async function sdnextDetailBody(
  encoding: Encoding,
  request: DetailRequest,
): Promise<Payload> {
  refuseSettings(encoding, Detail.name, request)
  return {
    image: await pictureBytes(encoding, request.image),
    seed: request.seed,
    detailer_models: [known(encoding, 'detector', request.ad_model, 'ad_model')],
    detailer_prompt: request.ad_prompt === '' ? request.prompt : request.ad_prompt,
    detailer_steps: request.steps,
    detailer_strength: request.ad_denoising_strength,
  }
}
