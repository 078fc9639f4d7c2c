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
    for (let cx = 0, at = y * width * 3; cx < w; cx++) {
      let [r, g, b] = [0, 0, 0]
      const end = (y * width + Math.min(width, (cx + 1) * cell)) * 3
      for (; at < end; at += 3) {
        r += data[at]!
        g += data[at + 1]!
        b += data[at + 2]!
      }
      const to = (row + cx) * 3
      sums[to] = sums[to]! + r
      sums[to + 1] = sums[to + 1]! + g
      sums[to + 2] = sums[to + 2]! + b
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
  const line = new Float32Array(w * stride)
  for (let i = 0; i < line.length; i++) {
    const top = plane[y0 * w * stride + i]!
    line[i] = top + (plane[y1 * w * stride + i]! - top) * ty
  }
  for (let x = 0, at = 0; x < width; x++) {
    const fx = (x + 0.5) / cell - 0.5
    const x0 = fx <= 0 ? 0 : fx >= w - 1 ? w - 1 : fx | 0
    const tx = fx <= 0 || x0 === w - 1 ? 0 : fx - x0
    const from = x0 * stride
    const to = x0 === w - 1 ? from : from + stride
    for (let c = 0; c < stride; c++, at++)
      out[at] = line[from + c]! + (line[to + c]! - line[from + c]!) * tx
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
