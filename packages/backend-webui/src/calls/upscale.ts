import {
  type CallResult,
  type ExtrasRequest,
  type SdUpscaleRequest,
  type StageImage,
  stageImage,
  type UpscaleRequest,
} from '@stagewright/core'
import { infotext, infotextOf, type Pair, upscalePairs, withPairs } from '@stagewright/metadata'

import { extrasBody } from '../payload/extras.js'
import { sdUpscaleBody } from '../payload/sd-upscale.js'
import { blankWarning } from '../result/blank.js'
import { answerErrors } from '../result/errors.js'
import { readInfo } from '../result/info.js'
import { pictures } from '../result/select.js'
import { enlargedHere } from './client-upscale.js'
import { pictureOf, withInfotext } from './generate.js'
import type { Job } from './job.js'
import { stagesOf } from './lineage.js'

export function upscale(job: Job, request: UpscaleRequest): Promise<CallResult> {
  return request.mode === 'extras' ? extras(job, request) : tiles(job, request)
}

async function extras(job: Job, request: ExtrasRequest): Promise<CallResult> {
  const bytes =
    request.where === 'client' ? await enlargedHere(job, request) : await byServer(job, request)
  const made = await finished(job, request.image, bytes, () => upscalePairs(request))
  return { images: [made], warnings: job.warnings }
}

async function byServer(job: Job, request: ExtrasRequest) {
  const payload = await extrasBody(job.encoding, request)
  const answer = await job.post('/sdapi/v1/extra-single-image', payload, 'resampling')
  return answer.images[0]
}

async function tiles(job: Job, request: SdUpscaleRequest): Promise<CallResult> {
  const payload = await sdUpscaleBody(job.encoding, request)
  const answer = await job.post('/sdapi/v1/img2img', payload, 'generation')
  const [picture] = pictures(answer, readInfo(answer.body), 1)
  const made = await finished(job, request.image, picture?.bytes, () => upscalePairs(request))
  return { images: [made], warnings: job.warnings }
}

/** A picture that was made from another: it keeps the seed, and its infotext is the other's with `more` at its end. What
 *  a server writes there after such a call is false. */
export async function finished(
  job: Job,
  source: StageImage,
  bytes: Uint8Array | null | undefined,
  more: (old: string) => readonly Pair[],
): Promise<StageImage> {
  const { title, emptyMeans } = job.encoding.dialect
  if (bytes === undefined || bytes === null)
    throw answerErrors.SW_WEBUI_NO_RESULT({ server: title, means: emptyMeans })
  const { settings } = source
  const old =
    infotextOf(await source.bytes()) ?? (settings === undefined ? '' : infotext({ settings }))
  const text = withPairs(old, [...more(old), ['Stages', stagesOf(job.ctx, source)]])
  const image = pictureOf(withInfotext(job, bytes, text), title, 1)
  const blank = await blankWarning(bytes, 'the picture', source)
  if (blank !== undefined) job.warn(blank)
  return stageImage(image, { seed: source.seed, settings })
}
