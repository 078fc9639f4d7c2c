import { blurPlane } from './blur.js'
import type { Canvas } from './canvas.js'
import type { Look } from './look.js'
import { hash2, hashText, noiseTable } from './noise.js'
import type { Raster, Rendering } from './rendering.js'

/** Turns a canvas into 8 bits: forms softened and grained by the steps that ran, crispness, contrast and colour by
 *  cfg and look, brush texture by sampler and scheduler. */
export function finish(canvas: Canvas, settings: Rendering, look: Look): Raster {
  const { data } = canvas
  sharpen(canvas, look.crisp - 0.9 / (settings.steps + 0.5))
  grade(data, settings, look)
  return quantised(canvas, settings, look, settings.steps, 1)
}

/** Contrast, colour and tint by cfg and look, in place. */
export function grade(data: Float32Array, settings: Rendering, look: Look): void {
  const pull = settings.cfg_scale - 7 + ((settings.distilled_cfg_scale ?? 3.5) - 3.5) * 2
  const contrast = look.contrast * limited(1 + pull * 0.02, 0.8, 1.35)
  const saturation = look.saturation * limited(1 + pull * 0.026, 0.75, 1.45)
  const [tr, tg, tb] = look.tint
  for (let at = 0; at < data.length; at += 3) {
    const r = data[at]!
    const g = data[at + 1]!
    const b = data[at + 2]!
    const light = r * 0.3 + g * 0.59 + b * 0.11
    const lifted = 0.5 + (light - 0.5) * contrast
    data[at] = (lifted + (r - light) * saturation) * tr
    data[at + 1] = (lifted + (g - light) * saturation) * tg
    data[at + 2] = (lifted + (b - light) * saturation) * tb
  }
}

/** Eight bits, with the grain that `steps` leave and the brush's texture.
 *  @unit `share` 0–1, how much of the picture is new: it scales both */
export function quantised(
  canvas: Canvas,
  settings: Rendering,
  look: Look,
  steps: number,
  share: number,
): Raster {
  const { width, height, data } = canvas
  const noise = grain(steps) * share
  const brush = (0.01 + 0.012 * look.texture) * share
  const table = noiseTable(hashText(settings.sampler_name) & 7)
  const scale = 90 + (hashText(settings.scheduler) & 127)
  const out = new Uint8Array(width * height * 3)
  const [kx, ky] = [(scale * 2.2) / height, (scale * 1.1) / height]
  const seed = hash2(settings.seed, settings.subseed_strength > 0 ? settings.subseed : 0)
  for (let y = 0; y < height; y++) {
    const row = ((y * ky) & 255) << 8
    let h = hash2(seed, y)
    for (let x = 0, at = y * width * 3; x < width; x++, at += 3) {
      h = (Math.imul(h, 1664525) + 1013904223) | 0
      const n = (h >> 8) * (1 / 8388608) * noise
      const t = table[row + ((x * kx) & 255)]! * brush
      const r = data[at]! + t + n
      const g = data[at + 1]! + t + n * 0.7
      const b = data[at + 2]! + t - n
      out[at] = r <= 0 ? 0 : r >= 1 ? 255 : (r * 255 + 0.5) | 0
      out[at + 1] = g <= 0 ? 0 : g >= 1 ? 255 : (g * 255 + 0.5) | 0
      out[at + 2] = b <= 0 ? 0 : b >= 1 ? 255 : (b * 255 + 0.5) | 0
    }
  }
  return { width, height, data: out }
}

/** What is left of the noise after `steps`, as a share of full scale: falls with every step. */
export function grain(steps: number): number {
  return 0.75 / (steps * Math.sqrt(steps))
}

/** Adds to (or with a negative amount takes from) what stands out of its surroundings. */
export function sharpen(canvas: Canvas, amount: number): void {
  const kept = limited(amount, -0.95, 3)
  if (Math.abs(kept) < 0.02) return
  const { width, height, data } = canvas
  const radius = Math.max(1, Math.round(height * (kept < 0 ? 0.004 : 0.0016)))
  const plane = new Float32Array(width * height)
  const scratch = new Float32Array(plane.length)
  if (kept > 0) {
    // What stands out does so in lightness: one plane will do.
    for (let i = 0, at = 0; i < plane.length; i++, at += 3)
      plane[i] = data[at]! * 0.3 + data[at + 1]! * 0.59 + data[at + 2]! * 0.11
    blurPlane(plane, scratch, width, height, radius)
    for (let i = 0, at = 0; i < plane.length; i++, at += 3) {
      const light = data[at]! * 0.3 + data[at + 1]! * 0.59 + data[at + 2]! * 0.11
      const more = (light - plane[i]!) * kept
      data[at] = data[at]! + more
      data[at + 1] = data[at + 1]! + more
      data[at + 2] = data[at + 2]! + more
    }
    return
  }
  for (let c = 0; c < 3; c++) {
    for (let i = 0, at = c; i < plane.length; i++, at += 3) plane[i] = data[at]!
    blurPlane(plane, scratch, width, height, radius)
    for (let i = 0, at = c; i < plane.length; i++, at += 3) {
      const v = data[at]!
      data[at] = v + (v - plane[i]!) * kept
    }
  }
}

function limited(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value
}
