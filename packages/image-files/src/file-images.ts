import { readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'

import {
  type GivenPicture,
  type ImageSource,
  isPipelineError,
  type StageImage,
  stageImage,
} from '@stagewright/core'

import { errors } from './errors.js'
import { findFiles } from './find-files.js'
import { type Background, defaultLimits, type Limits } from './limits.js'
import { type Normalised, toMask, toPicture } from './normalise.js'

export interface FileImagesOptions extends Partial<Limits> {
  /** The folder that references are relative to, and may not leave: that of the run file. */
  readonly root: string
  /** Other folders (or files) that references may lead to. */
  readonly allow?: readonly string[]
  /** What transparent pixels of pictures are laid on. Default white. */
  readonly background?: Background
  /** Bytes kept in memory; pictures beyond are read again when their bytes are asked for. Default 256 MiB. */
  readonly keepBytes?: number
}

/** Opens the pictures that a run file names: a path, a folder or a glob, in natural order (`photo2` before `photo10`).
 *  Pictures come as 8-bit sRGB RGB PNG with the EXIF orientation applied, masks as 8-bit grey PNG.
 *  @throws {PipelineError} from `open`: SW_IMAGE_OUTSIDE_ROOT, SW_IMAGE_FILE_NOT_FOUND, SW_IMAGE_FILE_UNREADABLE,
 *  SW_IMAGE_TOO_LARGE, SW_IMAGE_TOO_MANY, SW_IMAGE_TOO_MANY_PIXELS */
export function fileImages(options: FileImagesOptions): ImageSource {
  const { root, allow = [], keepBytes = 256 * 2 ** 20, ...rest } = options
  const limits: Limits = { ...defaultLimits, ...rest }
  const places = { root: resolve(root), allow: allow.map((one) => resolve(one)), ...limits }
  const { background } = options
  let kept = 0

  const normalise = async (file: string, use: 'picture' | 'mask') => {
    const bytes = await read(file, limits)
    try {
      return use === 'mask'
        ? await toMask(bytes, limits)
        : await toPicture(bytes, { ...limits, ...(background === undefined ? {} : { background }) })
    } catch (error) {
      throw unreadable(file, error)
    }
  }
  const asImage = (file: string, use: 'picture' | 'mask', { bytes }: Normalised): StageImage => {
    const image = stageImage(bytes, { name: basename(file) })
    kept += bytes.byteLength
    if (kept <= keepBytes) return image
    const again = async (): Promise<Uint8Array> => {
      const made = await normalise(file, use)
      if (stageImage(made.bytes).digest !== image.digest) throw errors.SW_IMAGE_CHANGED({ file })
      return made.bytes
    }
    return Object.freeze({ ...image, bytes: again })
  }
  const open = async (
    reference: string,
    use: 'picture' | 'mask',
  ): Promise<readonly GivenPicture[]> => {
    const pictures: GivenPicture[] = []
    for (const file of await findFiles(reference, places)) {
      const made = await normalise(file, use)
      const image = asImage(file, use, made)
      pictures.push('coverage' in made ? { image, coverage: made.coverage as number } : { image })
    }
    return pictures
  }
  return { open }
}

/** The files that a reference stands for, in natural order: what `open` opens.
 *  @returns real paths
 *  @throws {PipelineError} SW_IMAGE_OUTSIDE_ROOT, SW_IMAGE_FILE_NOT_FOUND, SW_IMAGE_TOO_MANY, SW_IMAGE_BAD_REFERENCE */
export function filesNamed(
  reference: string,
  { root, allow = [], maxFiles }: Pick<FileImagesOptions, 'root' | 'allow' | 'maxFiles'>,
): Promise<readonly string[]> {
  return findFiles(reference, {
    root: resolve(root),
    allow: allow.map((one) => resolve(one)),
    maxFiles: maxFiles ?? defaultLimits.maxFiles,
  })
}

/** Size and kind are checked before the pixels are decoded. */
async function read(file: string, limits: Limits): Promise<Uint8Array> {
  try {
    const { size } = await stat(file)
    if (size > limits.maxFileBytes)
      throw errors.SW_IMAGE_TOO_LARGE({ file, bytes: size, most: limits.maxFileBytes })
    const bytes = await readFile(file)
    const { default: sharp } = await import('sharp')
    const { format, width, height } = await sharp(bytes, { limitInputPixels: false }).metadata()
    // SVG and PDF are programs more than pictures: they may name other files.
    if (!['png', 'jpeg', 'webp', 'heif', 'tiff', 'gif'].includes(format))
      throw errors.SW_IMAGE_FILE_UNREADABLE({ file, reason: `a picture cannot be ${format}` })
    if (width * height > limits.maxPixels)
      throw errors.SW_IMAGE_TOO_MANY_PIXELS({ file, width, height, most: limits.maxPixels })
    return bytes
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(file: string, error: unknown): unknown {
  if (isPipelineError(error)) return error
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  return errors.SW_IMAGE_FILE_UNREADABLE({ file, reason }, { cause: error })
}
