import { createInflate } from 'node:zlib'

import type { StageImage } from '@stagewright/core'

import { plainPng, unfilter } from './png-pixels.js'

/** What to say of a picture whose pixels are all the same, most often black: no sampler ends there, but NaN does on a
 *  server that does not test for it. Undefined for any other picture, and for one made from a picture of that same
 *  colour, which a low denoising strength may well leave as it was.
 *  @source lllyasviel/stable-diffusion-webui-forge#1278, #1742: black with 200 */
export async function blankWarning(
  made: Uint8Array,
  place: string,
  source?: StageImage,
): Promise<string | undefined> {
  const colour = await onlyColour(made)
  if (colour === undefined) return undefined
  if (source !== undefined && (await onlyColour(await source.bytes())) === colour) return undefined
  const [what, sure] =
    colour === '#000000' ? ['black', 'most likely'] : [`of one colour (${colour})`, 'perhaps']
  return `${place} is ${what} throughout: ${sure} the model or its VAE gave no numbers (NaN). Use another VAE (a "fp16-fix" one for SDXL, its own among additional_modules for Flux), or start the server with --no-half-vae (Forge: --vae-in-fp32), then with --no-half or an upcast attention`
}

/** The colour of a plain PNG whose pixels all have it, as `#rrggbb`. Undefined for any other picture, after its first
 *  differing pixel; and for lossy formats, which would have to be decoded, and are not quite of one colour then. */
export async function onlyColour(bytes: Uint8Array): Promise<string | undefined> {
  const png = plainPng(bytes)
  if (png === undefined) return undefined
  const { width, height, channels, packed } = png
  let [row, above] = [new Uint8Array(width * channels), new Uint8Array(width * channels)]
  let colour: Uint8Array | undefined
  let rows = 0
  try {
    for await (const line of lines(packed, width * channels + 1)) {
      if (!unfilter(line, row, above, channels)) return undefined
      colour ??= row.slice(0, 3)
      if (!isAll(row, colour, channels)) return undefined
      rows += 1
      if (rows === height) break
      ;[above, row] = [row, above]
    }
  } catch {
    return undefined
  }
  return colour === undefined || rows < height
    ? undefined
    : `#${Buffer.from(colour).toString('hex')}`
}

function isAll(row: Uint8Array, [r, g, b]: Uint8Array, channels: number): boolean {
  for (let x = 0; x < row.length; x += channels)
    if (row[x] !== r || row[x + 1] !== g || row[x + 2] !== b) return false
  return true
}

/** Decompresses line by line, no further than is asked for; the buffer is the same each time. */
async function* lines(packed: readonly Uint8Array[], length: number): AsyncGenerator<Uint8Array> {
  const inflate = createInflate()
  for (const piece of packed) inflate.write(piece)
  inflate.end()
  const line = Buffer.alloc(length)
  let filled = 0
  for await (const part of inflate as AsyncIterable<Buffer>)
    for (let at = 0; at < part.length;) {
      const copied = part.copy(line, filled, at)
      at += copied
      filled += copied
      if (filled < length) continue
      yield line
      filled = 0
    }
}
