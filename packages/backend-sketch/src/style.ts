import { blurPlane, type Canvas, type Rgb } from './canvas.js'
import type { Look } from './look.js'
import { hash2, noiseTable, sample, unit } from './noise.js'
import type { Medium } from './prompt.js'

/** Repaints a canvas in the manner of a medium: strokes of oil, washes of watercolour, lines of ink.
 *  @unit `coarse` scales the strokes; 1 is a first pass's. `thin` is how far washes are thinned, 0–1: none over a
 *  picture that is in the medium already */
export function paintStrokes(
  canvas: Canvas,
  medium: Medium,
  bits: number,
  look: Look,
  coarse: number,
  thin = 1,
): void {
  if (medium === 'oil') oil(canvas, bits, coarse)
  else if (medium === 'watercolour') watercolour(canvas, bits, coarse, thin)
  else if (medium === 'ink') lines(canvas, 0.9, 0.6)
  else if (medium === 'flat') lines(canvas, 0.6, 0)
  if (look.line > 0.1 && medium === 'photo') lines(canvas, look.line * 0.35, 0)
}

/** Three layers of strokes, each finer, laid across the lightness gradient and coloured from the picture below. */
function oil(canvas: Canvas, bits: number, coarse: number): void {
  const { width, height } = canvas
  const source = new Float32Array(canvas.data)
  const light = lightness(source, width, height)
  const scratch = new Float32Array(light.length)
  const reach = Math.max(1, Math.round(height * 0.006))
  blurPlane(light, scratch, width, height, reach)
  for (const [layer, size] of [0.03, 0.017, 0.0095].entries()) {
    const cell = size * height * coarse * 0.62
    if (cell < 2) continue
    const half = (size * height * coarse) / 2
    for (let gy = 0; gy * cell < height + cell; gy++)
      for (let gx = 0; gx * cell < width + cell; gx++) {
        const h = hash2(hash2(gx, gy), bits + layer)
        const x = Math.min(width - 1, Math.floor((gx + unit(h)) * cell))
        const y = Math.min(height - 1, Math.floor((gy + unit(hash2(h, 1))) * cell))
        const [dx, dy] = slope(light, width, height, x, y, reach)
        const steep = Math.sqrt(dx * dx + dy * dy)
        // Fine strokes only where there is form to follow.
        if (layer > 0 && steep < [0, 0.012, 0.03][layer]!) continue
        const [ux, uy] =
          steep > 0.006 ? [-dy / steep, dx / steep] : [0.94, (unit(hash2(h, 2)) - 0.5) * 0.7]
        const at = (y * width + x) * 3
        const shade = 0.94 + 0.12 * unit(hash2(h, 3))
        const color: Rgb = [source[at]! * shade, source[at + 1]! * shade, source[at + 2]! * shade]
        stroke(canvas, x, y, ux * half * 2.1, uy * half * 2.1, half * 0.72, color)
      }
  }
}

/** One bristly stroke from its middle, (dx, dy) to either end, with ridges along it. */
function stroke(
  canvas: Canvas,
  cx: number,
  cy: number,
  dx: number,
  dy: number,
  half: number,
  color: Rgb,
): void {
  const { width, height, data } = canvas
  const long2 = dx * dx + dy * dy || 1
  const long = Math.sqrt(long2)
  const [bx, by] = [Math.abs(dx) + half, Math.abs(dy) + half]
  const x1 = Math.min(width - 1, Math.floor(cx + bx))
  const y1 = Math.min(height - 1, Math.floor(cy + by))
  const x0 = Math.max(0, Math.ceil(cx - bx))
  for (let y = Math.max(0, Math.ceil(cy - by)); y <= y1; y++)
    for (let x = x0; x <= x1; x++) {
      const [px, py] = [x - cx, y - cy]
      const t = (px * dx + py * dy) / long2
      const s = (px * dy - py * dx) / (long * half)
      const e = t * t * t * t + s * s
      if (e >= 1) continue
      const ridge = s * 5 - Math.floor(s * 5)
      const shade = 1 + 0.11 * (ridge - 0.5) - 0.05 * s
      const alpha = e > 0.7 ? (1 - e) * 3 : 0.9
      const at = (y * width + x) * 3
      data[at] = data[at]! + (color[0] * shade - data[at]!) * alpha
      data[at + 1] = data[at + 1]! + (color[1] * shade - data[at + 1]!) * alpha
      data[at + 2] = data[at + 2]! + (color[2] * shade - data[at + 2]!) * alpha
    }
}

/** Washes that run a little, pool darker at their edges, and let the paper through. */
function watercolour(canvas: Canvas, bits: number, coarse: number, thin: number): void {
  const { width, height, data } = canvas
  const source = new Float32Array(data)
  const light = lightness(source, width, height)
  const soft = new Float32Array(light)
  blurPlane(
    soft,
    new Float32Array(light.length),
    width,
    height,
    Math.max(1, Math.round(height * 0.007)),
  )
  const table = noiseTable(5)
  const [ox, oy] = [bits & 255, (bits >>> 8) & 255]
  const run = height * 0.007 * coarse
  const scale = 420 / height
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const n = sample(table, ox + x * scale, oy + y * scale)
      const m = sample(table, oy + y * scale, ox + x * scale)
      const sx = Math.max(0, Math.min(width - 1, Math.floor(x + n * run)))
      const sy = Math.max(0, Math.min(height - 1, Math.floor(y + m * run)))
      const from = sy * width + sx
      const pool = Math.max(-0.16, Math.min(0.05, (light[from]! - soft[from]!) * 1.6))
      const paper = 0.97 + 0.035 * sample(table, x * 2.1, y * 2.1)
      const wash = (0.3 + 0.12 * n) * thin
      for (let c = 0; c < 3; c++) {
        const v = source[from * 3 + c]!
        data[(y * width + x) * 3 + c] = (v + (0.965 - v) * wash + pool) * paper
      }
    }
}

/** Dark lines where lightness bends, over colour faded by `fade`. */
function lines(canvas: Canvas, strength: number, fade: number): void {
  const { width, height, data } = canvas
  const light = lightness(data, width, height)
  const soft = new Float32Array(light)
  blurPlane(
    soft,
    new Float32Array(light.length),
    width,
    height,
    Math.max(1, Math.round(height * 0.0022)),
  )
  for (let i = 0; i < light.length; i++) {
    const bend = (soft[i]! - light[i]!) * 9
    const ink = bend > 0.12 ? Math.min(1, bend) * strength : 0
    for (let c = 0; c < 3; c++) {
      const v = data[i * 3 + c]!
      const faded = v + (0.95 - (1 - light[i]!) * 0.55 - v) * fade
      data[i * 3 + c] = faded * (1 - ink) + 0.06 * ink
    }
  }
}

export function lightness(data: Float32Array, width: number, height: number): Float32Array {
  const light = new Float32Array(width * height)
  for (let i = 0, at = 0; i < light.length; i++, at += 3)
    light[i] = data[at]! * 0.3 + data[at + 1]! * 0.59 + data[at + 2]! * 0.11
  return light
}

function slope(
  light: Float32Array,
  width: number,
  height: number,
  x: number,
  y: number,
  reach: number,
): [number, number] {
  const [x0, x1] = [Math.max(0, x - reach), Math.min(width - 1, x + reach)]
  const [y0, y1] = [Math.max(0, y - reach) * width, Math.min(height - 1, y + reach) * width]
  return [light[y * width + x1]! - light[y * width + x0]!, light[y1 + x]! - light[y0 + x]!]
}
