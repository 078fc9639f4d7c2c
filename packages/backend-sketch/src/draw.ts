import { Canvas } from './canvas.js'
import { drawFigure } from './figure.js'
import { finish } from './finish.js'
import { drawLand } from './land.js'
import { leaning, type Look, lookOf, refinerLook } from './look.js'
import { readPrompt } from './prompt.js'
import { drawProps, drawWeather } from './props.js'
import { drawRoom } from './room.js'
import { planScene, type Scene } from './scene.js'
import { drawSky } from './sky.js'
import { paintStrokes } from './style.js'

/** An 8-bit RGB picture, rows from the top. */
export interface Raster {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** The settings that decide a rendering: the request's own names. */
export interface Rendering {
  readonly prompt: string
  readonly negative_prompt: string
  readonly styles?: readonly string[] | undefined
  readonly model?: string | undefined
  readonly vae?: string | undefined
  readonly additional_modules?: readonly string[] | undefined
  readonly clip_skip?: number | undefined
  readonly sampler_name: string
  readonly scheduler: string
  readonly steps: number
  readonly cfg_scale: number
  readonly distilled_cfg_scale?: number | undefined
  readonly width: number
  readonly height: number
  readonly seed: number
  readonly subseed: number
  readonly subseed_strength: number
  readonly restore_faces?: boolean | undefined
  readonly tiling?: boolean | undefined
  /** The refiner of this pass, with its share of the steps. */
  readonly refiner?: { readonly checkpoint: string; readonly share: number } | undefined
}

/** Called between the parts of a drawing with the share done, 0–1; rejects when the call was aborted. */
export type Tick = (done: number) => Promise<void> | void

/** How far forms are drawn out in a first pass, and in one over a picture. */
export const firstPass = 0.3
export const secondPass = 0.66

/** Draws a picture from nothing.
 *  @shape `width`×`height` pixels, any size; the scene is the same at every size */
export async function draw(settings: Rendering, tick: Tick): Promise<Raster> {
  const look = fullLook(settings)
  const canvas = await drawScene(settings, look, firstPass, tick)
  await tick(0.8)
  return finish(canvas, settings, look)
}

/** Draws the scene without grain, contrast and grade: what passes over a picture take their forms from. */
export async function drawScene(
  settings: Rendering,
  look: Look,
  detail: number,
  tick: Tick,
): Promise<Canvas> {
  const { width, height } = settings
  const drawn = Math.min(
    0.79,
    detail + look.detail * 0.3 + (settings.restore_faces === true ? 0.25 : 0),
  )
  const scene = planScene(settings, look, width / height, drawn)
  const canvas = new Canvas(width, height)
  await tick(0.05)
  if (scene.setting === 'room' || scene.setting === 'studio') drawRoom(canvas, scene)
  else {
    drawSky(canvas, scene)
    await tick(0.25)
    drawLand(canvas, scene)
  }
  await tick(0.45)
  drawProps(canvas, scene)
  figure(canvas, scene)
  drawWeather(canvas, scene)
  await tick(0.6)
  if (settings.tiling === true) wrap(canvas)
  paintStrokes(
    canvas,
    scene.intent.medium,
    scene.chance.bits('strokes'),
    look,
    detail >= 0.5 ? 0.7 : 1,
  )
  return canvas
}

/** The look of all names together, the refiner's by its share. */
export function fullLook(settings: Rendering): Look {
  const { loras } = readPrompt(settings.prompt, settings.negative_prompt)
  const look = lookOf(settings, loras)
  const { refiner } = settings
  return refiner === undefined
    ? look
    : leaning(look, refinerLook(refiner.checkpoint), refiner.share)
}

function figure(canvas: Canvas, scene: Scene): void {
  if (scene.figure === undefined) return
  const { x, y, size } = scene.figure
  const lean = scene.intent.windy ? 0.02 : 0
  drawFigure(
    canvas,
    { x: x * canvas.height, y: y * canvas.height, size: size * canvas.height, lean },
    scene,
  )
}

/** `tiling`: the outer sixteenth fades into the opposite side, so that copies join. */
function wrap(canvas: Canvas): void {
  const { width, height, data } = canvas
  const reach = Math.max(1, width >> 4)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < reach; x++) {
      const share = 0.5 - (0.5 * x) / reach
      for (let c = 0; c < 3; c++) {
        const left = (y * width + x) * 3 + c
        const right = (y * width + width - 1 - x) * 3 + c
        const [a, b] = [data[left]!, data[right]!]
        data[left] = a + (b - a) * share
        data[right] = b + (a - b) * share
      }
    }
}
