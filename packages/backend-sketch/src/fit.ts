import type { Place } from './canvas.js'

/** Half the width of a thing at some heights, from its top to its foot at 0, in its own units. */
export type Outline = readonly (readonly [y: number, half: number])[]

/** Where a thing stands so that a mask holds as much of it as can be; undefined where the mask leaves the choice
 *  (it covers most of the picture) or holds none of it. */
export function fitted(
  mask: Uint8Array,
  width: number,
  height: number,
  outline: Outline,
): Place | undefined {
  const cell = Math.max(1, height / 96)
  const [w, h] = [Math.floor(width / cell), Math.floor(height / cell)]
  // Sums along each row: how many cells of a span are masked is one difference.
  const sums = new Float64Array((w + 1) * h)
  let [top, low, left, right, all] = [h, 0, w, 0, 0]
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const inside =
        mask[Math.floor((y + 0.5) * cell) * width + Math.floor((x + 0.5) * cell)]! > 127
      sums[y * (w + 1) + x + 1] = sums[y * (w + 1) + x]! + (inside ? 1 : 0)
      if (!inside) continue
      all++
      ;[top, low] = [Math.min(top, y), y + 1]
      ;[left, right] = [Math.min(left, x), Math.max(right, x + 1)]
    }
  if (all === 0 || all > w * h * 0.6) return undefined
  const held = (x: number, foot: number, size: number, wide: number) => {
    let score = 0
    for (let y = Math.max(0, Math.ceil(foot + outline[0]![0] * size)); y < Math.min(h, foot); y++) {
      const half = halfAt(outline, (y - foot) / size) * size * wide
      const [from, to] = [Math.round(x - half), Math.round(x + half)]
      const row = y * (w + 1)
      const inside =
        sums[row + Math.max(0, Math.min(w, to))]! - sums[row + Math.max(0, Math.min(w, from))]!
      score += inside - (to - from - inside) * 2
    }
    return score
  }
  let best: Place | undefined
  let most = 0
  const tallest = (low - top) / -outline[0]![0]
  for (let share = 1; share > 0.4; share -= 0.05)
    for (const wide of [1, 0.9, 0.8, 0.7])
      for (const foot of [low - 1, low - 2, low - 4])
        for (let step = 1; step < 12; step++) {
          const x = left + ((right - left) * step) / 12
          const score = held(x, foot, tallest * share, wide)
          if (score <= most) continue
          most = score
          best = { x: x * cell, y: foot * cell, size: tallest * share * cell, wide }
        }
  return best
}

function halfAt(outline: Outline, y: number): number {
  let [from, half] = outline[0]!
  for (const [to, next] of outline) {
    if (y < to) return half + (next - half) * ((y - from) / (to - from || 1))
    ;[from, half] = [to, next]
  }
  return half
}
