import type { Sampling } from '../contract/sampling.js'
import type { StageImage } from '../contract/stage-image.js'
import { Img2Img, Txt2Img } from '../contract/vocabulary.js'
import { samplingOf } from '../sampling/settings.js'

/** The picture with the stages it has now gone through; what the backend does not know of it comes from the picture
 *  it was made from. */
export function throughStage(
  image: StageImage,
  source: StageImage | undefined,
  through: readonly string[],
): StageImage {
  return Object.freeze({
    ...image,
    lineage: Object.freeze([...(source?.lineage ?? []), ...through]),
    settings: image.settings ?? source?.settings,
    name: image.name ?? source?.name,
  })
}

/** A generated picture whose backend does not tell its settings has those that were asked for. */
export function withRequested(image: StageImage, operation: string, request: unknown): StageImage {
  const generated = operation === Txt2Img.name || operation === Img2Img.name
  return image.settings !== undefined || !generated
    ? image
    : { ...image, settings: samplingOf({ ...(request as Sampling), seed: image.seed }) }
}

/** A picture that a stage hands on without a call of its own gets its name added. */
export function handedOn(image: StageImage, stage: string, merged: readonly string[]): StageImage {
  const last = image.lineage.at(-1) ?? ''
  const known = last === stage || last.startsWith(`${stage}:`) || merged.includes(last)
  return known
    ? image
    : Object.freeze({ ...image, lineage: Object.freeze([...image.lineage, stage]) })
}
