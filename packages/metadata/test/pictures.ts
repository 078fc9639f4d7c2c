import { deflateSync } from 'node:zlib'

import sharp from 'sharp'

import { pngChunk, pngChunks, type PictureBlock } from '../src/index.js'

export type Format = 'png' | 'jpeg' | 'webp' | 'lossless webp' | 'transparent webp' | 'alpha webp'

export const formats: readonly Format[] = [
  'png',
  'jpeg',
  'webp',
  'lossless webp',
  'transparent webp',
  'alpha webp',
]

/** A picture with something in every pixel, as a real encoder makes it. */
export async function picture(format: Format, width = 40, height = 24): Promise<Uint8Array> {
  const channels = format.includes('transparent') || format.includes('alpha') ? 4 : 3
  const raw = Buffer.alloc(width * height * channels)
  for (let i = 0; i < raw.length; i++) raw[i] = (i * 7 + (i >> 5) * 13) & 0xff
  const made = sharp(raw, { raw: { width, height, channels } })
  switch (format) {
    case 'png':
      return made.png().toBuffer()
    case 'jpeg':
      return made.jpeg().toBuffer()
    case 'webp':
    case 'alpha webp':
      return made.webp().toBuffer()
    default:
      return made.webp({ lossless: true }).toBuffer()
  }
}

/** The decoded pixels. */
export async function pixels(bytes: Uint8Array): Promise<Buffer> {
  return sharp(bytes).raw().toBuffer()
}

export const block: PictureBlock = {
  v: 1,
  made_by: { name: 'stagewright', version: '0.1.0' },
  plan: '4f1c',
  config: { prompt: 'a <b> & "c" кот 🐈 ]]>', txt2img: { steps: 20 }, upscale: { enabled: false } },
  stages: [{ name: 'txt2img', version: '0.1.0' }],
  lineage: ['txt2img'],
  stage: 'txt2img',
  seed: 7,
  backend: { kind: 'webui', dialect: 'forge' },
}

/** A PNG with these chunks behind its header. */
export function withChunks(bytes: Uint8Array, ...added: readonly Uint8Array[]): Uint8Array {
  const [header, ...rest] = pngChunks(bytes) ?? []
  const parts = [header?.whole ?? Buffer.alloc(0), ...added, ...rest.map(({ whole }) => whole)]
  return Buffer.concat([bytes.subarray(0, 8), ...parts])
}

/** A compressed text chunk. */
export function zText(keyword: string, text: string): Uint8Array {
  const head = Buffer.from(`${keyword}\0\0`, 'latin1')
  return pngChunk('zTXt', Buffer.concat([head, deflateSync(Buffer.from(text, 'latin1'))]))
}

/** A compressed international text chunk. */
export function compressedText(keyword: string, text: string): Uint8Array {
  const head = Buffer.from(`${keyword}\0\u0001\0\0\0`, 'latin1')
  return pngChunk('iTXt', Buffer.concat([head, deflateSync(Buffer.from(text, 'utf8'))]))
}
