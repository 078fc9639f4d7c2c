import { blurPlane } from './blur.js'
import type { Box } from './mask.js'
import type { Raster } from './rendering.js'
import { shapeOf } from './shape.js'
import { closeUp, type Grid, type Patch, reduced, skinPatches, type View } from './skin.js'

export type Sort = 'face' | 'hand' | 'person'

/** Something found in a picture. */
export interface Found {
  readonly sort: Sort
  readonly box: Box
  /** 0–1. */
  readonly confidence: number
  /** A face's middle and half its height in pixels, by its eyes and chin; a hand's middle and half its size. */
  readonly fit: { readonly x: number; readonly y: number; readonly size: number }
  /** −1 for a hand whose thumb points to the right. */
  readonly flip?: 1 | -1
}

/** What a detector looks for, by its name; undefined for one that finds nothing here. */
export function sortOf(detector: string): Sort | undefined {
  const name = detector.toLowerCase()
  return (['face', 'hand', 'person'] as const).find((sort) => name.includes(sort))
}

/** Looks for faces, hands and persons in the pixels: patches of skin's hue, told apart by size, shape, and by the
 *  two eyes that a face has and the clefts between a hand's fingers. */
export function detect(picture: Raster, sort: Sort): Found[] {
  const grid = reduced(picture, 380)
  const patches = skinPatches(grid)
  const faces = grown(patches.flatMap((patch) => face(picture, grid, patch)))
  if (sort === 'face') return faces
  const least = faces.reduce((most, one) => Math.max(most, one.fit.size), 0)
  const hands = patches.flatMap((patch) => hand(picture, grid, patch, faces, least))
  if (sort === 'hand') return faces.length > 0 ? hands : pair(hands)
  return faces.map((one) => person(picture, one, hands))
}

/** Where no face is to be seen, hands come as a pair: alike in size, side by side, a few hands apart. */
function pair(hands: readonly Found[]): Found[] {
  for (const a of hands)
    for (const b of hands) {
      const size = Math.min(a.fit.size, b.fit.size)
      const apart = (b.fit.x - a.fit.x) / size
      if (
        apart > 2.4 &&
        apart < 5.5 &&
        Math.max(a.fit.size, b.fit.size) < size * 1.3 &&
        Math.abs(a.fit.y - b.fit.y) < size * 0.8
      )
        return [a, b]
    }
  return []
}

/** Without what is too small beside the largest: hands are at most half a face. */
function grown(faces: readonly Found[]): Found[] {
  const largest = faces.reduce((most, one) => Math.max(most, one.fit.size), 0)
  return faces.filter((one) => one.fit.size > largest * 0.6)
}

/** A patch taller than about its width, well filled, with two dark spots side by side above its middle. */
function face(picture: Raster, grid: Grid, patch: Patch): Found[] {
  const [w, h] = [patch.x1 - patch.x0, patch.y1 - patch.y0]
  const shape = h / w
  const fill = patch.area / (w * h)
  if (w < 7 || shape < 0.72 || shape > 1.6 || fill < 0.55) return []
  if (w > grid.width * 0.8 || touchesEdge(patch, grid)) return []
  const view = closeUp(picture, grid, patch)
  const { oval, solid, hue, saturation } = shapeOf(view)
  if (oval < 0.83 || solid < 0.88 || hue > 0.032 || saturation > 0.032) return []
  // The surer the shape, the less the nose's bridge must stand out: brushes blur it.
  const sure = w >= 30 && oval > 0.875 && solid > 0.93
  const eyes = findEyes(view, sure ? 0.45 : 0.3)
  if (eyes === undefined || eyes.y < view.height * 0.11) return []
  // A patch with ears or a throat is wider or longer than the face: eyes and chin say where it is.
  const chin = chinBelow(view, eyes)
  const byEyes = eyes.apart / 0.62
  const byChin = (chin - eyes.y) / 1.07
  const size = Math.max(byEyes * 0.85, Math.min(byEyes * 1.18, byChin))
  const confidence = Math.min(0.97, 0.35 + eyes.contrast * 0.7 + (fill - 0.45) * 0.3)
  const x = view.left + eyes.x * view.scale
  const y = view.top + (eyes.y + 0.06 * size) * view.scale
  return [
    {
      sort: 'face',
      box: pixels(patch, grid, picture),
      confidence,
      fit: { x, y, size: size * view.scale },
    },
  ]
}

interface Eyes {
  readonly x: number
  readonly y: number
  readonly apart: number
  readonly contrast: number
}

function findEyes({ light, width, height }: View, acrossNose: number): Eyes | undefined {
  // Darkness against the near surroundings: half of a face may lie in shadow.
  const around = new Float32Array(light)
  const scratch = new Float32Array(light.length)
  blurPlane(around, scratch, width, height, 8)
  const dark = light.map((v, i) => Math.max(0, 1 - v / (around[i]! + 0.02) - 0.07))
  const side = (from: number, to: number, y0: number, y1: number) => {
    let [weight, square, sx, sy] = [0, 0, 0, 0]
    for (let y = y0; y < y1; y++)
      for (let x = from; x < to; x++) {
        const v = dark[y * width + x]!
        weight += v
        square += v * v
        sx += v * v * x
        sy += v * v * y
      }
    return { weight, x: sx / square, y: sy / square }
  }
  const band = Math.max(3, Math.round(width * 0.16))
  let best: Eyes | undefined
  for (let y = Math.round(height * 0.05); y + band < height * 0.66; y += 1) {
    const a = side(Math.round(width * 0.13), Math.round(width * 0.45), y, y + band)
    const b = side(Math.round(width * 0.55), Math.round(width * 0.87), y, y + band)
    const middle = side(Math.round(width * 0.46), Math.round(width * 0.54), y, y + band)
    if (a.weight < 1.2 || b.weight < 1.2) continue
    const evenness = Math.min(a.weight, b.weight) / Math.max(a.weight, b.weight)
    // Between the eyes is the nose's bridge: a brim or a shadow is dark all the way across.
    const bridge = middle.weight / (middle.weight + (a.weight + b.weight) * 0.125 + 1e-6)
    const apart = b.x - a.x
    if (
      evenness < 0.15 ||
      bridge > acrossNose ||
      apart < width * 0.28 ||
      apart > width * 0.66 ||
      Math.abs(a.y - b.y) > width * 0.13
    )
      continue
    // Eyes end where cheeks begin, and a mouth lies below between them; clefts between fingers run on.
    const reach = Math.round(apart * 0.22)
    const [ax, bx, mx, my] = [
      Math.round(a.x),
      Math.round(b.x),
      Math.round((a.x + b.x) / 2),
      (a.y + b.y) / 2,
    ]
    const cheeks = [ax, bx].map((x) => {
      const [from, to] = [Math.round(my + apart * 0.42), Math.round(my + apart * 0.8)]
      return to > height ? Infinity : side(x - reach, x + reach, from, to).weight
    })
    const mouth = side(
      mx - reach,
      mx + reach,
      Math.round(my + apart * 0.9),
      Math.min(height, Math.round(my + apart * 1.4)),
    ).weight
    if (
      Math.max(...cheeks) > Math.min(a.weight, b.weight) * 0.4 ||
      mouth < Math.min(a.weight, b.weight) * 0.08
    )
      continue
    const contrast =
      (Math.min(a.weight, b.weight) / (band * width * 0.32)) * evenness * (1 - bridge) * 2
    if (best === undefined || contrast > best.contrast)
      best = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart, contrast }
  }
  return best !== undefined && best.contrast > 0.03
    ? { ...best, contrast: Math.min(1, best.contrast) }
    : undefined
}

/** The last row of skin below the eyes. */
function chinBelow({ skin, width, height }: View, eyes: Eyes): number {
  for (let y = height - 1; y > eyes.y; y--) {
    let count = 0
    for (let x = Math.round(eyes.x - eyes.apart * 0.4); x < eyes.x + eyes.apart * 0.4; x++)
      count += skin[y * width + Math.max(0, Math.min(width - 1, x))]!
    if (count > eyes.apart * 0.35) return y + 1
  }
  return height
}

/** A patch about as wide as high, smaller than a face, with at least two clefts across its lower part. */
function hand(
  picture: Raster,
  grid: Grid,
  patch: Patch,
  faces: readonly Found[],
  largest: number,
): Found[] {
  const [w, h] = [patch.x1 - patch.x0, patch.y1 - patch.y0]
  const shape = h / w
  const fill = patch.area / (w * h)
  const box = pixels(patch, grid, picture)
  if (w < 4 || shape < 0.7 || shape > 1.3 || fill < 0.55 || w > grid.width * 0.4) return []
  if (
    faces.some(
      (one) =>
        one.box.x0 < box.x1 && box.x0 < one.box.x1 && one.box.y0 < box.y1 && box.y0 < one.box.y1,
    )
  )
    return []
  const half = (box.x1 - box.x0 + box.y1 - box.y0) / 4
  if (largest > 0 && (half > largest * 1.1 || half < largest * 0.18)) return []
  // Where there is a face, hands are within an arm's reach below it.
  const [x, y] = [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]
  const reached = ({ fit }: Found) =>
    Math.abs(x - fit.x) < fit.size * 4.5 && y > fit.y + fit.size && y < fit.y + fit.size * 8
  if (faces.length > 0 && !faces.some(reached)) return []
  const view = closeUp(picture, grid, patch)
  const clefts = cleftsOf(view)
  if (clefts < 1.2) return []
  const { oval, solid, hue, saturation } = shapeOf(view)
  // Near a face they may be rougher, small ones most of all.
  const beside = faces.length > 0
  const rough = w < 20 && beside
  const even = beside ? 0.045 : 0.032
  if (
    oval < (rough ? 0.8 : 0.87) ||
    solid < (rough ? 0.85 : 0.93) ||
    hue > even ||
    saturation > even
  )
    return []
  const confidence = Math.min(
    0.95,
    0.3 + Math.min(4, clefts) * 0.1 + (fill - 0.4) * 0.5 + (largest > 0 ? 0.1 : 0),
  )
  return [{ sort: 'hand', box, confidence, fit: { x, y, size: half * 1.04 } }]
}

/** Dark dips per row in the part where fingers are, the mean of its rows. */
function cleftsOf({ light, skin, width, height }: View): number {
  let [dips, rows] = [0, 0]
  for (let y = Math.round(height * 0.45); y < height * 0.85; y++) {
    rows++
    let [high, low, falling] = [0, 1, true]
    for (let x = Math.round(width * 0.1); x < width * 0.9; x++) {
      const v = light[y * width + x]!
      if (falling) {
        if (v > high) high = v
        else if (v < high * 0.9) [falling, low] = [false, v]
      } else if (v < low) low = v
      else if (v > low * 1.08 && skin[y * width + x] === 1) {
        dips++
        ;[falling, high] = [true, v]
      }
    }
  }
  return rows === 0 ? 0 : dips / rows
}

/** A person reaches from above the head to the picture's lower part, and takes in the hands near it. */
function person(picture: Raster, head: Found, hands: readonly Found[]): Found {
  const { x, y, size } = head.fit
  const near = hands.filter(
    (one) => Math.abs(one.fit.x - x) < size * 4 && one.fit.y > y && one.fit.y < y + size * 8,
  )
  const box: Box = {
    x0: Math.max(0, Math.floor(Math.min(x - size * 3, ...near.map((one) => one.box.x0)))),
    y0: Math.max(0, Math.floor(y - size * 1.45)),
    x1: Math.min(
      picture.width,
      Math.ceil(Math.max(x + size * 3, ...near.map((one) => one.box.x1))),
    ),
    y1: Math.min(picture.height, Math.ceil(y + size * 14)),
  }
  return {
    sort: 'person',
    box,
    confidence: Math.min(0.98, head.confidence + near.length * 0.03),
    fit: head.fit,
  }
}

function touchesEdge(patch: Patch, grid: Grid): boolean {
  return patch.x0 === 0 || patch.y0 === 0 || patch.x1 === grid.width
}

function pixels(patch: Patch, grid: Grid, picture: Raster): Box {
  return {
    x0: Math.floor(patch.x0 * grid.cell),
    y0: Math.floor(patch.y0 * grid.cell),
    x1: Math.min(picture.width, Math.ceil(patch.x1 * grid.cell)),
    y1: Math.min(picture.height, Math.ceil(patch.y1 * grid.cell)),
  }
}
