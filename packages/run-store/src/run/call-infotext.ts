import {
  type CallContext,
  Detail,
  type DetailRequest,
  Hires,
  Img2Img,
  type Img2ImgRequest,
  Refiner,
  type Sampling,
  Txt2Img,
  Upscale,
  type UpscaleRequest,
} from '@stagewright/core'
import {
  adetailerFacts,
  adetailerPairs,
  adetailerUnits,
  infotext,
  parseInfotext,
  upscalePairs,
  withPairs,
} from '@stagewright/metadata'

/** A call, as far as its picture's infotext tells of it. */
export interface ToldCall {
  /** Undefined for what a stage makes by itself. */
  readonly operation: string | undefined
  readonly request: unknown
  readonly contributions: CallContext['contributions']
  readonly settings: Sampling
  /** The infotext of the picture that it was made from. */
  readonly before: string | undefined
  /** What the picture has gone through, this call the last. */
  readonly lineage: readonly string[]
}

/** The infotext of a picture whose backend writes none: of a generating call its own, of any other that of the picture
 *  before, with what was done to it. */
export function callInfotext(call: ToldCall): string {
  const stages = call.lineage.map((one) => one.replace(/:(.*)$/, ' ($1)')).join(' > ')
  const { settings, contributions, operation, request } = call
  if (operation === Txt2Img.name || operation === Img2Img.name)
    return infotext({
      settings,
      hires: Hires.from(contributions),
      refiner: Refiner.from(contributions),
      denoising_strength:
        operation === Img2Img.name ? (request as Img2ImgRequest).denoising_strength : undefined,
      stages,
    })
  const before = call.before ?? infotext({ settings })
  return withPairs(before, [...donePairs(operation, request, before), ['Stages', stages]])
}

function donePairs(operation: string | undefined, request: unknown, before: string) {
  if (operation === Upscale.name) return upscalePairs(request as UpscaleRequest)
  if (operation !== Detail.name) return []
  const earlier = adetailerUnits(parseInfotext(before).pairs.map(([key]) => key))
  return adetailerPairs(adetailerFacts(request as DetailRequest), earlier)
}
