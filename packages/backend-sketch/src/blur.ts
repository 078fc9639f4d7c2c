/** Blurs one plane with a box of `radius` in both directions, in place. */
export function blurPlane(
  plane: Float32Array,
  scratch: Float32Array,
  width: number,
  height: number,
  radius: number,
): void {
  const scale = 1 / (2 * radius + 1)
  for (let y = 0; y < height; y++) {
    const row = y * width
    let sum = plane[row]! * radius
    for (let x = 0; x < radius; x++) sum += plane[row + Math.min(width - 1, x)]!
    for (let x = 0; x < width; x++) {
      sum += plane[row + (x + radius < width ? x + radius : width - 1)]!
      scratch[row + x] = sum * scale
      sum -= plane[row + (x - radius > 0 ? x - radius : 0)]!
    }
  }
  // Column sums are carried a whole row at a time: memory is read in its own order.
  const sums = new Float64Array(width)
  for (let x = 0; x < width; x++) sums[x] = scratch[x]! * radius
  for (let y = 0; y < radius; y++) {
    const row = Math.min(height - 1, y) * width
    for (let x = 0; x < width; x++) sums[x] = sums[x]! + scratch[row + x]!
  }
  for (let y = 0; y < height; y++) {
    const enter = (y + radius < height ? y + radius : height - 1) * width
    const leave = (y - radius > 0 ? y - radius : 0) * width
    const row = y * width
    for (let x = 0; x < width; x++) {
      const sum = sums[x]! + scratch[enter + x]!
      plane[row + x] = sum * scale
      sums[x] = sum - scratch[leave + x]!
    }
  }
}
