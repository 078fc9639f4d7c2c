import { detect, type Found, type Sort } from './detect.js'
import { draw } from './draw.js'
import { blend, enhance } from './enhance.js'
import { blurred, type Box, softMask } from './mask.js'
import { mend, type Mend } from './mend.js'
import { keepOutside, type Redraw, redraw } from './redraw.js'
import type { Raster, Rendering, Tick } from './rendering.js'

/** A patch put back into a picture, where `mask` (the picture's size) or the `boxes` allow it. */
export interface Paste {
  readonly picture: Raster
  readonly patch: Raster
  /** Where the patch lies. */
  readonly at: Box
  readonly mask?: Uint8Array | undefined
  readonly boxes?: readonly Box[]
  readonly invert?: boolean
  readonly blur?: number
}

/** A tile put over a picture, its inner edges fading over `overlap` pixels. */
export interface Tile {
  readonly picture: Raster
  readonly patch: Raster
  readonly at: Box
  readonly overlap: number
}

/** Everything that walks over pixels, by name: plain data in, plain data out, so that it can run in a worker. */
export const jobs = {
  draw: (settings: Rendering, tick: Tick): Promise<Raster> => draw(settings, tick),
  redraw: (job: Redraw, tick: Tick): Promise<Raster> => redraw(job, tick),
  mend: (job: Mend, tick: Tick): Promise<Raster> => mend(job, tick),
  detect: (job: { picture: Raster; sort: Sort }): Found[] => detect(job.picture, job.sort),
  enhance: (job: { input: Raster; upscaler: string; scale: number }): Raster =>
    enhance(job.input, job.upscaler, job.scale),
  blend: (job: { a: Raster; b: Raster; share: number }): Raster => blend(job.a, job.b, job.share),
  softMask: (job: {
    mask: Uint8Array
    width: number
    height: number
    blur: number
    invert: boolean
    round: boolean
  }) => softMask(job.mask, job.width, job.height, job.blur, job.invert, job.round),
  paste: (job: Paste): Raster => paste(job),
  tile: (job: Tile): Raster => tile(job),
} as const

export type Jobs = typeof jobs
export type JobName = keyof Jobs
export type JobInput<N extends JobName> = Parameters<Jobs[N]>[0]
export type JobOutput<N extends JobName> = Awaited<ReturnType<Jobs[N]>>

function paste({ picture, patch, at, mask, boxes = [], invert = false, blur = 0 }: Paste): Raster {
  const { width, height } = picture
  const out = new Uint8Array(picture.data)
  const wide = at.x1 - at.x0
  for (let y = at.y0; y < at.y1; y++)
    out.set(
      patch.data.subarray((y - at.y0) * wide * 3, (y - at.y0 + 1) * wide * 3),
      (y * width + at.x0) * 3,
    )
  keepOutside(
    out,
    picture.data,
    mask ?? blurred(boxMask(width, height, boxes, invert), width, height, blur),
  )
  return { width, height, data: out }
}

function boxMask(
  width: number,
  height: number,
  boxes: readonly Box[],
  invert: boolean,
): Uint8Array {
  const mask = new Uint8Array(width * height).fill(invert ? 255 : 0)
  for (const { x0, y0, x1, y1 } of boxes)
    for (let y = y0; y < y1; y++) mask.fill(invert ? 0 : 255, y * width + x0, y * width + x1)
  return mask
}

function tile({ picture, patch, at, overlap }: Tile): Raster {
  const { width, height, data } = picture
  const out = new Uint8Array(data)
  const ramp = (from: number, to: number, edge: number, position: number) =>
    Math.min(
      from === 0 ? 1 : (position - from + 1) / (overlap + 1),
      to === edge ? 1 : (to - position) / (overlap + 1),
      1,
    )
  const wide = at.x1 - at.x0
  for (let y = at.y0; y < at.y1; y++) {
    const down = ramp(at.y0, at.y1, height, y)
    for (let x = at.x0; x < at.x1; x++) {
      const share = Math.min(down, ramp(at.x0, at.x1, width, x))
      for (let c = 0; c < 3; c++) {
        const i = (y * width + x) * 3 + c
        const v = patch.data[((y - at.y0) * wide + x - at.x0) * 3 + c]!
        out[i] = Math.floor(data[i]! + (v - data[i]!) * share + 0.5)
      }
    }
  }
  return { width, height, data: out }
}
