import { cutOut, type Picture, resized } from '../pictures/picture.js'
import type { Job } from './job.js'

/** What two options put behind each picture of a job with a mask: the mask, and the picture cut out by it.
 *  Source: the reference, images; A1111 v1.10.1 modules/processing.py, return_mask and return_mask_composite. */
export async function masksOf({ world, mask }: Job, picture: Picture): Promise<Picture[]> {
  const { return_mask: whole, return_mask_composite: cut } = world.settings
  if (mask === undefined || (whole !== true && cut !== true)) return []
  const fitting = await resized(mask, picture.width, picture.height, 'nearest')
  return [
    ...(whole === true ? [fitting] : []),
    ...(cut === true ? [await cutOut(picture, fitting)] : []),
  ]
}
