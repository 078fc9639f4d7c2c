import type { GenerateAnswer } from '../transport.js'
import type { Info } from './info.js'

/** The pictures of an answer that were asked for, each with its place: without a grid before them, and without maps
 *  that extensions add behind. A place whose entry is null stays empty. */
export function pictures(
  { images }: Pick<GenerateAnswer, 'images'>,
  info: Info,
  asked: number,
): readonly { readonly at: number; readonly bytes: Uint8Array }[] {
  const made = info.seeds.length > 0 ? Math.min(asked, info.seeds.length) : asked
  // A server that counts the grid but sends none would lose a picture.
  const first = images.length > info.first ? info.first : 0
  return images
    .slice(first, first + made)
    .flatMap((bytes, at) => (bytes === null || bytes.length === 0 ? [] : [{ at, bytes }]))
}
