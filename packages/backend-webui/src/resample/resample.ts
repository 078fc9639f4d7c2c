import { setImmediate } from 'node:timers/promises'

import type { Pixels } from '../result/png-pixels.js'
import { type Resampler, type Taps, tapsOf } from './kernels.js'

/** A part of a picture, in its pixels; fractions are fine. */
export interface Part {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Rows between two looks at the signal, and at whatever else waits. */
const band = 64

/** Brings a part of a picture to `width`×`height`, first along its rows, then along its columns, rounded to 8 bits after
 *  each: what the WebUIs' upscalers of these names do.
 *  @throws the signal's reason */
export async function resample(
  picture: Pixels,
  { width, height }: { readonly width: number; readonly height: number },
  resampler: Resampler,
  signal: AbortSignal,
  part: Part = { x: 0, y: 0, width: picture.width, height: picture.height },
): Promise<Pixels> {
  const across = tapsOf(resampler, {
    from: picture.width,
    start: part.x,
    span: part.width,
    to: width,
  })
  const down = tapsOf(resampler, {
    from: picture.height,
    start: part.y,
    span: part.height,
    to: height,
  })
  const wide = new Uint8ClampedArray(width * picture.height * 3)
  await inBands(picture.height, signal, (y) =>
    alongRow(
      picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3),
      wide.subarray(y * width * 3, (y + 1) * width * 3),
      across,
    ),
  )
  const out = new Uint8ClampedArray(width * height * 3)
  const sums = new Float64Array(width * 3)
  await inBands(height, signal, (y) => alongColumns(wide, out, sums, down, y))
  return { width, height, data: new Uint8Array(out.buffer) }
}

/** The two mixed: `share` of the second. */
export function blended(a: Pixels, b: Pixels, share: number): Pixels {
  const data = new Uint8ClampedArray(a.data.length)
  for (let i = 0; i < data.length; i++)
    data[i] = (a.data[i] as number) * (1 - share) + (b.data[i] as number) * share
  return { width: a.width, height: a.height, data: new Uint8Array(data.buffer) }
}

async function inBands(
  rows: number,
  signal: AbortSignal,
  work: (y: number) => void,
): Promise<void> {
  for (let y = 0; y < rows; y++) {
    if (y % band === 0) {
      await setImmediate()
      signal.throwIfAborted()
    }
    work(y)
  }
}

function alongRow(from: Uint8Array, to: Uint8ClampedArray, taps: Taps): void {
  const { most, first, count, weights } = taps
  for (let x = 0, at = 0; at < to.length; x++, at += 3) {
    let [r, g, b] = [0, 0, 0]
    let source = (first[x] as number) * 3
    for (let k = x * most, end = k + (count[x] as number); k < end; k++, source += 3) {
      const weight = weights[k] as number
      r += (from[source] as number) * weight
      g += (from[source + 1] as number) * weight
      b += (from[source + 2] as number) * weight
    }
    to[at] = r
    to[at + 1] = g
    to[at + 2] = b
  }
}

function alongColumns(
  from: Uint8ClampedArray,
  to: Uint8ClampedArray,
  sums: Float64Array,
  { most, first, count, weights }: Taps,
  y: number,
): void {
  const stride = sums.length
  sums.fill(0)
  for (let k = 0; k < (count[y] as number); k++) {
    const weight = weights[y * most + k] as number
    const at = ((first[y] as number) + k) * stride
    for (let i = 0; i < stride; i++)
      sums[i] = (sums[i] as number) + (from[at + i] as number) * weight
  }
  to.set(sums, y * stride)
}
