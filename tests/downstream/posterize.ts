import { defineStage, Phase, phaseBetween, stageImage } from '@stagewright/core'
import { z } from 'zod'

/** A stage as a third party writes it: it works on the file itself, and calls no backend. */
export const posterize = defineStage({
  name: 'acme_posterize',
  phase: phaseBetween(Phase.Upscale, Phase.Detail, 'acme_posterize'),
  consumes: 'images',
  config: z.object({
    levels: z.int().min(2).max(64).default(8).describe('Levels a colour channel keeps'),
  }),
  plan: () => ({}),
  execute: ({ config, each }, images) =>
    each(images, async (image) => [
      stageImage(withComment(await image.bytes(), `posterized to ${config.levels} levels`), image),
    ]),
})

/** The PNG with a text chunk put before its end. */
function withComment(png: Uint8Array, text: string): Uint8Array {
  const data = Buffer.from(`tEXtComment\0${text}`, 'latin1')
  const chunk = Buffer.alloc(data.length + 8)
  chunk.writeUInt32BE(data.length - 4)
  data.copy(chunk, 4)
  chunk.writeUInt32BE(crc(data), data.length + 4)
  return Buffer.concat([png.subarray(0, -12), chunk, png.subarray(-12)])
}

/** CRC-32 of PNG 1.2, appendix D. */
function crc(bytes: Uint8Array): number {
  let value = 0xffffffff
  for (const byte of bytes) {
    value ^= byte
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0)
  }
  return (value ^ 0xffffffff) >>> 0
}
