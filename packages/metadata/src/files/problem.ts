/** What a picture's metadata could not give or take, and why. */
export interface MetadataProblem {
  /** What is concerned; `exif` is what others keep there, `picture` the whole file. */
  readonly field: 'picture' | 'infotext' | 'block' | 'comfy' | 'exif'
  readonly reason: ProblemReason
  /** The fact in words. */
  readonly message: string
}

export type ProblemReason =
  | 'not_a_picture'
  | 'damaged'
  | 'too_long'
  | 'invalid'
  /** Written by a version of this package that knows more. */
  | 'newer_version'

/** Bytes of one text, read or written, uncompressed: 1 MiB. */
export const mostTextBytes = 2 ** 20

/** Bytes of an XMP packet: a block of 1 MiB fits, whatever its letters. */
export const mostPacketBytes = 2 ** 23

export function problem(
  field: MetadataProblem['field'],
  reason: ProblemReason,
  message: string,
): MetadataProblem {
  return Object.freeze({ field, reason, message })
}

/** A text, or why there is none where one should be. */
export interface TextFound {
  readonly text?: string | undefined
  readonly problem?: { readonly reason: ProblemReason; readonly message: string } | undefined
}
