import type { StageImage } from '@stagewright/core'

import { pngPixels } from './png-pixels.js'

/** How a picture differs from the one it was made from. */
export interface Change {
  /** Proven by pixels; `unknown` where a format is lossy, or cannot be decoded here. */
  readonly unchanged: boolean | 'unknown'
  /** The smallest box around all that changed. */
  readonly box?: { readonly width: number; readonly height: number } | undefined
}

/** Compares the pixels of two encoded pictures. */
export async function changeOf(before: StageImage, after: Uint8Array): Promise<Change> {
  const bytes = await before.bytes()
  if (Buffer.compare(bytes, after) === 0) return { unchanged: true }
  const [old, now] = await Promise.all([pngPixels(bytes), pngPixels(after)])
  if (old === undefined || now === undefined) return { unchanged: 'unknown' }
  if (old.width !== now.width || old.height !== now.height) return { unchanged: false }
  if (Buffer.compare(old.data, now.data) === 0) return { unchanged: true }
  return { unchanged: false, box: boxOf(old.data, now.data, old.width) }
}

function boxOf(old: Uint8Array, now: Uint8Array, width: number) {
  const stride = width * 3
  let [left, right, top, bottom] = [width, -1, -1, -1]
  for (let at = 0, y = 0; at < old.length; at += stride, y++) {
    const [a, b] = [old.subarray(at, at + stride), now.subarray(at, at + stride)]
    if (Buffer.compare(a, b) === 0) continue
    if (top < 0) top = y
    bottom = y
    let x = 0
    while (a[x] === b[x]) x++
    left = Math.min(left, Math.trunc(x / 3))
    x = stride - 1
    while (a[x] === b[x]) x--
    right = Math.max(right, Math.trunc(x / 3))
  }
  return { width: right - left + 1, height: bottom - top + 1 }
}
