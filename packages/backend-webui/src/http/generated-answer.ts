import type { PipelineError } from '@stagewright/core/errors'

import { errors } from '../errors.js'
import type { GenerateAnswer } from '../transport.js'
import { htmlError, isHtml, parsed } from './answer-errors.js'
import type { ScannedAnswer } from './answer-scanner.js'
import type { Wire } from './connection-errors.js'
import type { Head } from './exchange.js'
import { asWireError, type Link } from './link.js'
import { NotBase64, PictureTooLarge } from './picture-decoder.js'

/** What the scanner found, as the answer to a generation: pictures in order, and the rest as an object.
 *  @throws {PipelineError} for an answer that is cut off, empty, a web page, without pictures, or no object */
export function readAnswer(
  { status, headers }: Head,
  scanned: ScannedAnswer,
  wire: Wire,
  link: Link,
): Omit<GenerateAnswer, 'warnings'> {
  const { server, route } = wire
  const text = link.auth.redact(scanned.rest)
  if (text.trim() === '') throw errors.SW_WEBUI_EMPTY_ANSWER({ server, route })
  const value = parsed(text)
  if (value === undefined) {
    if (isHtml(headers, text)) throw htmlError(status, text, wire)
    if (scanned.cut) throw errors.SW_WEBUI_TRUNCATED({ server, route, bytes: scanned.bytes })
    throw bad(wire, `it is not JSON (${JSON.stringify(text.slice(0, 60))})`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(wire, `it is ${text.slice(0, 120)}, not an object`)
  const { images, image, parameters: _, ...body } = value as Record<string, unknown>
  if (images === null || image === null)
    throw errors.SW_WEBUI_NO_PICTURES({
      server,
      route,
      field: images === null ? 'images' : 'image',
    })
  if (images === undefined && image === undefined)
    throw bad(wire, 'it has neither "images" nor "image"')
  return {
    status,
    images: [...pictures(images ?? [], scanned, wire), ...single(image, scanned, wire)],
    body,
    headers,
  }
}

/** What was thrown while an answer was read, as our error. */
export function scanError(error: unknown, wire: Wire, picturesRead: number): PipelineError {
  const { server, route } = wire
  if (error instanceof NotBase64)
    return errors.SW_WEBUI_BAD_BASE64({ server, route, picture: picturesRead + 1 })
  if (error instanceof PictureTooLarge)
    return errors.SW_WEBUI_LIMIT({ server, route, what: 'bytes in one picture', most: error.most })
  return asWireError(error, wire)
}

function pictures(
  listed: unknown,
  scanned: ScannedAnswer,
  wire: Wire,
): readonly (Uint8Array | null)[] {
  if (!Array.isArray(listed)) throw bad(wire, '"images" is no list')
  const read = scanned.images.values()
  return listed.map((entry: unknown) => {
    if (entry === null) return null
    const bytes = entry === '' ? read.next().value : undefined
    if (bytes === undefined) throw bad(wire, 'an entry of "images" is no text')
    return bytes
  })
}

function single(image: unknown, scanned: ScannedAnswer, wire: Wire): readonly Uint8Array[] {
  if (image === undefined) return []
  if (scanned.image === undefined) throw bad(wire, '"image" is no text')
  return [scanned.image]
}

function bad({ server, route }: Wire, problem: string): PipelineError {
  return errors.SW_WEBUI_BAD_ANSWER({ server, route, problem })
}
