import { errors, readImageHeader, type StageImage } from '@stagewright/core'
import { pngChunks } from '@stagewright/metadata'

import { answerErrors } from '../result/errors.js'
import type { Encoding } from './encoding.js'

/** A picture's bytes, checked: some servers take a broken or a grey one for none, and generate from nothing.
 *  @throws {PipelineError} SW_IMAGE_NOT_READABLE, SW_WEBUI_PICTURE_UNFIT */
export async function pictureBytes(encoding: Encoding, image: StageImage): Promise<Uint8Array> {
  const bytes = await image.bytes()
  const header = readImageHeader(bytes)
  if (header === undefined)
    throw errors.SW_IMAGE_NOT_READABLE({ name: image.name ?? 'picture', bytes: bytes.byteLength })
  if (header.mediaType !== 'image/png') return bytes
  const server = encoding.dialect.title
  const chunks = pngChunks(bytes)
  if (chunks?.at(-1)?.type !== 'IEND')
    throw answerErrors.SW_WEBUI_PICTURE_UNFIT({ problem: 'is cut off', server })
  const colour = bytes[25]
  const grey = colour === 0 || colour === 4
  if (grey && !encoding.dialect.greyPictures)
    throw answerErrors.SW_WEBUI_PICTURE_UNFIT({ problem: 'is grey', server })
  return bytes
}

/** A mask's bytes: 8-bit grey is what servers want here. */
export async function maskBytes(image: StageImage): Promise<Uint8Array> {
  const bytes = await image.bytes()
  if (readImageHeader(bytes) === undefined)
    throw errors.SW_IMAGE_NOT_READABLE({ name: image.name ?? 'mask', bytes: bytes.byteLength })
  return bytes
}
