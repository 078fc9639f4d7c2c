import { blurPlane } from './blur.js'
import type { Box } from './mask.js'
import type { Raster } from './rendering.js'

export interface Grid {
  readonly width: number
  readonly height: number
  /** Pixels per cell. */
  readonly cell: number
  readonly data: Float32Array
}

export interface Patch extends Box {
  readonly area: number
  readonly cells: Uint8Array
  readonly mark: number
}

export interface View {
  readonly light: Float32Array
  readonly skin: Uint8Array
  /** 0 red … 1 yellow. */
  readonly hue: Float32Array
  readonly saturation: Float32Array
  readonly width: number
  readonly height: number
  readonly left: number
  readonly top: number
  /** Pixels of the picture per cell of the view. */
  readonly scale: number
}

export function reduced({ width, height, data }: Raster, longest: number): Grid {
  const cell = Math.max(1, Math.max(width, height) / longest)
  const [w, h] = [Math.max(1, Math.floor(width / cell)), Math.max(1, Math.floor(height / cell))]
  const out = new Float32Array(w * h * 3)
  const stride = Math.max(1, Math.floor(cell / 3))
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      let count = 0
      const to = (y * w + x) * 3
      const [y1, x1] = [Math.floor((y + 1) * cell), Math.floor((x + 1) * cell)]
      for (let py = Math.floor(y * cell); py < y1; py += stride)
        for (let px = Math.floor(x * cell); px < x1; px += stride) {
          const at = (py * width + px) * 3
          for (let c = 0; c < 3; c++) out[to + c] = out[to + c]! + data[at + c]!
          count++
        }
      for (let c = 0; c < 3; c++) out[to + c] = out[to + c]! / (count * 255)
    }
  return { width: w, height: h, cell, data: out }
}

export function skinPatches({ width, height, data }: Grid): Patch[] {
  const marks = new Uint8Array(width * height)
  const patches: Patch[] = []
  const skin = new Uint8Array(width * height)
  for (let i = 0; i < skin.length; i++)
    skin[i] = isSkin(data[i * 3]!, data[i * 3 + 1]!, data[i * 3 + 2]!) ? 1 : 0
  const stack: number[] = []
  for (let start = 0; start < skin.length; start++) {
    if (skin[start] === 0 || marks[start] !== 0) continue
    const mark = (patches.length % 254) + 1
    let [x0, y0, x1, y1, area] = [width, height, 0, 0, 0]
    stack.push(start)
    marks[start] = mark
    while (stack.length > 0) {
      const i = stack.pop()!
      const x = i % width
      const y = (i - x) / width
      area++
      x0 = Math.min(x0, x)
      x1 = Math.max(x1, x + 1)
      y0 = Math.min(y0, y)
      y1 = Math.max(y1, y + 1)
      for (const n of [x > 0 ? i - 1 : -1, x < width - 1 ? i + 1 : -1, i - width, i + width])
        if (n >= 0 && n < skin.length && skin[n] === 1 && marks[n] === 0) {
          marks[n] = mark
          stack.push(n)
        }
    }
    if (area >= 24) patches.push({ x0, y0, x1, y1, area, cells: marks, mark })
  }
  return patches.toSorted((a, b) => b.area - a.area).slice(0, 24)
}

/** A patch again from the picture's own pixels, 64 cells wide. */
export function closeUp(picture: Raster, grid: Grid, patch: Patch): View {
  const left = patch.x0 * grid.cell
  const top = patch.y0 * grid.cell
  const wide = (patch.x1 - patch.x0) * grid.cell
  const width = 64
  const scale = wide / width
  const height = Math.max(1, Math.floor(((patch.y1 - patch.y0) * grid.cell) / scale))
  const light = new Float32Array(width * height)
  const skin = new Uint8Array(width * height)
  const hue = new Float32Array(width * height)
  const saturation = new Float32Array(width * height)
  const planes = [0, 1, 2].map(() => new Float32Array(width * height))
  const span = Math.max(1, Math.floor(scale))
  const stride = Math.max(1, Math.floor(span / 3))
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let [r, g, b, count] = [0, 0, 0, 0]
      for (let dy = 0; dy < span; dy += stride)
        for (let dx = 0; dx < span; dx += stride) {
          const px = Math.min(picture.width - 1, Math.floor(left + x * scale) + dx)
          const py = Math.min(picture.height - 1, Math.floor(top + y * scale) + dy)
          const at = (py * picture.width + px) * 3
          r += picture.data[at]!
          g += picture.data[at + 1]!
          b += picture.data[at + 2]!
          count++
        }
      const k = 1 / (count * 255)
      light[y * width + x] = (r * 0.3 + g * 0.59 + b * 0.11) * k
      skin[y * width + x] = isSkin(r * k, g * k, b * k) ? 1 : 0
      for (const [c, v] of [r, g, b].entries()) planes[c]![y * width + x] = v * k
    }
  // Grain is no hue: what is told of colour is told of its neighbourhood.
  const scratch = new Float32Array(width * height)
  for (const plane of planes) blurPlane(plane, scratch, width, height, 1)
  const [red, green, blue] = planes as [Float32Array, Float32Array, Float32Array]
  for (let i = 0; i < hue.length; i++) {
    const range = red[i]! - blue[i]!
    hue[i] = (green[i]! - blue[i]!) / Math.max(1e-6, range)
    saturation[i] = range / Math.max(1e-6, red[i]!)
  }
  return { light, skin, hue, saturation, width, height, left, top, scale }
}

/** Skin's hue lies between red and orange, neither grey nor glowing. */
function isSkin(r: number, g: number, b: number): boolean {
  if (!(r > g && g >= b) || r < 0.2) return false
  const range = r - b
  const hue = (g - b) / range // 0 red … 1 yellow
  const saturation = range / r
  return hue > 0.08 && hue < 0.56 && saturation > 0.17 && saturation < 0.68
}
