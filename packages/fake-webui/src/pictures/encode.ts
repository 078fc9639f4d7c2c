import sharp from 'sharp'

import { Crash, HttpError } from '../http/errors.js'
import { textsOf, withText } from './chunks.js'
import { commentIn, jpegWithComment, webpWithComment } from './exif.js'
import { decoded, type Picture } from './picture.js'

export interface Encoding {
  readonly format: string
  readonly quality: number
  readonly lossless: boolean
  /** Whether the infotext goes into the file. */
  readonly metadata: boolean
}

/** The picture as the API hands it out: base64 of the format that the server's options say.
 *  @throws {HttpError} 500 "Invalid image format", after all the work is done */
export async function encoded(
  picture: Picture,
  infotext: string | undefined,
  { format, quality, lossless, metadata }: Encoding,
): Promise<string> {
  const text = metadata ? infotext : undefined
  switch (format.toLowerCase()) {
    case 'png': {
      const png = Buffer.from(picture.png)
      return (text === undefined ? png : withText(png, 'parameters', text)).toString('base64')
    }
    case 'jpg':
    case 'jpeg': {
      const jpeg = await sharp(picture.png).jpeg({ quality }).toBuffer()
      return (text === undefined ? jpeg : jpegWithComment(jpeg, text)).toString('base64')
    }
    case 'webp': {
      const webp = await sharp(picture.png).webp({ quality, lossless }).toBuffer()
      return (
        text === undefined ? webp : webpWithComment(webp, picture.width, picture.height, text)
      ).toString('base64')
    }
    default:
      throw new HttpError(500, 'Invalid image format')
  }
}

/** What a request holds in place of a picture: base64, or a data URL.
 *  @throws {HttpError | Crash} what the Python servers answer to anything else */
export function bytesOf(value: unknown): Buffer {
  if (typeof value !== 'string')
    throw new Crash('AttributeError', "'NoneType' object has no attribute 'startswith'")
  if (value.startsWith('http://') || value.startsWith('https://'))
    // No request leaves this machine in a test: the answer is the one for an address that is not public.
    throw new HttpError(500, 'Request to local resource not allowed')
  if (!value.startsWith('data:image/')) return Buffer.from(value, 'base64')
  const parts = value.split(';')
  const data = /^base64,(.*)$/su.exec(parts[1] ?? '')
  if (data === null) throw new Crash('IndexError', 'list index out of range')
  return Buffer.from(data[1]!, 'base64')
}

/** @throws {HttpError} 500 "Invalid encoded image" */
export async function pictureIn(value: unknown): Promise<Picture> {
  const picture = await decoded(bytesOf(value))
  if (picture === undefined) throw new HttpError(500, 'Invalid encoded image')
  return picture
}

/** The text that a picture file carries: PNG chunks, or the EXIF comment as "parameters". */
export async function textIn(bytes: Uint8Array): Promise<Record<string, string>> {
  const texts = textsOf(bytes)
  if (Object.keys(texts).length > 0) return texts
  try {
    const { exif } = await sharp(bytes).metadata()
    const comment = exif === undefined ? undefined : commentIn(exif)
    return comment === undefined ? {} : { parameters: comment }
  } catch {
    return {}
  }
}
