import { blurPlane } from './blur.js'
import type { Canvas, Rgb } from './canvas.js'
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
  else if (medium === 'ink') lines(canvas, 0.9, 0.6 * thin)
  else if (medium === 'flat') lines(canvas, 0.6, 0)
  if (look.line > 0.1 && medium === 'photo') lines(canvas, look.line * 0.35, 0)
}

/** What a medium makes of flat colour, in place: strokes that are laid without thinning expect it. */
export function tone(data: Float32Array, medium: Medium): void {
  if (medium === 'watercolour')
    for (let i = 0; i < data.length; i++) data[i] = data[i]! * 0.679 + 0.281
  else if (medium === 'ink')
    for (let at = 0; at < data.length; at += 3) {
      const light = data[at]! * 0.3 + data[at + 1]! * 0.59 + data[at + 2]! * 0.11
      for (let k = at; k < at + 3; k++) data[k] = data[k]! * 0.4 + (0.4 + light * 0.55) * 0.6
    }
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
  // Along the stroke t and across it s run from −1 to 1, both linear in x and y.
  const [tx, ty, sx, sy] = [dx / long2, dy / long2, dy / (long * half), -dx / (long * half)]
  const by = Math.abs(dy) + half
  const y1 = Math.min(height - 1, Math.floor(cy + by))
  const [r, g, b] = color
  // Where a row crosses both bands: their middles move along it, their widths stay.
  const [tx1, sx1] = [1 / divisor(tx), 1 / divisor(sx)]
  const [tw, sw] = [Math.abs(tx1), Math.abs(sx1)]
  for (let y = Math.max(0, Math.ceil(cy - by)); y <= y1; y++) {
    const t0 = (y - cy) * ty
    const s0 = (y - cy) * sy
    const tm = -t0 * tx1
    const sm = -s0 * sx1
    const low = cx + (tm - tw > sm - sw ? tm - tw : sm - sw)
    const high = cx + (tm + tw < sm + sw ? tm + tw : sm + sw)
    const x0 = low < 0 ? 0 : Math.ceil(low)
    const x1 = high > width - 1 ? width - 1 : Math.floor(high)
    for (let x = x0, at = (y * width + x0) * 3; x <= x1; x++, at += 3) {
      const t = t0 + (x - cx) * tx
      const s = s0 + (x - cx) * sx
      const t2 = t * t
      const e = t2 * t2 + s * s
      if (e >= 1) continue
      const ridge = s * 5 + 8
      const shade = 0.945 + 0.11 * (ridge - (ridge | 0)) - 0.05 * s
      const alpha = e > 0.7 ? (1 - e) * 3 : 0.9
      data[at] = data[at]! + (r * shade - data[at]!) * alpha
      data[at + 1] = data[at + 1]! + (g * shade - data[at + 1]!) * alpha
      data[at + 2] = data[at + 2]! + (b * shade - data[at + 2]!) * alpha
    }
  }
}

/** A slope that can be divided by. */
function divisor(by: number): number {
  return Math.abs(by) < 1e-9 ? 1e-9 : by
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
      const [to, kept, added] = [
        (y * width + x) * 3,
        (1 - wash) * paper,
        (0.965 * wash + pool) * paper,
      ]
      data[to] = source[from * 3]! * kept + added
      data[to + 1] = source[from * 3 + 1]! * kept + added
      data[to + 2] = source[from * 3 + 2]! * kept + added
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
