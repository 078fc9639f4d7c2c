/** A picture's low frequencies: the means of square cells, read back between the cells' middles. */
export interface Coarse {
  readonly cell: number
  readonly width: number
  readonly height: number
  /** Three planes interleaved, 0–1. */
  readonly data: Float32Array
}

/** The means of `cell`×`cell` pixels of interleaved RGB. */
export function coarseOf(data: Float32Array, width: number, height: number, cell: number): Coarse {
  const [w, h] = [Math.ceil(width / cell), Math.ceil(height / cell)]
  const sums = new Float32Array(w * h * 3)
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / cell) * w
    for (let x = 0, at = y * width * 3; x < width; x++, at += 3) {
      const to = (row + Math.floor(x / cell)) * 3
      sums[to] = sums[to]! + data[at]!
      sums[to + 1] = sums[to + 1]! + data[at + 1]!
      sums[to + 2] = sums[to + 2]! + data[at + 2]!
    }
  }
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const count = Math.min(cell, width - x * cell) * Math.min(cell, height - y * cell)
      for (let c = 0; c < 3; c++) sums[(y * w + x) * 3 + c] = sums[(y * w + x) * 3 + c]! / count
    }
  return { cell, width: w, height: h, data: sums }
}

/** Reads a plane of cells (`stride` numbers a cell) into one row of pixels, bilinearly. */
export function readRow(
  plane: Float32Array,
  w: number,
  h: number,
  cell: number,
  y: number,
  stride: number,
  out: Float32Array,
): void {
  const fy = Math.max(0, Math.min(h - 1, (y + 0.5) / cell - 0.5))
  const y0 = Math.floor(fy)
  const y1 = Math.min(h - 1, y0 + 1)
  const ty = fy - y0
  const width = out.length / stride
  for (let x = 0; x < width; x++) {
    const fx = Math.max(0, Math.min(w - 1, (x + 0.5) / cell - 0.5))
    const x0 = Math.floor(fx)
    const x1 = Math.min(w - 1, x0 + 1)
    const tx = fx - x0
    for (let c = 0; c < stride; c++) {
      const a = plane[(y0 * w + x0) * stride + c]!
      const b = plane[(y0 * w + x1) * stride + c]!
      const d = plane[(y1 * w + x0) * stride + c]!
      const e = plane[(y1 * w + x1) * stride + c]!
      const top = a + (b - a) * tx
      out[x * stride + c] = top + (d + (e - d) * tx - top) * ty
    }
  }
}

/** Mean and spread of each channel. */
export function statistics(coarse: Coarse): { readonly mean: number[]; readonly spread: number[] } {
  const count = coarse.width * coarse.height
  const mean = [0, 0, 0]
  const spread = [0, 0, 0]
  for (let c = 0; c < 3; c++) {
    let [sum, squares] = [0, 0]
    for (let i = c; i < coarse.data.length; i += 3) {
      sum += coarse.data[i]!
      squares += coarse.data[i]! * coarse.data[i]!
    }
    mean[c] = sum / count
    spread[c] = Math.sqrt(Math.max(1e-6, squares / count - (sum / count) * (sum / count)))
  }
  return { mean, spread }
}
