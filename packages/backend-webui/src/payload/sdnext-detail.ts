import { canonicalName, Detail, type DetailRequest } from '@stagewright/core'

import type { Payload } from '../dialects/dialect.js'
import { type Encoding, known, refuseSettings } from './encoding.js'
import { pictureBytes } from './picture.js'

/** The body of `POST /sdapi/v1/detail`: the built-in detailer on a finished picture, by the model that the server is
 *  set to. @source vladmandic/sdnext modules/api/process.py: post_detail */
export async function sdnextDetailBody(
  encoding: Encoding,
  request: DetailRequest,
): Promise<Payload> {
  refuseSettings(encoding, Detail.name, request)
  warnOfModel(encoding, request.model)
  return {
    image: await pictureBytes(encoding, request.image),
    seed: request.seed,
    detailer_models: [known(encoding, 'detector', request.ad_model, 'ad_model')],
    detailer_prompt: request.ad_prompt || request.prompt,
    detailer_negative: request.ad_negative_prompt || request.negative_prompt,
    detailer_steps: request.steps,
    detailer_strength: request.ad_denoising_strength,
  }
}

function warnOfModel({ inventory, warn }: Encoding, model: string | undefined): void {
  const canonical = (name: string): string => canonicalName(inventory, 'model', name)
  const own = inventory.options['sd_model_checkpoint']
  if (typeof own !== 'string' || model === undefined) return
  if (canonical(own) !== canonical(model))
    warn(
      `the detailer redraws with the model that the server is set to, ${canonical(own)}, not with ${model}`,
    )
}
