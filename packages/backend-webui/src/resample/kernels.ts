/** A weight by distance from the pixel's middle, in source pixels; zero from `reach` on. */
interface Kernel {
  readonly reach: number
  readonly weight: (distance: number) => number
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

/** @source C. E. Duchon, "Lanczos Filtering in One and Two Dimensions", 1979 (a = 3); R. G. Keys, "Cubic Convolution
 *  Interpolation", 1981 (a = −1/2) */
const kernels = {
  Lanczos: { reach: 3, weight: (x) => sinc(x) * sinc(x / 3) },
  Bicubic: {
    reach: 2,
    weight: (x) =>
      x < 1 ? 1.5 * x ** 3 - 2.5 * x ** 2 + 1 : -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2,
  },
  Bilinear: { reach: 1, weight: (x) => 1 - x },
} satisfies Record<string, Kernel>

/** Upscalers without a model, by the names that the WebUIs have for them. */
export type Resampler = keyof typeof kernels | 'Nearest'
export const resamplers: readonly Resampler[] = ['Lanczos', 'Bicubic', 'Bilinear', 'Nearest']

/** For each pixel of a line of `to`, which of the line of `from` it is made of, and in which parts (their sum is 1). */
export interface Taps {
  readonly most: number
  /** The first pixel of each. */
  readonly first: Int32Array
  readonly count: Int32Array
  /** `most` for each. */
  readonly weights: Float64Array
}

/** The part of a line from `start`, `span` long, brought to `to` pixels. Where it shrinks the kernel widens, so that no
 *  pixel is left out. */
export function tapsOf(
  resampler: Resampler,
  { from, start, span, to }: { from: number; start: number; span: number; to: number },
): Taps {
  const scale = span / to
  if (resampler === 'Nearest') return nearest(from, start, scale, to)
  const { reach, weight } = kernels[resampler]
  const wide = Math.max(1, scale)
  const most = Math.ceil(reach * wide) * 2 + 1
  const taps = blank(to, most)
  for (let i = 0; i < to; i++) {
    const middle = start + (i + 0.5) * scale
    const low = Math.max(0, Math.round(middle - reach * wide))
    const high = Math.min(from, Math.round(middle + reach * wide))
    let sum = 0
    for (let k = low; k < high; k++) {
      const distance = Math.abs(k + 0.5 - middle) / wide
      const part = distance < reach ? weight(distance) : 0
      taps.weights[i * most + k - low] = part
      sum += part
    }
    for (let k = 0; k < high - low; k++) taps.weights[i * most + k]! /= sum
    taps.first[i] = low
    taps.count[i] = high - low
  }
  return taps
}

function nearest(from: number, start: number, scale: number, to: number): Taps {
  const taps = blank(to, 1)
  taps.count.fill(1)
  taps.weights.fill(1)
  for (let i = 0; i < to; i++)
    taps.first[i] = Math.min(from - 1, Math.floor(start + (i + 0.5) * scale))
  return taps
}

function blank(to: number, most: number): Taps {
  return {
    most,
    first: new Int32Array(to),
    count: new Int32Array(to),
    weights: new Float64Array(to * most),
  }
}
