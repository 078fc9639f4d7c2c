import { createHash } from 'node:crypto'

import { errors } from '../errors/catalogue.js'
import { type MediaType, readImageHeader } from '../image/image-header.js'
import type { Sampling } from './sampling.js'

/** A picture between stages. Its bytes are fetched on demand, so nothing pins memory. */
export interface StageImage {
  readonly mediaType: MediaType
  /** Decoded size in pixels. */
  readonly width: number
  readonly height: number
  /** The actual seed, 0…2³²−1. */
  readonly seed: number
  /** SHA-256 of the bytes, lower-case hex: the picture's identity. */
  readonly digest: string
  /** Names of the stages it went through, in order; a labelled call adds `stage:label`. */
  readonly lineage: readonly string[]
  /** The resolved settings of the generating call that made it; undefined for a given picture. */
  readonly settings?: Sampling | undefined
  /** The source's name, for a picture that was given. */
  readonly name?: string | undefined
  bytes(): Promise<Uint8Array>
}

export type ImageBatch = readonly StageImage[]

export interface StageImageInit {
  readonly seed?: number
  readonly settings?: Sampling | undefined
  readonly lineage?: readonly string[]
  readonly name?: string | undefined
}

/** Makes a picture from encoded bytes: reads type and size from the header, and hashes the bytes.
 *  @throws {PipelineError} SW_IMAGE_NOT_READABLE when the bytes are not a PNG, JPEG or WebP picture */
export function stageImage(bytes: Uint8Array, init: StageImageInit = {}): StageImage {
  const header = readImageHeader(bytes)
  if (header === undefined)
    throw errors.SW_IMAGE_NOT_READABLE({ name: init.name ?? 'picture', bytes: bytes.byteLength })
  return Object.freeze({
    mediaType: header.mediaType,
    width: header.width,
    height: header.height,
    seed: init.seed ?? init.settings?.seed ?? 0,
    digest: createHash('sha256').update(bytes).digest('hex'),
    lineage: Object.freeze([...(init.lineage ?? [])]),
    settings: init.settings,
    name: init.name,
    bytes: () => Promise.resolve(bytes),
  })
}
