import type { Canvas, Place, Rgb } from './canvas.js'
import type { Outline } from './fit.js'
import { mixed, scaled } from './palette.js'
import type { Scene } from './scene.js'

type Still = 'vase' | 'bottle' | 'watch' | 'mug'

/** The thing that a scene has on its table. */
export function stillOf(scene: Scene): Still | undefined {
  const { figure, intent, setting } = scene
  if (figure !== undefined && figure.size >= 0.05) return undefined
  const named = (['vase', 'bottle', 'watch'] as const).find((one) => intent.props.has(one))
  return named ?? (intent.props.has('cup') || setting === 'studio' ? 'mug' : undefined)
}

/** Paints that thing. `spot` is where it stands, when that is not for the scene to say. */
export function drawStill(canvas: Canvas, scene: Scene, spot: Place = spotOf(canvas, scene)): void {
  const thing = stillOf(scene)
  if (thing !== undefined) things[thing](canvas, spot, scene)
}

function spotOf(canvas: Canvas, { aspect, chance }: Scene): Place {
  return {
    x: aspect * canvas.height * chance.between('still x', 0.44, 0.56),
    y: canvas.height * 0.86,
    size: canvas.height * Math.min(0.3, aspect * 0.3),
  }
}

function vase(canvas: Canvas, place: Place, scene: Scene): void {
  const { chance, detail, intent } = scene
  const colors = intent.dried ? driedBlooms : blooms
  shadow(canvas, place)
  for (let i = 0; i < 15; i++) {
    const [x, y] = [
      chance.between(`bloom x ${i}`, -0.6, 0.6),
      chance.between(`bloom y ${i}`, -1.72, -1.1),
    ].map((v, k, [, rise]) => (k === 0 ? v * (-0.1 - rise! * 0.6) : v)) as [number, number]
    canvas.line(place, [0, -0.8, x * 0.5, (y - 0.8) / 2, x, y], 0.02, { color: [0.36, 0.4, 0.24] })
    const petal = colors[i % colors.length]!
    for (let k = 0; k < 5; k++)
      canvas.ellipse(place, x + petals[k]![0] * 0.07, y + petals[k]![1] * 0.07, 0.062, 0.062, {
        color: petal,
        to: scaled(petal, 0.75),
      })
    canvas.ellipse(place, x, y, 0.04, 0.04, { color: [0.4, 0.34, 0.2] })
    if (detail > 0.5)
      canvas.ellipse(place, x - 0.01, y - 0.01, 0.016, 0.016, { color: [0.9, 0.85, 0.5] })
  }
  canvas.blob(
    place,
    [
      -0.2, -0.95, 0.2, -0.95, 0.17, -0.78, 0.42, -0.45, 0.36, -0.05, 0.2, 0.03, -0.2, 0.03, -0.36,
      -0.05, -0.42, -0.45, -0.17, -0.78,
    ],
    {
      color: [0.8, 0.37, 0.2],
      to: [0.36, 0.13, 0.07],
      along: [-0.3, -0.5, 0.45, -0.3],
      grain: 0.08,
      weave: [20, 60],
    },
  )
  canvas.line(place, [-0.22, -0.95, 0.22, -0.95], 0.06, {
    color: [0.86, 0.4, 0.2],
    to: [0.42, 0.15, 0.08],
  })
}

function bottle(canvas: Canvas, place: Place, scene: Scene): void {
  shadow(canvas, place)
  const c = mixed(scene.palette.cloth, [0.7, 0.85, 0.85], 0.5)
  canvas.poly(place, [-0.4, -0.9, 0.4, -0.9, 0.42, 0, -0.42, 0], {
    color: mixed(c, [1, 1, 1], 0.5),
    to: scaled(c, 0.55),
  })
  canvas.poly(place, [-0.34, -0.55, 0.34, -0.55, 0.36, -0.06, -0.36, -0.06], {
    color: c,
    to: scaled(c, 0.6),
    alpha: 0.8,
  })
  canvas.poly(place, [-0.13, -1.2, 0.13, -1.2, 0.13, -0.9, -0.13, -0.9], {
    color: [0.85, 0.82, 0.6],
    to: [0.42, 0.4, 0.28],
  })
  canvas.line(place, [-0.3, -0.82, -0.31, -0.1], 0.05, { color: [1, 1, 1], alpha: 0.7 })
}

function watch(canvas: Canvas, place: Place, scene: Scene): void {
  shadow(canvas, place)
  const at: Place = { ...place, y: place.y - place.size * 0.6 }
  canvas.line(at, [0, -1, 0, 0.8], 0.42, {
    color: [0.3, 0.27, 0.25],
    to: [0.16, 0.14, 0.13],
    grain: 0.2,
  })
  canvas.ellipse(at, 0, 0, 0.44, 0.44, { color: [0.85, 0.86, 0.88], to: [0.35, 0.36, 0.4] })
  canvas.ellipse(at, 0, 0, 0.37, 0.37, { color: [0.96, 0.96, 0.93] })
  canvas.line(at, [0, 0.05, 0, -0.27], 0.035, { color: scene.palette.ink })
  canvas.line(at, [-0.04, 0.02, 0.2, -0.1], 0.045, { color: scene.palette.ink })
}

function mug(canvas: Canvas, place: Place, scene: Scene): void {
  shadow(canvas, place)
  const c = scene.palette.cloth
  canvas.line(place, [0.35, -0.62, 0.62, -0.55, 0.6, -0.2, 0.35, -0.15], 0.1, {
    color: scaled(c, 0.7),
  })
  canvas.blob(place, [-0.4, -0.78, 0.4, -0.78, 0.42, -0.3, 0.36, 0, -0.36, 0, -0.42, -0.3], {
    color: mixed(c, [1, 1, 1], 0.25),
    to: scaled(c, 0.5),
  })
  canvas.ellipse(place, 0, -0.76, 0.38, 0.09, { color: scaled(c, 0.4) })
}

function shadow(canvas: Canvas, place: Place): void {
  canvas.ellipse(place, 0.16, 0.02, 0.62, 0.09, {
    color: [0.08, 0.08, 0.1],
    alpha: 0.5,
    soft: 0.06,
  })
}

const blooms: readonly Rgb[] = [
  [0.86, 0.82, 0.46],
  [0.72, 0.5, 0.66],
  [0.9, 0.89, 0.8],
  [0.6, 0.46, 0.6],
]
const driedBlooms: readonly Rgb[] = [
  [0.76, 0.68, 0.38],
  [0.52, 0.42, 0.5],
  [0.85, 0.81, 0.62],
  [0.6, 0.54, 0.3],
]
const petals: readonly (readonly [number, number])[] = [
  [0, -1],
  [0.95, -0.31],
  [0.59, 0.81],
  [-0.59, 0.81],
  [-0.95, -0.31],
]

const things = { vase, bottle, watch, mug } as const

/** What the things take up, for those who look for room. */
export const outlines: Readonly<Record<Still, Outline>> = {
  vase: [
    [-1.8, 0.56],
    [-1.6, 0.58],
    [-1.1, 0.36],
    [-0.95, 0.24],
    [-0.78, 0.2],
    [-0.6, 0.34],
    [-0.45, 0.43],
    [-0.1, 0.4],
    [0.04, 0.26],
  ],
  bottle: [
    [-1.2, 0.14],
    [-0.9, 0.16],
    [-0.88, 0.42],
    [0, 0.43],
  ],
  watch: [
    [-1.6, 0.22],
    [-1.05, 0.25],
    [-0.6, 0.45],
    [-0.2, 0.25],
    [0.2, 0.22],
  ],
  mug: [
    [-0.86, 0.4],
    [-0.6, 0.62],
    [0, 0.4],
  ],
}
