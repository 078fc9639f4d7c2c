import type { RunResult } from '@stagewright/core'
import type { RecoveredField } from '@stagewright/metadata'
import sharp from 'sharp'

/** How a run that repeats a picture compares with it. */
export interface Grade {
  readonly grade: 'same pixels' | 'same settings' | 'different'
  /** What is not the same, or not known to be. */
  readonly why: readonly string[]
}

/** What makes a picture, as far as a run file says it. */
const making =
  /^(?:(?:txt2img|img2img)\.)?(?:prompt|negative_prompt|seed|sampler_name|scheduler|steps|cfg_scale|width|height|model|init_images)$/

/** Compares a picture with the one of the run that has its seed.
 *  @param seed of the picture, where it tells; else the run's first picture is taken */
export async function gradeOf(
  picture: Uint8Array,
  seed: number | undefined,
  fields: readonly RecoveredField[],
  result: RunResult,
): Promise<Grade> {
  const made = result.images.find((image) => image.seed === seed) ?? result.images[0]
  if (made === undefined) return { grade: 'different', why: ['the run made no picture'] }
  const [old, now] = await Promise.all([pixelsOf(picture), pixelsOf(await made.bytes())])
  if (old.width !== now.width || old.height !== now.height)
    return {
      grade: 'different',
      why: [`${now.width}x${now.height} instead of ${old.width}x${old.height}`],
    }
  if (Buffer.compare(old.data, now.data) === 0) return { grade: 'same pixels', why: [] }
  const unsure = fields
    .filter(({ path, status }) => status !== 'recovered' && making.test(path))
    .map(({ path, status }) => `${path} was ${status}`)
  const share = differing(old.data, now.data)
  return unsure.length === 0
    ? { grade: 'same settings', why: [`${share} of the pixels differ`] }
    : { grade: 'different', why: [...unsure, `${share} of the pixels differ`] }
}

async function pixelsOf(bytes: Uint8Array) {
  const { data, info } = await sharp(bytes)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

/** By how many pixels of three bytes two buffers differ: `12 %`. */
function differing(one: Buffer, other: Buffer): string {
  let count = 0
  for (let at = 0; at < one.length; at += 3)
    if (one[at] !== other[at] || one[at + 1] !== other[at + 1] || one[at + 2] !== other[at + 2])
      count += 1
  const percent = (100 * count) / (one.length / 3)
  return percent < 1 ? 'under 1 %' : `${Math.round(percent)} %`
}
