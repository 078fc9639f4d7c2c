/** Adds one edge's signed area to the accumulation buffer. */
export function addEdge(
  cover: Float32Array,
  width: number,
  height: number,
  ax: number,
  ay: number,
  bx: number,
  by: number,
): void {
  if (ay === by) return
  const sign = ay < by ? 1 : -1
  if (sign < 0) [ax, ay, bx, by] = [bx, by, ax, ay]
  const slope = (bx - ax) / (by - ay)
  let x = ax
  if (ay < 0) x -= ay * slope
  const last = Math.min(height, Math.ceil(by))
  for (let y = Math.max(0, Math.floor(ay)); y < last; y++) {
    const row = y * width
    const dy = Math.min(y + 1, by) - Math.max(y, ay)
    const next = x + slope * dy
    const d = dy * sign
    const low = Math.max(0, Math.min(width, Math.min(x, next)))
    const high = Math.max(0, Math.min(width, Math.max(x, next)))
    x = next
    if (low >= width) continue // right of the window: covers nothing in it
    const first = Math.floor(low)
    const end = Math.ceil(high)
    if (end <= first + 1) {
      const middle = (low + high) / 2 - first
      cover[row + first] = cover[row + first]! + d - d * middle
      if (first + 1 < width) cover[row + first + 1] = cover[row + first + 1]! + d * middle
    } else {
      const s = 1 / (high - low)
      const f = low - first
      const a0 = 0.5 * s * (1 - f) * (1 - f)
      const g = high - end + 1
      const am = 0.5 * s * g * g
      cover[row + first] = cover[row + first]! + d * a0
      if (end === first + 2) {
        cover[row + first + 1] = cover[row + first + 1]! + d * (1 - a0 - am)
      } else {
        const a1 = s * (1.5 - f)
        cover[row + first + 1] = cover[row + first + 1]! + d * (a1 - a0)
        for (let i = first + 2; i < end - 1; i++) cover[row + i] = cover[row + i]! + d * s
        const a2 = a1 + (end - first - 3) * s
        cover[row + end - 1] = cover[row + end - 1]! + d * (1 - a2 - am)
      }
      if (end < width) cover[row + end] = cover[row + end]! + d * am
    }
  }
}

/** Sums the edges along each row: the area of each pixel that is covered, 0–1. */
export function sweep(cover: Float32Array, width: number, height: number): void {
  for (let y = 0; y < height; y++) {
    let sum = 0
    const row = y * width
    for (let x = 0; x < width; x++) {
      sum += cover[row + x]!
      const c = sum < 0 ? -sum : sum
      cover[row + x] = c > 1 ? 1 : c
    }
  }
}
