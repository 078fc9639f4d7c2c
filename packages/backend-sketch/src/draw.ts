import { Canvas, type Place } from './canvas.js'
import { drawFigure } from './figure.js'
import { finish } from './finish.js'
import { drawLand } from './land.js'
import { leaning, type Look, lookOf, refinerLook } from './look.js'
import { readPrompt } from './prompt.js'
import { drawProps, drawWeather } from './props.js'
import type { Raster, Rendering, Tick } from './rendering.js'
import { drawRoom } from './room.js'
import { planScene, type Scene } from './scene.js'
import { drawSky } from './sky.js'
import { paintStrokes } from './style.js'

/** How far forms are drawn out in a first pass, and in one over a picture. */
export const firstPass = 0.3
export const secondPass = 0.66

/** Draws a picture from nothing.
 *  @shape `width`×`height` pixels, any size; the scene is the same at every size */
export async function draw(settings: Rendering, tick: Tick): Promise<Raster> {
  const look = fullLook(settings)
  const scene = sceneOf(settings, look, firstPass)
  const canvas = await drawScene(settings, scene, tick)
  paintStrokes(canvas, scene.intent.medium, scene.chance.bits('strokes'), look, 1)
  await tick(0.8)
  return finish(canvas, settings, look)
}

/** The scene of some settings, its forms drawn out as far as `detail`, the look and `restore_faces` say. */
export function sceneOf(settings: Rendering, look: Look, detail: number): Scene {
  const faces = settings.restore_faces === true ? 0.25 : 0
  const drawn = Math.min(0.79, detail + look.detail * 0.3 + faces)
  return planScene(settings, look, settings.width / settings.height, drawn)
}

/** Draws the scene without strokes, grain, contrast and grade: what passes over a picture take their forms from.
 *  Over a picture, a figure that no word asks for comes in only where the picture has it. */
export async function drawScene(
  settings: Rendering,
  scene: Scene,
  tick: Tick,
  over?: Canvas,
): Promise<Canvas> {
  const { width, height } = settings
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
  if (over === undefined || scene.intent.figure === 'large') figure(canvas, scene)
  else figureIn(over, canvas, scene)
  drawWeather(canvas, scene)
  await tick(0.6)
  if (settings.tiling === true) wrap(canvas)
  return canvas
}

/** Draws what stands before the scene, and nothing else. */
export function drawSubject(canvas: Canvas, scene: Scene, spot?: Place): void {
  drawProps(canvas, scene, spot)
  if (scene.intent.figure === 'large') figure(canvas, scene)
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

/** Draws the figure and takes it away again where `picture` looks more like the scene without it. */
function figureIn(picture: Canvas, canvas: Canvas, scene: Scene): void {
  if (scene.figure === undefined) return
  const { width, height, data } = canvas
  const { y, size } = scene.figure
  const top = Math.max(0, Math.floor((y - size * 2) * height)) * width * 3
  const without = data.slice(top, Math.min(height, Math.ceil((y + size * 15) * height)) * width * 3)
  figure(canvas, scene)
  let [far, near] = [0, 0]
  for (let i = 0; i < without.length; i++)
    if (data[top + i] !== without[i]) {
      far += Math.abs(data[top + i]! - picture.data[top + i]!)
      near += Math.abs(without[i]! - picture.data[top + i]!)
    }
  if (far > near * 0.75) data.set(without, top)
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
