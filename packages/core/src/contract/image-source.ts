import { token } from '../di/token.js'
import type { StageImage } from './stage-image.js'

/** A picture named in a run file, opened and normalised. */
export interface GivenPicture {
  readonly image: StageImage
  /** For a mask: the share of the picture that it covers, 0–1. */
  readonly coverage?: number
}

/** Opens what a run file names: a path, a folder or a glob, in sorted order.
 *  Pictures come as 8-bit sRGB RGB with the EXIF orientation applied and alpha flattened; masks as 8-bit grey. */
export interface ImageSource {
  open(reference: string, use: 'picture' | 'mask'): Promise<readonly GivenPicture[]>
}

export const ImageSource = token<ImageSource>('ImageSource')

/** A reference is opened once per use: the same file may be a picture and a mask. */
export function pictureKey(reference: string, use: 'picture' | 'mask'): string {
  return use === 'mask' ? `mask:${reference}` : reference
}
