/** Where a drawing in its own coordinates stands on the canvas: pixels per unit, origin in pixels, lean to the right
 *  per unit downwards, and −1 to mirror it. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly size: number
  readonly lean?: number
  readonly flip?: 1 | -1
  /** Share of its own width. Default 1. */
  readonly wide?: number
}

/** Points of a place in pixels. */
export function project(place: Place, points: readonly number[]): number[] {
  const { x, y, size, lean = 0, flip = 1, wide = 1 } = place
  const out: number[] = []
  for (let i = 0; i < points.length; i += 2)
    out.push(
      x + flip * wide * (points[i]! + lean * points[i + 1]!) * size,
      y + points[i + 1]! * size,
    )
  return out
}

/** Catmull-Rom through the points, in pixels. */
export function smooth(place: Place, points: readonly number[], closed: boolean): number[] {
  const p = project(place, points)
  const count = p.length / 2
  const at = (i: number) => (closed ? (i + count) % count : Math.max(0, Math.min(count - 1, i))) * 2
  const out: number[] = []
  for (let i = 0; i < (closed ? count : count - 1); i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)]
    const reach = Math.abs(p[c]! - p[b]!) + Math.abs(p[c + 1]! - p[b + 1]!)
    const parts = Math.max(2, Math.min(16, Math.ceil(reach / 5)))
    for (let n = 0; n < parts; n++) {
      const t = n / parts
      for (const k of [0, 1]) {
        const [w, x, y, z] = [p[a + k]!, p[b + k]!, p[c + k]!, p[d + k]!]
        out.push(
          x + 0.5 * t * (y - w + t * (2 * w - 5 * x + 4 * y - z + t * (3 * (x - y) + z - w))),
        )
      }
    }
  }
  if (!closed) out.push(p.at(-2)!, p.at(-1)!)
  return out
}
