import type { Backend, CallContext, CallResult } from '../contract/backend.js'
import type { Interceptor } from '../contract/interceptor.js'
import type { Operation } from '../contract/operation.js'
import type { ImageBatch, StageImage } from '../contract/stage-image.js'
import { errors } from '../errors/catalogue.js'
import { isPipelineError } from '../errors/pipeline-error.js'
import { messageOf } from '../errors/wrap.js'

/** Sends a request through the interceptors to the backend, and checks what comes back.
 *  @throws {PipelineError} the backend's own; SW_BACKEND_FAILED for any other error; SW_BACKEND_BAD_RESULT */
export async function callBackend<R>(
  backend: Backend,
  interceptors: readonly Interceptor[],
  operation: Operation<R>,
  request: R,
  ctx: CallContext,
): Promise<CallResult> {
  const innermost = (): Promise<CallResult> => backend.call(operation, request, ctx)
  const chain = interceptors.reduceRight(
    (next, interceptor) => () => interceptor.call?.(operation.name, request, ctx, next) ?? next(),
    innermost,
  )
  try {
    return checked(await chain(), operation.name, request, backend.kind)
  } catch (error) {
    if (isPipelineError(error) || ctx.signal.aborted) throw error
    const reason = messageOf(error)
    throw errors.SW_BACKEND_FAILED(
      { backend: backend.kind, operation: operation.name, reason },
      { cause: error },
    )
  }
}

/** The pictures among a request's values. */
export function imagesIn(request: unknown): StageImage[] {
  if (typeof request !== 'object' || request === null) return []
  const { image, images } = request as { image?: unknown; images?: unknown }
  return [image, ...(Array.isArray(images) ? (images as unknown[]) : [])].filter(isStageImage)
}

/** How many pictures a request asks for: its `batch_size`, else one for each that it holds. */
export function askedFor(request: unknown): number {
  const { batch_size: batch } = request as { batch_size?: unknown }
  return typeof batch === 'number' ? batch : Math.max(1, imagesIn(request).length)
}

/** The request as JSON: pictures by their identity. */
export function requestAsJson(request: unknown): unknown {
  if (isStageImage(request)) {
    const { digest, width, height, mediaType } = request
    return { digest, width, height, media_type: mediaType }
  }
  if (Array.isArray(request)) return request.map(requestAsJson)
  if (typeof request !== 'object' || request === null) return request
  const entries = Object.entries(request).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([key, value]) => [key, requestAsJson(value)]))
}

export function isStageImage(value: unknown): value is StageImage {
  return typeof value === 'object' && value !== null && 'digest' in value && 'bytes' in value
}

function checked(
  result: CallResult,
  operation: string,
  request: unknown,
  backend: string,
): CallResult {
  const refuse = (problem: string) => errors.SW_BACKEND_BAD_RESULT({ backend, operation, problem })
  const images: unknown = (result as CallResult | undefined)?.images
  if (!Array.isArray(images)) throw refuse('it holds no list of images')
  if (!images.every(isStageImage)) throw refuse('one of its images is not a picture')
  if (images.length === 0) throw refuse('it holds no picture')
  const asked = askedFor(request)
  const paired = imagesIn(request).length > 1
  if ((images as ImageBatch).length > asked || (paired && images.length < asked))
    throw refuse(`it holds ${images.length} pictures for ${asked}`)
  return result
}
