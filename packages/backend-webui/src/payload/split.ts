import type { Img2ImgRequest, Sampling, StageImage } from '@stagewright/core'
import { seedAt } from '@stagewright/core/sampling'

type Batched = Sampling & { readonly batch_size: number; readonly images?: readonly StageImage[] }

/** The part of a request that makes the pictures `from` up to `from + count`, with the seeds they would have had. */
export function part<R extends Batched>(request: R, from: number, count: number): R {
  const { images } = request
  return {
    ...request,
    ...seedAt(request, from),
    batch_size: count,
    ...(images !== undefined && images.length > 1
      ? { images: images.slice(from, from + count) }
      : {}),
  }
}

/** A request in parts of at most `most` pictures. */
export function parts<R extends Batched>(request: R, most: number): readonly R[] {
  const { batch_size: batch } = request
  if (batch <= most) return [request]
  return Array.from({ length: Math.ceil(batch / most) }, (_, i) =>
    part(request, i * most, Math.min(most, batch - i * most)),
  )
}

/** How many pictures of an img2img request one call may take. */
export function mostInCall(
  request: Pick<Img2ImgRequest, 'batch_size'> & Partial<Pick<Img2ImgRequest, 'images'>>,
  limit: number | undefined,
  groups: boolean,
): number {
  if (!groups && (request.images?.length ?? 0) > 1) return 1
  return limit ?? request.batch_size
}
