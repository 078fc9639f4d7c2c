import type { CallResult, DetailRequest, StageImage } from '@stagewright/core'
import {
  adetailerFacts,
  adetailerPairs,
  adetailerUnits,
  parseInfotext,
} from '@stagewright/metadata'

import type { Payload } from '../dialects/dialect.js'
import { adetailerBody } from '../payload/adetailer.js'
import { sdnextDetailBody } from '../payload/sdnext-detail.js'
import { changeOf } from '../result/changed.js'
import { answerErrors } from '../result/errors.js'
import type { Job } from './job.js'
import { finished } from './upscale.js'

/** One unit on one picture. Detectors that fail or find nothing answer like those that worked, so pixels decide. */
export async function detail(job: Job, request: DetailRequest): Promise<CallResult> {
  return job.encoding.dialect.detail === 'own-route'
    ? ownRoute(job, request)
    : extension(job, request)
}

async function extension(job: Job, request: DetailRequest): Promise<CallResult> {
  const payload = await adetailerBody(job.encoding, request)
  const answer = await job.post('/sdapi/v1/img2img', payload, 'generation')
  return result(job, request, answer.images[0], payload)
}

async function ownRoute(job: Job, request: DetailRequest): Promise<CallResult> {
  const payload = await sdnextDetailBody(job.encoding, request)
  const answer = await job.post('/sdapi/v1/detail', payload, 'other')
  return result(job, request, answer.images[0], payload)
}

async function result(
  job: Job,
  request: DetailRequest,
  bytes: Uint8Array | null | undefined,
  payload: Payload,
): Promise<CallResult> {
  const { image } = request
  const made = await finished(job, image, bytes, (old) => {
    const units = adetailerUnits(parseInfotext(old).pairs.map(([key]) => key))
    return adetailerPairs(adetailerFacts(request), units)
  })
  checkSize(image, made)
  const { unchanged, box } = await changeOf(image, await made.bytes())
  const [width, height] = [payload['width'], payload['height']]
  if (box !== undefined && typeof width === 'number' && typeof height === 'number')
    if (box.width > width && box.height > height)
      job.warn(
        `${request.unit}: redrew ${box.width}x${box.height} at ${width}x${height}: raise ad_inpaint_width/height, or place adetailer before upscale`,
      )
  return {
    images: [unchanged === true ? image : made],
    unchanged,
    ...(unchanged === true ? { unchangedMeans } : {}),
    warnings: job.warnings,
  }
}

/** Whatever goes wrong in a detector, memory that runs out included, the server only logs.
 *  @source reference §5d */
const unchangedMeans =
  'nothing found, or the detector failed (out of memory, perhaps): see the server’s log'

/** A picture of another size is not a repaired one: the server has redrawn it all. */
function checkSize(image: StageImage, made: StageImage): void {
  if (made.width === image.width && made.height === image.height) return
  throw answerErrors.SW_WEBUI_SIZE_LOST({
    expected: `${image.width}x${image.height}`,
    got: `${made.width}x${made.height}`,
  })
}
