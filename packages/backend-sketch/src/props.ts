import type { Canvas, Place } from './canvas.js'
import { scaled } from './palette.js'
import { spines } from './room.js'
import type { Scene } from './scene.js'
import { stage } from './sky.js'
import { drawStill, stillOf } from './still.js'

/** Paints the things that words name: lighthouse, boats, a vase, a bottle, a watch, a sign.
 *  `spot` is where a thing on a table stands, when that is not for the scene to say. */
export function drawProps(canvas: Canvas, scene: Scene, spot?: Place): void {
  const { intent } = scene
  const still = isIndoors(scene)
  if (intent.props.has('lighthouse') && !still) lighthouse(canvas, scene)
  if (
    !still &&
    (intent.props.has('boats') || (scene.setting === 'sea' && scene.chance.at('boat') < 0.7))
  )
    boats(canvas, scene)
  drawStill(canvas, scene, spot)
  if (intent.props.has('sign')) sign(canvas, scene)
}

/** Whether words ask for something that stands before the scene. */
export function hasSubject(scene: Scene): boolean {
  const { intent } = scene
  const asked = (['lighthouse', 'boats'] as const).some((one) => intent.props.has(one))
  return (
    intent.figure === 'large' ||
    intent.props.has('sign') ||
    stillOf(scene) !== undefined ||
    (asked && !isIndoors(scene))
  )
}

function isIndoors({ setting }: Scene): boolean {
  return setting === 'room' || setting === 'studio'
}

/** Paints weather over everything. */
export function drawWeather(canvas: Canvas, scene: Scene): void {
  const { intent, chance, aspect } = scene
  const place = stage(canvas)
  if (intent.props.has('rain'))
    for (let i = 0; i < 170; i++) {
      const [x, y] = [chance.between(`rain x ${i}`, -0.1, aspect + 0.1), chance.at(`rain y ${i}`)]
      canvas.line(place, [x, y, x - 0.02, y + 0.06], 0.0016, {
        color: [0.85, 0.88, 0.92],
        alpha: 0.4,
      })
    }
  if (intent.props.has('snow'))
    for (let i = 0; i < 200; i++)
      canvas.ellipse(
        place,
        chance.at(`snow x ${i}`) * aspect,
        chance.at(`snow y ${i}`),
        0.003,
        0.003,
        { color: [0.96, 0.97, 1], alpha: 0.8 },
      )
}

function lighthouse(canvas: Canvas, scene: Scene): void {
  const { aspect, horizon, palette, chance, detail } = scene
  const place: Place = {
    x: aspect * canvas.height * (chance.at('lighthouse side') < 0.5 ? 0.16 : 0.84),
    y: horizon * canvas.height + 0.02 * canvas.height,
    size: canvas.height * 0.36,
  }
  const dim = 0.35 + 0.65 * palette.light
  canvas.blob(place, [-0.5, 0.1, -0.3, -0.06, 0, -0.1, 0.35, -0.05, 0.55, 0.1], {
    color: scaled([0.3, 0.31, 0.34], dim),
  })
  canvas.poly(place, [-0.12, 0, -0.075, -0.85, 0.075, -0.85, 0.12, 0], {
    color: scaled([0.95, 0.95, 0.94], dim),
    to: scaled([0.6, 0.62, 0.66], dim),
  })
  for (const y of [-0.2, -0.5, -0.8])
    canvas.poly(
      place,
      [
        -0.12 - y * -0.05,
        y,
        0.12 + y * 0.05,
        y,
        0.11 + y * 0.05,
        y + 0.12,
        -0.11 - y * 0.05,
        y + 0.12,
      ],
      { color: scaled([0.7, 0.1, 0.17], dim), to: scaled([0.38, 0.06, 0.12], dim) },
    )
  canvas.poly(place, [-0.11, -0.85, 0.11, -0.85, 0.1, -0.88, -0.1, -0.88], { color: palette.ink })
  canvas.poly(place, [-0.06, -0.88, 0.06, -0.88, 0.06, -1, -0.06, -1], { color: [1, 0.92, 0.6] })
  canvas.poly(place, [-0.08, -1, 0, -1.1, 0.08, -1], { color: palette.ink })
  if (detail > 0.5)
    for (const x of [-0.03, 0, 0.03])
      canvas.line(place, [x, -0.88, x, -1], 0.008, { color: palette.ink })
  if (palette.light < 0.7)
    canvas.poly(place, [0, -0.94, -2.5, -1.25, -2.5, -0.85], {
      color: [1, 0.93, 0.68],
      alpha: 0.22,
      soft: 0.03,
    })
}

function boats(canvas: Canvas, scene: Scene): void {
  const { aspect, horizon, palette, chance } = scene
  const dim = 0.35 + 0.65 * palette.light
  for (let i = 0; i < 3; i++) {
    const near = i / 3
    const place: Place = {
      x: chance.at(`boat x ${i}`) * aspect * canvas.height,
      y: (horizon + 0.06 + near * 0.16) * canvas.height,
      size: canvas.height * (0.05 + 0.05 * near),
    }
    const hull = spines[Math.floor(chance.at(`hull ${i}`) * spines.length)]!
    canvas.line(place, [0, 0, 0, -1.9], 0.06, { color: scaled([0.5, 0.49, 0.46], dim) })
    canvas.blob(place, [0.08, -1.8, 0.5, -1, 0.85, -0.3, 0.08, -0.25], {
      color: scaled([0.93, 0.92, 0.88], dim),
      to: scaled([0.68, 0.7, 0.74], dim),
    })
    canvas.poly(place, [-1, -0.25, 1.1, -0.25, 0.75, 0.25, -0.75, 0.25], {
      color: scaled(hull, dim * 1.2),
      to: scaled(hull, dim * 0.6),
    })
    canvas.line(place, [-1, -0.25, 1.1, -0.25], 0.08, { color: scaled([0.9, 0.9, 0.88], dim) })
    canvas.poly(place, [-0.7, 0.27, 0.7, 0.27, 0.4, 0.8, -0.4, 0.8], {
      color: scaled(hull, dim * 0.5),
      alpha: 0.4,
      soft: 0.08,
    })
  }
}

function sign(canvas: Canvas, scene: Scene): void {
  const { aspect, palette, chance } = scene
  const place: Place = {
    x: (aspect / 2) * canvas.height,
    y: 0.24 * canvas.height,
    size: canvas.height * Math.min(0.3, aspect * 0.36),
  }
  canvas.poly(place, [-1.05, -0.35, 1.05, -0.35, 1.05, 0.35, -1.05, 0.35], { color: palette.ink })
  canvas.poly(place, [-1, -0.3, 1, -0.3, 1, 0.3, -1, 0.3], {
    color: palette.under,
    to: scaled(palette.under, 0.6),
  })
  // Letters no one can read: what small text looks like.
  for (let i = 0; i < 9; i++) {
    const x = -0.85 + i * 0.2
    if (i === 4) continue
    const y = (name: string) => chance.between(`letter ${i} ${name}`, -0.18, 0.18)
    canvas.line(place, [x, -0.18, x, 0.18], 0.05, { color: [0.95, 0.9, 0.7] })
    canvas.line(place, [x, y('a'), x + 0.07, y('b'), x + 0.12, y('c')], 0.045, {
      color: [0.95, 0.9, 0.7],
    })
  }
}
