import { Canvas } from './canvas.js'
import { coarseOf, type Coarse, readRow, statistics } from './coarse.js'
import { drawScene, fullLook, type Raster, type Rendering, secondPass, type Tick } from './draw.js'
import { grade, quantised, sharpen } from './finish.js'
import { hash2, noiseTable, sample } from './noise.js'
import { readPrompt } from './prompt.js'
import { paintStrokes } from './style.js'

export interface Redraw {
  /** The picture, already at the size of `settings`. */
  readonly input: Raster
  readonly settings: Rendering
  /** 0–1. */
  readonly strength: number
  /** Steps that really run. */
  readonly steps: number
  /** Grey, 255 where the picture is redrawn; blurred already. */
  readonly mask?: Uint8Array | undefined
  /** What the masked part starts from: 0 smeared surroundings, 1 the picture, 2 noise, 3 grey. */
  readonly fill?: number
}

/** Redraws a picture: the one path of img2img, hires, inpainting and tiles.
 *  Where picture and new scene agree in their low frequencies, the new scene's finer forms come in; elsewhere the
 *  picture's own forms are restyled, and from the middle strengths on the new composition takes over. */
export async function redraw(job: Redraw, tick: Tick): Promise<Raster> {
  const { input, settings, strength, steps, mask } = job
  const { width, height } = input
  const look = fullLook(settings)
  const fresh = await drawScene(settings, look, secondPass, (done) => tick(done * 0.6))
  sharpen(fresh, look.crisp * 0.6 + 0.25 - 0.9 / (steps + 0.5))
  grade(fresh.data, settings, look)
  await tick(0.62)
  const old = started(job)
  if (mask !== undefined) settle(fresh, old)
  const styled = restyled(old, fresh, job)
  await tick(0.8)
  const cell = Math.max(2, Math.round(height / 150))
  const agreement = agreementOf(
    coarseOf(old.data, width, height, cell),
    coarseOf(fresh.data, width, height, cell),
  )
  const a = 1 - (1 - strength) * (1 - strength)
  const late =
    mask === undefined
      ? Math.max(0, (strength - 0.5) / 0.5)
      : Math.max(0, Math.min(1, (strength - 0.25) / 0.55))
  const b = late * late
  const row = new Float32Array(width)
  for (let y = 0; y < height; y++) {
    readRow(agreement.data, agreement.width, agreement.height, cell, y, 1, row)
    for (let x = 0, at = y * width * 3; x < width; x++, at += 3) {
      const m = row[x]!
      for (let k = at; k < at + 3; k++) {
        const i = old.data[k]!
        const f = fresh.data[k]!
        const s = styled.data[k]!
        const g = s + (f - s) * m
        old.data[k] = i + a * (g - i) + b * (f - g)
      }
    }
  }
  await tick(0.92)
  const out = quantised(old, settings, look, steps, strength)
  if (mask !== undefined) keepOutside(out.data, input.data, mask)
  return out
}

/** Puts `input` back where the mask is black, byte for byte, and in part where it is grey. */
export function keepOutside(out: Uint8Array, input: Uint8Array, mask: Uint8Array): void {
  for (let i = 0, at = 0; i < mask.length; i++, at += 3) {
    const share = mask[i]!
    if (share === 255) continue
    for (let k = at; k < at + 3; k++) {
      const before = input[k]!
      out[k] = share === 0 ? before : Math.floor(before + ((out[k]! - before) * share) / 255 + 0.5)
    }
  }
}

/** Steps that run at a strength.
 *  @source WebUI modules/sd_samplers_common.py, setup_img2img_steps */
export function stepsRun(steps: number, strength: number, exactly: boolean): number {
  return exactly ? steps : Math.floor(Math.min(strength, 0.999) * steps) + 1
}

function started({ input, settings, mask, fill = 1 }: Redraw): Canvas {
  const { width, height } = input
  const canvas = new Canvas(width, height)
  const { data } = canvas
  for (let i = 0; i < data.length; i++) data[i] = input.data[i]! / 255
  if (mask === undefined || fill === 1) return canvas
  const cell = 8
  const row = new Float32Array(width * 3)
  const around = fill === 0 ? surroundings(data, mask, width, height, cell) : undefined
  for (let y = 0; y < height; y++) {
    if (around !== undefined) readRow(around.data, around.width, around.height, cell, y, 3, row)
    for (let x = 0; x < width; x++) {
      const share = mask[y * width + x]! / 255
      for (let c = 0; c < 3; c++) {
        const at = (y * width + x) * 3 + c
        const noise = (hash2(hash2(settings.seed, c), ((y >> 3) << 14) | (x >> 3)) >>> 24) / 255
        const start = fill === 0 ? row[x * 3 + c]! : fill === 2 ? noise : 0.5
        data[at] = data[at]! + (start - data[at]!) * share
      }
    }
  }
  return canvas
}

/** The unmasked colours, spread over the masked cells from their neighbours. */
function surroundings(
  data: Float32Array,
  mask: Uint8Array,
  width: number,
  height: number,
  cell: number,
): Coarse {
  const coarse = coarseOf(data, width, height, cell)
  const known = new Uint8Array(coarse.width * coarse.height).fill(1)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (mask[y * width + x]! > 0)
        known[Math.floor(y / cell) * coarse.width + Math.floor(x / cell)] = 0
  if (known.every((one) => one === 0)) return coarse
  let missing = true
  while (missing) {
    missing = false
    const was = new Uint8Array(known)
    for (let i = 0; i < known.length; i++) {
      if (was[i] === 1) continue
      const x = i % coarse.width
      const near = [
        x > 0 ? i - 1 : -1,
        x < coarse.width - 1 ? i + 1 : -1,
        i - coarse.width,
        i + coarse.width,
      ].filter((n) => n >= 0 && n < was.length && was[n] === 1)
      if (near.length === 0) {
        missing = true
        continue
      }
      for (let c = 0; c < 3; c++)
        coarse.data[i * 3 + c] =
          near.reduce((sum, n) => sum + coarse.data[n * 3 + c]!, 0) / near.length
      known[i] = 1
    }
  }
  return coarse
}

/** The picture's own forms in the new manner: moved a little by the seed, in the medium's strokes, graded towards the
 *  new scene's colours. */
function restyled(old: Canvas, fresh: Canvas, { settings, strength }: Redraw): Canvas {
  const { width, height } = old
  const styled = new Canvas(width, height)
  const table = noiseTable(6)
  const bits = hash2(settings.seed, settings.subseed_strength > 0 ? settings.subseed : 0)
  const [ox, oy] = [bits & 255, (bits >>> 8) & 255]
  const reach = height * 0.007 * strength
  const scale = 260 / height
  const now = statistics(coarseOf(old.data, width, height, 16))
  const wanted = statistics(coarseOf(fresh.data, width, height, 16))
  const share = Math.min(1, strength * 1.2)
  const gain = [0, 1, 2].map(
    (c) => 1 + (Math.max(0.5, Math.min(1.6, wanted.spread[c]! / now.spread[c]!)) - 1) * share,
  )
  const lift = [0, 1, 2].map((c) => now.mean[c]! + (wanted.mean[c]! - now.mean[c]!) * share)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const n = sample(table, ox + x * scale, oy + y * scale)
      const m = sample(table, oy + y * scale, ox + x * scale)
      const sx = Math.max(0, Math.min(width - 1, Math.floor(x + n * reach + 0.5)))
      const sy = Math.max(0, Math.min(height - 1, Math.floor(y + m * reach + 0.5)))
      const shade = 1 + 0.05 * strength * n
      const from = (sy * width + sx) * 3
      const to = (y * width + x) * 3
      for (let c = 0; c < 3; c++)
        styled.data[to + c] = ((old.data[from + c]! - now.mean[c]!) * gain[c]! + lift[c]!) * shade
    }
  const look = fullLook(settings)
  const { medium } = readPrompt(settings.prompt, settings.negative_prompt)
  paintStrokes(styled, medium, bits, look, 0.8)
  if (medium === 'photo') sharpen(styled, 0.35 + look.crisp * 0.5)
  return styled
}

/** Brings what is to stand behind a mask into the light of what stands round it. */
function settle(fresh: Canvas, old: Canvas): void {
  const [from, to] = [fresh, old].map((one) =>
    statistics(coarseOf(one.data, one.width, one.height, 16)),
  )
  const shift = [0, 1, 2].map((c) => (to!.mean[c]! - from!.mean[c]!) * 0.6)
  for (let i = 0; i < fresh.data.length; i++) fresh.data[i] = fresh.data[i]! + shift[i % 3]!
}

/** Where the two agree, 0–1 per cell: a cell counts as the least of itself and its neighbours, smoothed. */
function agreementOf(old: Coarse, fresh: Coarse): Coarse {
  const { width, height, cell } = old
  const raw = new Float32Array(width * height)
  for (let i = 0; i < raw.length; i++) {
    let most = 0
    for (let c = 0; c < 3; c++)
      most = Math.max(most, Math.abs(old.data[i * 3 + c]! - fresh.data[i * 3 + c]!))
    raw[i] = Math.max(0, Math.min(1, 1.5 - most * 6.5))
  }
  const data = new Float32Array(raw.length)
  const at = (x: number, y: number) =>
    raw[Math.max(0, Math.min(height - 1, y)) * width + Math.max(0, Math.min(width - 1, x))]!
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0
      for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) sum += at(x + dx, y + dy)
      data[y * width + x] = (sum / 25) * (sum / 25)
    }
  return { cell, width, height, data }
}
