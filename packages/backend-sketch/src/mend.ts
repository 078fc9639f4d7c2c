import { Canvas, type Place, type Rgb } from './canvas.js'
import type { Found } from './detect.js'
import { fullLook } from './draw.js'
import { drawFace, type Tone } from './face.js'
import { quantised, sharpen } from './finish.js'
import { drawHand } from './hand.js'
import { chances, hash2 } from './noise.js'
import { mixed, scaled } from './palette.js'
import { readPrompt } from './prompt.js'
import type { Raster, Rendering, Tick } from './rendering.js'
import { paintStrokes } from './style.js'

export interface Mend {
  /** The part of the picture that is worked on, at its working size. */
  readonly input: Raster
  /** What was found, in the coordinates of `input`. */
  readonly found: readonly Found[]
  readonly settings: Rendering
  readonly strength: number
}

/** Redraws what a detector found: faces and hands with every feature, in the picture's own skin and light. */
export async function mend(
  { input, found, settings, strength }: Mend,
  tick: Tick,
): Promise<Raster> {
  const { width, height } = input
  const look = fullLook(settings)
  const intent = readPrompt(settings.prompt, settings.negative_prompt)
  const chance = chances(
    hash2(settings.seed, intent.mix),
    hash2(settings.subseed, intent.mix),
    settings.subseed_strength,
  )
  const canvas = new Canvas(width, height)
  for (let i = 0; i < canvas.data.length; i++) canvas.data[i] = input.data[i]! / 255
  const before = new Float32Array(canvas.data)
  sharpen(canvas, 0.5 + look.crisp)
  await tick(0.3)
  for (const one of found) {
    const tone = toneAt(input, one, intent.old)
    const place: Place = { x: one.fit.x, y: one.fit.y, size: one.fit.size }
    if (one.sort === 'hand') {
      drawHand(canvas, { ...place, flip: one.flip ?? 1 }, tone, chance, 1)
    } else {
      // Clean skin first: what is smudged there must not show through.
      canvas.blob(
        place,
        [
          0, -0.5, 0.5, -0.4, 0.6, 0.1, 0.44, 0.72, 0.14, 0.92, -0.14, 0.92, -0.44, 0.72, -0.6, 0.1,
          -0.5, -0.4,
        ],
        {
          color: tone.skin,
          to: mixed(tone.skin, tone.shade, 0.7),
          along: [-0.35, -0.3, 0.85, 0.45],
          soft: 0.07,
        },
      )
      drawFace(canvas, place, tone, chance, 1, intent.old)
    }
  }
  await tick(0.7)
  paintStrokes(
    canvas,
    intent.medium,
    chance.bits('detail strokes'),
    { ...look, line: 0 },
    Math.max(0.25, Math.min(0.5, (found[0]?.fit.size ?? height) / height)),
    0,
  )
  const left = 1 - strength
  const share = 1 - left * left * left * left * left
  for (let i = 0; i < before.length; i++)
    canvas.data[i] = before[i]! + (canvas.data[i]! - before[i]!) * share
  await tick(0.9)
  return quantised(canvas, settings, look, settings.steps, strength)
}

/** Skin and shadow as they are in the picture there. */
function toneAt({ width, height, data }: Raster, { fit }: Found, old: boolean): Tone {
  const bright = [0, 0, 0, 0]
  const dim = [0, 0, 0, 0]
  const lights: number[] = []
  const [x0, x1] = [
    Math.max(0, Math.floor(fit.x - fit.size * 0.7)),
    Math.min(width, Math.ceil(fit.x + fit.size * 0.7)),
  ]
  const [y0, y1] = [
    Math.max(0, Math.floor(fit.y - fit.size * 0.6)),
    Math.min(height, Math.ceil(fit.y + fit.size * 0.9)),
  ]
  const step = Math.max(1, Math.floor(fit.size / 40))
  const each = (see: (r: number, g: number, b: number, light: number) => void) => {
    for (let y = y0; y < y1; y += step)
      for (let x = x0; x < x1; x += step) {
        const at = (y * width + x) * 3
        const [r, g, b] = [data[at]! / 255, data[at + 1]! / 255, data[at + 2]! / 255]
        if (r > g && g > b * 0.98 && r - b > 0.1 * r) see(r, g, b, r * 0.3 + g * 0.59 + b * 0.11)
      }
  }
  each((_r, _g, _b, light) => lights.push(light))
  const sorted = lights.toSorted((a, b) => a - b)
  const [high, low] = [
    sorted[Math.floor(sorted.length * 0.6)] ?? 0.5,
    sorted[Math.floor(sorted.length * 0.3)] ?? 0.3,
  ]
  each((r, g, b, light) => {
    const to = light >= high ? bright : light <= low ? dim : undefined
    if (to !== undefined) for (const [i, v] of [r, g, b, 1].entries()) to[i] = to[i]! + v
  })
  const skin: Rgb =
    bright[3]! > 0
      ? [bright[0]! / bright[3]!, bright[1]! / bright[3]!, bright[2]! / bright[3]!]
      : [0.8, 0.58, 0.45]
  const shade: Rgb =
    dim[3]! > 0 ? [dim[0]! / dim[3]!, dim[1]! / dim[3]!, dim[2]! / dim[3]!] : scaled(skin, 0.65)
  return {
    skin,
    shade: mixed(shade, scaled(skin, 0.58), 0.55),
    hair: old ? scaled([0.72, 0.71, 0.7], 0.6 + skin[0] * 0.4) : [0.2, 0.16, 0.13],
  }
}
