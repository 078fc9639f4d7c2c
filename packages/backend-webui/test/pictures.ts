import { deflateSync } from 'node:zlib'

import { pngChunk as chunk } from '@stagewright/metadata'

export interface PngInit {
  readonly width?: number
  readonly height?: number
  /** 2 RGB, 6 RGBA, 0 grey. */
  readonly colour?: 0 | 2 | 6
  /** How each row is filtered, 0–4. */
  readonly filter?: number
  readonly pixel?: (x: number, y: number) => readonly [number, number, number]
  readonly parameters?: string
  /** Leaves the end out. */
  readonly cut?: boolean
}

/** An 8-bit PNG of computed pixels. */
export function png(init: PngInit = {}): Uint8Array {
  const { width = 8, height = 8, colour = 2, filter = 0, cut = false } = init
  const pixel = init.pixel ?? ((x: number, y: number) => [x * 7, y * 5, x + y] as const)
  const channels = colour === 2 ? 3 : colour === 6 ? 4 : 1
  const stride = width * channels
  const raw = Buffer.alloc((stride + 1) * height)
  const rows = Array.from({ length: height }, (_, y) => {
    const row = Buffer.alloc(stride)
    for (let x = 0; x < width; x++) {
      const [r, g, b] = pixel(x, y)
      row.set(channels === 1 ? [r] : channels === 3 ? [r, g, b] : [r, g, b, 255], x * channels)
    }
    return row
  })
  for (const [y, row] of rows.entries()) {
    const at = y * (stride + 1)
    raw[at] = filter
    for (let i = 0; i < stride; i++) {
      const left = i < channels ? 0 : (row[i - channels] ?? 0)
      const up = rows[y - 1]?.[i] ?? 0
      const corner = i < channels ? 0 : (rows[y - 1]?.[i - channels] ?? 0)
      raw[at + 1 + i] = ((row[i] ?? 0) - predicted(filter, left, up, corner)) & 0xff
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, colour, 0, 0, 0], 8)
  const text = init.parameters
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(text === undefined ? [] : [chunk('tEXt', Buffer.from(`parameters\0${text}`, 'latin1'))]),
    chunk('IDAT', deflateSync(raw)),
    ...(cut ? [] : [chunk('IEND', new Uint8Array())]),
  ])
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  if (filter !== 4) return 0
  const estimate = left + up - corner
  const [a, b, c] = [left, up, corner].map((one) => Math.abs(estimate - one)) as [
    number,
    number,
    number,
  ]
  return a <= b && a <= c ? left : b <= c ? up : corner
}
