import { errors } from '../errors/catalogue.js'
import { type ImageBatch } from './stage-image.js'

/** A picture within a contribution. A plan is JSON: it holds the reference, and a call finds the picture in its place. */
export interface PictureInPlan {
  /** As the stage's `pictures` declared it. */
  readonly $picture: string
  readonly use: 'picture' | 'mask'
}

/** Puts a picture that the stage's `pictures` declared into a contribution: `Pose.with({ image: pictureInPlan('a.png') })`. */
export function pictureInPlan(
  reference: string,
  use: 'picture' | 'mask' = 'picture',
): PictureInPlan {
  return Object.freeze({ $picture: reference, use })
}

/** The value with every picture in the place of its reference.
 *  @throws {PipelineError} SW_IMAGE_NONE_FOUND when a reference was not opened */
export function withPictures(
  value: unknown,
  pictures: (reference: string, use: 'picture' | 'mask') => ImageBatch,
): unknown {
  if (Array.isArray(value)) return value.map((inner) => withPictures(inner, pictures))
  if (typeof value !== 'object' || value === null) return value
  if (isPictureInPlan(value)) {
    const [image] = pictures(value.$picture, value.use)
    if (image !== undefined) return image
    throw errors.SW_IMAGE_NONE_FOUND({ path: 'a contribution', reference: value.$picture })
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withPictures(inner, pictures)]),
  )
}

function isPictureInPlan(value: object): value is PictureInPlan {
  return '$picture' in value && typeof value.$picture === 'string'
}
