import sharp from 'sharp'

import type { Picture } from '../pictures/picture.js'

/** All pictures side by side in rows, as near to a square as their number allows. */
export async function gridOf(pictures: readonly Picture[]): Promise<Picture> {
  const rows = Math.max(1, Math.round(Math.sqrt(pictures.length)))
  const columns = Math.ceil(pictures.length / rows)
  const { width: wide, height: high } = pictures[0]!
  const [width, height] = [columns * wide, rows * high]
  const png = await sharp({ create: { width, height, channels: 3, background: '#000000' } })
    .composite(
      pictures.map(({ png: input }, i) => ({
        input: Buffer.from(input),
        left: (i % columns) * wide,
        top: Math.floor(i / columns) * high,
      })),
    )
    .png({ compressionLevel: 1 })
    .toBuffer()
  return { width, height, png }
}
