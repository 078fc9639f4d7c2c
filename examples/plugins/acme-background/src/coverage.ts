import { type StageImage, token } from '@stagewright/core'
import { inject, injectable } from '@stagewright/core/di'
import sharp from 'sharp'

/** Reads how opaque a picture is on the whole: 0 nothing is left, 1 nothing was removed. */
export type PixelReader = (bytes: Uint8Array) => Promise<number>
export const PixelReader = token<PixelReader>('acme.PixelReader')

export interface Coverage {
  of(image: StageImage): Promise<number>
}
export const Coverage = token<Coverage>('acme.Coverage')

@injectable()
export class AlphaCoverage implements Coverage {
  readonly #read: PixelReader

  constructor(@inject(PixelReader) read: PixelReader) {
    this.#read = read
  }

  async of(image: StageImage): Promise<number> {
    return this.#read(await image.bytes())
  }
}

export const readAlpha: PixelReader = async (bytes) => {
  const { channels } = await sharp(await sharp(bytes).ensureAlpha().png().toBuffer()).stats()
  return (channels[3]?.mean ?? 255) / 255
}
