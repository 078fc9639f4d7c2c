import type { View } from './skin.js'

/** What tells a head or a hand from a wall of its colour. */
export interface Shape {
  /** How well an ellipse covers the patch, its holes filled: 0–1. */
  readonly oval: number
  /** Share of the patch that is skin, its holes filled. */
  readonly solid: number
  /** Spread of hue and of saturation: half the distance between their quartiles. */
  readonly hue: number
  readonly saturation: number
  /** Mean step of lightness from cell to cell where the skin is smoothest, as a share of it. */
  readonly rough: number
}

/** Measures a patch seen close up. */
export function shapeOf({ light, skin, hue, saturation, width, height }: View): Shape {
  const filled = new Uint8Array(width * height)
  let [count, area, mx, my] = [0, 0, 0, 0]
  for (let y = 0; y < height; y++) {
    let [from, to] = [width, -1]
    for (let x = 0; x < width; x++)
      if (skin[y * width + x] === 1) {
        count++
        if (x < from) from = x
        to = x
      }
    for (let x = from; x <= to; x++) {
      filled[y * width + x] = 1
      area++
      mx += x
      my += y
    }
  }
  if (area === 0) return { oval: 0, solid: 0, hue: 1, saturation: 1, rough: 1 }
  mx /= area
  my /= area
  let [xx, yy, xy] = [0, 0, 0]
  for (let i = 0; i < filled.length; i++)
    if (filled[i] === 1) {
      const [dx, dy] = [(i % width) - mx, Math.floor(i / width) - my]
      xx += dx * dx
      yy += dy * dy
      xy += dx * dy
    }
  const spread = 4 / area
  const [a, b, c] = [xx * spread + 0.1, yy * spread + 0.1, xy * spread]
  const det = a * b - c * c || 1
  let both = 0
  let either = 0
  for (let i = 0; i < filled.length; i++) {
    const [dx, dy] = [(i % width) - mx, Math.floor(i / width) - my]
    const inside = (b * dx * dx - 2 * c * dx * dy + a * dy * dy) / det <= 1
    if (inside && filled[i] === 1) both++
    if (inside || filled[i] === 1) either++
  }
  const hues: number[] = []
  const saturations: number[] = []
  const steps: number[] = []
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x
      if (skin[i] === 0) continue
      hues.push(hue[i]!)
      saturations.push(saturation[i]!)
      const around = light[i - 1]! + light[i + 1]! + light[i - width]! + light[i + width]!
      steps.push(Math.abs(light[i]! - around / 4) / (light[i]! + 0.02))
    }
  return {
    oval: both / either,
    solid: count / area,
    hue: quartiles(hues),
    saturation: quartiles(saturations),
    rough: steps.toSorted((p, q) => p - q)[Math.floor(steps.length * 0.5)] ?? 1,
  }
}

function quartiles(values: readonly number[]): number {
  const sorted = values.toSorted((p, q) => p - q)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
  return values.length === 0 ? 1 : (at(0.75) - at(0.25)) / 2
}
