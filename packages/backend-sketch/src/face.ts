import type { Canvas, Place, Rgb } from './canvas.js'
import type { Chance } from './noise.js'
import { mixed, scaled } from './palette.js'

export interface Tone {
  readonly skin: Rgb
  readonly shade: Rgb
  readonly hair: Rgb
}

/** Draws a face's features around (0, 0): brow at −0.3, chin at 1, half as wide as high.
 *  Below a detail of 0.8 they are smudged and a little out of true, as a small face in a first pass is. */
export function drawFace(
  canvas: Canvas,
  place: Place,
  tone: Tone,
  chance: Chance,
  detail: number,
  old: boolean,
): void {
  shadeFace(canvas, place, tone, detail)
  if (detail < 0.8) smudgedFeatures(canvas, place, tone, chance, detail)
  else fineFeatures(canvas, place, tone, chance, old)
}

/** The oval that holds the features. */
export function drawHeadOval(canvas: Canvas, place: Place, tone: Tone, soft: number): void {
  canvas.blob(
    place,
    [
      0, -1, 0.5, -0.86, 0.74, -0.3, 0.71, 0.28, 0.5, 0.78, 0.18, 1.02, -0.18, 1.02, -0.5, 0.78,
      -0.71, 0.28, -0.74, -0.3, -0.5, -0.86,
    ],
    {
      color: tone.skin,
      to: mixed(tone.skin, tone.shade, 0.75),
      along: [-0.35, -0.3, 0.95, 0.45],
      soft,
    },
  )
}

function shadeFace(canvas: Canvas, place: Place, tone: Tone, detail: number): void {
  const soft = 0.16
  const deep = mixed(tone.skin, tone.shade, 0.85)
  canvas.blob(place, [0.3, 0.1, 0.66, 0, 0.64, 0.4, 0.3, 0.9, 0.36, 0.5], {
    color: deep,
    alpha: 0.5,
    soft,
  })
  canvas.ellipse(place, -0.42, 0.32, 0.2, 0.17, {
    color: [Math.min(1, tone.skin[0] * 1.04), tone.skin[1] * 0.86, tone.skin[2] * 0.84],
    alpha: 0.45,
    soft,
  })
  canvas.ellipse(place, 0.4, 0.32, 0.18, 0.16, { color: scaled(deep, 0.98), alpha: 0.4, soft })
  if (detail >= 0.8)
    canvas.ellipse(place, -0.1, -0.46, 0.34, 0.16, {
      color: mixed(tone.skin, [1, 0.93, 0.86], 0.4),
      alpha: 0.5,
      soft,
    })
}

function smudgedFeatures(
  canvas: Canvas,
  place: Place,
  tone: Tone,
  chance: Chance,
  detail: number,
): void {
  const crude = 1 - detail * 0.7
  const soft = 0.055 * crude
  const off = (name: string, reach: number) => chance.between(`face ${name}`, -reach, reach)
  const dark: Rgb = [0.17, 0.12, 0.11]
  for (const side of [-1, 1] as const) {
    const x = side * 0.31 + off(`eye x ${side}`, 0.05)
    const y = -0.06 + off(`eye y ${side}`, 0.06)
    canvas.ellipse(place, x, y - 0.03, 0.22, 0.14, {
      color: tone.shade,
      alpha: 0.5,
      soft: soft * 1.4,
    })
    canvas.ellipse(
      place,
      x,
      y,
      0.15 + off(`eye w ${side}`, 0.04),
      0.065 + off(`eye h ${side}`, 0.03),
      { color: dark, alpha: 0.86, soft },
    )
    canvas.line(
      place,
      [x - 0.18, y - 0.2 + off(`brow ${side}`, 0.05), x, y - 0.26, x + 0.18, y - 0.2],
      0.09,
      { color: scaled(tone.hair, 0.6), alpha: 0.6, soft },
    )
  }
  const nose = off('nose', 0.07)
  canvas.blob(
    place,
    [0.03, -0.05, 0.13 + nose, 0.25, 0.17 + nose, 0.4, -0.08 + nose, 0.42, 0.02, 0.2],
    { color: tone.shade, alpha: 0.65, soft: soft * 1.1 },
  )
  const mouth = off('mouth', 0.08)
  canvas.ellipse(place, mouth, 0.64 + off('mouth y', 0.03), 0.24, 0.07, {
    color: [0.5, 0.24, 0.21],
    alpha: 0.75,
    soft: soft * 1.3,
  })
  canvas.ellipse(place, 0.02, 0.8, 0.14, 0.035, { color: tone.shade, alpha: 0.5, soft })
}

function fineFeatures(
  canvas: Canvas,
  place: Place,
  tone: Tone,
  chance: Chance,
  old: boolean,
): void {
  const dark: Rgb = [0.1, 0.07, 0.07]
  const brow = scaled(tone.hair, 0.62)
  const iris = irises[Math.floor(chance.at('iris') * irises.length)]!
  for (const side of [-1, 1] as const) {
    const at: Place = {
      ...place,
      x: place.x + side * 0.31 * place.size * (place.flip ?? 1),
      y: place.y - 0.05 * place.size,
      flip: side,
    }
    canvas.ellipse(at, 0, -0.07, 0.24, 0.15, { color: tone.shade, alpha: 0.42, soft: 0.06 })
    canvas.blob(at, [-0.19, 0.02, -0.08, -0.07, 0.06, -0.078, 0.2, 0, 0.06, 0.062, -0.08, 0.062], {
      color: [0.93, 0.91, 0.88],
      to: [0.74, 0.7, 0.68],
      along: [0, 0.08, 0, -0.1],
    })
    canvas.ellipse(at, 0, -0.008, 0.09, 0.076, {
      color: iris,
      to: scaled(iris, 0.45),
      along: [0, 0.08, 0, -0.08],
    })
    canvas.ellipse(at, 0, -0.01, 0.042, 0.042, { color: dark })
    canvas.ellipse(at, -0.03 * side, -0.045, 0.02, 0.02, { color: [1, 1, 1] })
    canvas.line(
      at,
      [-0.21, 0.03, -0.09, -0.075, 0.07, -0.09, 0.22, 0],
      0.046,
      { color: dark, alpha: 0.95 },
      0.6,
    )
    canvas.line(at, [-0.17, 0.04, -0.06, 0.085, 0.08, 0.08, 0.19, 0.02], 0.016, {
      color: scaled(tone.shade, 0.62),
      alpha: 0.9,
    })
    canvas.line(at, [-0.2, -0.09, -0.06, -0.18, 0.1, -0.17, 0.23, -0.07], 0.02, {
      color: scaled(tone.shade, 0.7),
      alpha: 0.75,
    })
    for (let hair = 0; hair < 13; hair++) {
      const t = hair / 12
      const x = -0.22 + t * 0.46
      const y = -0.24 - 0.19 * t * (1 - t) * 2 + (t > 0.7 ? (t - 0.7) * 0.2 : 0)
      canvas.line(
        at,
        [x, y + 0.045, x + 0.03, y, x + 0.085, y - 0.025],
        0.036,
        { color: brow, alpha: 0.85 },
        0.35,
      )
    }
    if (old) {
      for (const k of [0, 1])
        canvas.line(
          at,
          [0.26, 0.02 + k * 0.06, 0.33, 0.01 + k * 0.08, 0.38, -0.02 + k * 0.11],
          0.014,
          { color: scaled(tone.shade, 0.8), alpha: 0.7 },
          0.4,
        )
      canvas.line(
        at,
        [-0.14, 0.16, 0, 0.19, 0.15, 0.15],
        0.018,
        { color: scaled(tone.shade, 0.85), alpha: 0.6 },
        0.5,
      )
      canvas.line(
        at,
        [-0.12, 0.36, 0.02, 0.5, 0.05, 0.66],
        0.024,
        { color: scaled(tone.shade, 0.85), alpha: 0.65 },
        0.4,
      )
    }
  }
  const nose = scaled(tone.shade, 0.9)
  canvas.blob(place, [0.05, -0.12, 0.1, 0.12, 0.17, 0.32, 0.13, 0.38, 0.05, 0.3, 0.02, 0.05], {
    color: nose,
    alpha: 0.6,
    soft: 0.03,
  })
  canvas.ellipse(place, -0.025, 0.28, 0.06, 0.09, {
    color: mixed(tone.skin, [1, 0.95, 0.9], 0.55),
    alpha: 0.75,
    soft: 0.04,
  })
  canvas.line(
    place,
    [-0.16, 0.32, -0.15, 0.4, -0.07, 0.405, 0, 0.43, 0.07, 0.405, 0.15, 0.4, 0.16, 0.32],
    0.026,
    { color: scaled(tone.shade, 0.66), alpha: 0.85 },
  )
  for (const x of [-0.075, 0.075])
    canvas.ellipse(place, x, 0.395, 0.038, 0.02, { color: [0.2, 0.1, 0.09], alpha: 0.9 })
  const lip: Rgb = mixed([0.66, 0.31, 0.28], tone.shade, 0.25)
  canvas.blob(place, [-0.27, 0.645, -0.1, 0.585, 0, 0.605, 0.1, 0.585, 0.27, 0.645, 0, 0.665], {
    color: scaled(lip, 0.82),
  })
  canvas.blob(place, [-0.25, 0.65, 0, 0.66, 0.25, 0.65, 0.12, 0.735, -0.12, 0.735], {
    color: mixed(lip, tone.skin, 0.25),
    to: scaled(lip, 0.85),
    along: [0, 0.66, 0, 0.74],
  })
  canvas.line(place, [-0.28, 0.64, -0.1, 0.652, 0, 0.665, 0.1, 0.652, 0.28, 0.64], 0.022, {
    color: [0.25, 0.1, 0.1],
    alpha: 0.9,
  })
  canvas.ellipse(place, 0.01, 0.8, 0.13, 0.03, { color: tone.shade, alpha: 0.6, soft: 0.03 })
  if (old)
    for (let i = 0; i < 90; i++) {
      const x = chance.between(`stubble x ${i}`, -0.5, 0.5)
      const y = 0.5 + chance.between(`stubble y ${i}`, 0, 0.45)
      if (
        Math.abs(x) > 0.25
          ? x * x * 1.3 + (y - 0.4) * (y - 0.4) < 0.42
          : y > 0.76 || (y < 0.57 && y > 0.5)
      )
        canvas.line(
          place,
          [x, y, x + 0.008, y + 0.045],
          0.016,
          { color: scaled(tone.hair, 0.75), alpha: 0.6 },
          0.5,
        )
    }
}

const irises: readonly Rgb[] = [
  [0.3, 0.45, 0.58],
  [0.3, 0.42, 0.3],
  [0.36, 0.24, 0.14],
  [0.42, 0.46, 0.5],
]
