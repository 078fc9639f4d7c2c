import { token } from '@stagewright/core'
import sharp from 'sharp'

/** Sharpens an encoded picture: PNG, JPEG or WebP bytes in, PNG bytes of the same size out. A host may provide its
 *  own under this token.
 *  @unit `sigma` pixels, above 0 to 10; `amount` 0–10 */
export interface Sharpener {
  sharpen(
    bytes: Uint8Array,
    options: { readonly sigma: number; readonly amount: number },
  ): Promise<Uint8Array>
}

export const Sharpener = token<Sharpener>('acme.Sharpener')

/** @source libvips `sharpen`: `m2` is the gain of jagged areas, that is of edges; flat areas stay as they are (`m1` 0) */
export const sharpSharpener: Sharpener = {
  sharpen: (bytes, { sigma, amount }) =>
    sharp(bytes).sharpen({ sigma, m1: 0, m2: amount }).png().toBuffer(),
}
