import { Canvas } from './canvas.js'
import { coarseOf, type Coarse, readRow, statistics } from './coarse.js'
import { drawScene, drawSubject, fullLook, sceneOf, secondPass } from './draw.js'
import { grade, quantised, sharpen } from './finish.js'
import { fitted } from './fit.js'
import type { Look } from './look.js'
import { hash2, noiseTable, sample } from './noise.js'
import { hasSubject } from './props.js'
import type { Raster, Rendering, Tick } from './rendering.js'
import type { Scene } from './scene.js'
import { outlines, stillOf } from './still.js'
import { paintStrokes, tone } from './style.js'
import { continued } from './surroundings.js'

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
  /** What the masked part starts from: 0 its surroundings continued, 1 the picture, 2 noise, 3 grey. */
  readonly fill?: number
}

/** Redraws a picture: the one path of img2img, hires, inpainting and tiles.
 *  Where picture and new scene agree in their low frequencies, the new scene's finer forms come in; elsewhere the
 *  picture's own forms are restyled, and from the middle strengths on the new composition takes over. */
export async function redraw(job: Redraw, tick: Tick): Promise<Raster> {
  const { input, settings, strength, steps, mask } = job
  const { width, height } = input
  const look = fullLook(settings)
  const scene = sceneOf(settings, look, secondPass)
  const old = new Canvas(width, height)
  for (let i = 0; i < old.data.length; i++) old.data[i] = input.data[i]! / 255
  const around = mask === undefined ? undefined : continued(old, mask)
  const fresh = await freshOf(job, scene, look, old, around, tick)
  await tick(0.5)
  start(old, around, job)
  const made = mixed(old, fresh, job)
  await tick(0.65)
  const { medium } = scene.intent
  paintStrokes(made.canvas, medium, scene.chance.bits('strokes'), look, 0.75, 0)
  await tick(0.8)
  sharpen(made.canvas, look.crisp * 0.6 + (medium === 'photo' ? 0.35 : 0.2) - 0.9 / (steps + 0.5))
  for (let i = 0; i < old.data.length; i++)
    old.data[i] = old.data[i]! + (made.canvas.data[i]! - old.data[i]!) * made.share
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

/** What the words ask for. Behind a mask that is the thing they name, before the surroundings of the mask; a scene
 *  of its own only where they name nothing, or the mask leaves nothing around. */
async function freshOf(
  { settings, mask }: Redraw,
  scene: Scene,
  look: Look,
  old: Canvas,
  around: Canvas | undefined,
  tick: Tick,
): Promise<Canvas> {
  const { medium } = scene.intent
  if (mask !== undefined && around !== undefined && hasSubject(scene)) {
    const canvas = new Canvas(old.width, old.height)
    canvas.data.set(around.data)
    const thing = stillOf(scene)
    const spot =
      thing === undefined ? undefined : fitted(mask, old.width, old.height, outlines[thing])
    drawSubject(canvas, scene, spot)
    const drawn = new Float32Array(canvas.data)
    grade(drawn, settings, look)
    tone(drawn, medium)
    // What is drawn takes the look of the settings; what is continued keeps the picture's.
    for (let i = 0; i < drawn.length; i += 3) {
      let most = 0
      for (let k = i; k < i + 3; k++)
        most = Math.max(most, Math.abs(canvas.data[k]! - around.data[k]!))
      const share = Math.min(1, most * 12)
      for (let k = i; k < i + 3; k++)
        canvas.data[k] = canvas.data[k]! + (drawn[k]! - canvas.data[k]!) * share
    }
    return canvas
  }
  const fresh = await drawScene(settings, scene, (done) => tick(done * 0.8), old)
  grade(fresh.data, settings, look)
  tone(fresh.data, medium)
  if (mask !== undefined) settle(fresh, old)
  return fresh
}

/** Brings what is to stand behind a mask into the light of what stands round it. */
function settle(fresh: Canvas, old: Canvas): void {
  const [from, to] = [fresh, old].map((one) =>
    statistics(coarseOf(one.data, one.width, one.height, 16)),
  )
  const shift = [0, 1, 2].map((c) => (to!.mean[c]! - from!.mean[c]!) * 0.6)
  for (let i = 0; i < fresh.data.length; i++) fresh.data[i] = fresh.data[i]! + shift[i % 3]!
}

/** Puts under the mask what the redrawing starts from. */
function start(
  { width, height, data }: Canvas,
  around: Canvas | undefined,
  { settings, mask, fill = 1 }: Redraw,
): void {
  if (mask === undefined || fill === 1) return
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const share = mask[y * width + x]! / 255
      if (share === 0) continue
      const block = ((y >> 3) << 14) | (x >> 3)
      for (let c = 0; c < 3; c++) {
        const at = (y * width + x) * 3 + c
        const noise = (hash2(hash2(settings.seed, c), block) >>> 24) / 255
        const from = fill === 0 ? (around?.data[at] ?? data[at]!) : fill === 2 ? noise : 0.5
        data[at] = data[at]! + (from - data[at]!) * share
      }
    }
}

/** What replaces the picture, and how much of it: the picture's own forms in the new manner (moved a little by the
 *  seed, graded towards the new scene's colours), and the new scene where the two agree or the strength is high. */
function mixed(
  old: Canvas,
  fresh: Canvas,
  { settings, strength, mask, fill = 1 }: Redraw,
): { readonly canvas: Canvas; readonly share: number } {
  const { width, height } = old
  const canvas = new Canvas(width, height)
  const cell = Math.max(2, Math.round(height / 150))
  const [before, after] = [old, fresh].map((one) => coarseOf(one.data, width, height, cell))
  const agreement = agreementOf(before!, after!)
  const [now, wanted] = [statistics(before!), statistics(after!)]
  const rest = (1 - strength) * (1 - strength)
  // Behind a mask nothing of what was there is to show through, unless that was put there on purpose.
  const share = 1 - (mask === undefined || fill !== 1 ? rest : rest * (1 - strength))
  const late =
    mask === undefined
      ? Math.max(0, (strength - 0.5) / 0.5)
      : Math.max(0, Math.min(1, (strength - 0.25) / 0.55))
  // Of what replaces the picture, this much is the new scene whether they agree or not.
  const taken = share === 0 ? 0 : Math.min(1, (late * late) / share)
  const graded = Math.min(1, strength * 1.2)
  const gain = [0, 1, 2].map(
    (c) => 1 + (Math.max(0.5, Math.min(1.6, wanted.spread[c]! / now.spread[c]!)) - 1) * graded,
  )
  const lift = [0, 1, 2].map((c) => now.mean[c]! + (wanted.mean[c]! - now.mean[c]!) * graded)
  const [gr, gg, gb] = gain as [number, number, number]
  const [lr, lg, lb] = lift.map((v, c) => v - now.mean[c]! * gain[c]!) as [number, number, number]
  const moved = displacement(settings, width, height)
  const reach = height * 0.007 * strength
  const row = new Float32Array(width)
  const shifts = new Float32Array(width * 2)
  const [from, to, out] = [old.data, fresh.data, canvas.data]
  for (let y = 0, at = 0; y < height; y++) {
    readRow(agreement.data, agreement.width, agreement.height, cell, y, 1, row)
    readRow(moved.data, moved.width, moved.height, moved.cell, y, 2, shifts)
    for (let x = 0; x < width; x++, at += 3) {
      const n = shifts[x * 2]!
      let sx = Math.floor(x + n * reach + 0.5)
      let sy = Math.floor(y + shifts[x * 2 + 1]! * reach + 0.5)
      sx = sx < 0 ? 0 : sx >= width ? width - 1 : sx
      sy = sy < 0 ? 0 : sy >= height ? height - 1 : sy
      const own = (sy * width + sx) * 3
      const shade = 1 + 0.05 * strength * n
      const m = taken + (1 - taken) * row[x]!
      const r = (from[own]! * gr + lr) * shade
      const g = (from[own + 1]! * gg + lg) * shade
      const b = (from[own + 2]! * gb + lb) * shade
      out[at] = r + (to[at]! - r) * m
      out[at + 1] = g + (to[at + 1]! - g) * m
      out[at + 2] = b + (to[at + 2]! - b) * m
    }
  }
  return { canvas, share }
}

/** How the seed moves the picture's own forms, across and down, −1…1 per cell. */
function displacement(
  { seed, subseed, subseed_strength }: Rendering,
  width: number,
  height: number,
): Coarse {
  const table = noiseTable(6)
  const bits = hash2(seed, subseed_strength > 0 ? subseed : 0)
  const [ox, oy] = [bits & 255, (bits >>> 8) & 255]
  const cell = Math.max(1, Math.round(height / 400))
  const [w, h] = [Math.ceil(width / cell), Math.ceil(height / cell)]
  const scale = (260 / height) * cell
  const data = new Float32Array(w * h * 2)
  for (let y = 0, at = 0; y < h; y++)
    for (let x = 0; x < w; x++, at += 2) {
      data[at] = sample(table, ox + x * scale, oy + y * scale)
      data[at + 1] = sample(table, oy + y * scale, ox + x * scale)
    }
  return { cell, width: w, height: h, data }
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
