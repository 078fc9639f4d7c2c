import type { Canvas, Place } from './canvas.js'
import { mixed, type Palette, scaled } from './palette.js'
import type { Scene } from './scene.js'

export function behindHead(
  canvas: Canvas,
  place: Place,
  palette: Palette,
  hat: string,
  woman: boolean,
): void {
  if (hat === 'hood') {
    canvas.blob(
      place,
      [
        0, -1.32, 0.75, -1.1, 1.12, -0.3, 1.06, 0.6, 1.25, 1.5, 0.6, 1.9, -0.6, 1.9, -1.25, 1.5,
        -1.06, 0.6, -1.12, -0.3, -0.75, -1.1,
      ],
      { color: palette.cloth, to: palette.clothShade, grain: 0.05 },
    )
    canvas.blob(
      place,
      [
        0, -1.08, 0.62, -0.9, 0.9, -0.2, 0.8, 0.6, 0.5, 1.3, -0.5, 1.3, -0.8, 0.6, -0.9, -0.2,
        -0.62, -0.9,
      ],
      { color: scaled(palette.clothShade, 0.55) },
    )
  } else if (woman)
    canvas.blob(
      place,
      [
        0, -1.22, 0.7, -1, 1, -0.2, 1.05, 0.8, 1.3, 2, 0.7, 2.3, -0.7, 2.3, -1.3, 2, -1.05, 0.8, -1,
        -0.2, -0.7, -1,
      ],
      { color: palette.hair, to: scaled(palette.hair, 0.6), grain: 0.3, weave: [60, 6] },
    )
  else
    for (const side of [-1, 1])
      canvas.ellipse(place, side * 0.74, 0.1, 0.13, 0.24, {
        color: mixed(palette.skin, palette.skinShade, 0.9),
      })
}

export function overHead(canvas: Canvas, place: Place, scene: Scene, hat: string): void {
  const { palette, detail } = scene
  const dark = palette.clothShade
  if (hat === 'hood') {
    canvas.line(
      place,
      [
        -0.86, 0.95, -0.93, 0.2, -0.82, -0.55, -0.4, -0.94, 0, -1.02, 0.4, -0.94, 0.82, -0.55, 0.93,
        0.2, 0.86, 0.95,
      ],
      0.3,
      { color: palette.cloth, to: dark, grain: 0.06 },
    )
    canvas.line(
      place,
      [
        -0.72, 0.8, -0.79, 0.15, -0.7, -0.5, -0.34, -0.82, 0, -0.87, 0.34, -0.82, 0.7, -0.5, 0.79,
        0.15, 0.72, 0.8,
      ],
      0.06,
      { color: scaled(dark, 0.6), alpha: 0.8 },
    )
  } else if (hat === 'beanie') {
    canvas.blob(
      place,
      [-0.8, -0.36, -0.78, -0.95, -0.35, -1.36, 0.35, -1.36, 0.78, -0.95, 0.8, -0.36, 0, -0.5],
      { color: palette.under, to: scaled(palette.under, 0.5), grain: 0.2, weave: [70, 8] },
    )
    canvas.line(place, [-0.8, -0.42, 0, -0.56, 0.8, -0.42], 0.3, {
      color: scaled(palette.under, 1.15),
      to: scaled(palette.under, 0.6),
      grain: 0.3,
      weave: [90, 4],
    })
  } else if (hat === 'cap') {
    canvas.blob(
      place,
      [-0.82, -0.5, -1.02, -1.02, -0.5, -1.34, 0.5, -1.34, 1.02, -1.02, 0.82, -0.5, 0, -0.62],
      { color: mixed(palette.cloth, palette.ink, 0.4), to: scaled(dark, 0.7), grain: 0.05 },
    )
    canvas.line(place, [-0.8, -0.56, 0, -0.7, 0.8, -0.56], 0.2, { color: palette.ink })
    canvas.blob(place, [-0.76, -0.5, 0, -0.62, 0.76, -0.5, 0.5, -0.38, 0, -0.34, -0.5, -0.38], {
      color: [0.2, 0.2, 0.23],
      to: palette.ink,
      along: [0, -0.6, 0, -0.24],
    })
    canvas.ellipse(place, 0, -0.88, 0.16, 0.13, { color: [0.8, 0.74, 0.3] })
  } else {
    canvas.blob(
      place,
      [
        -0.8, 0.05, -0.86, -0.6, -0.5, -1.16, 0, -1.28, 0.5, -1.16, 0.86, -0.6, 0.8, 0.05, 0.62,
        -0.42, 0.3, -0.68, -0.2, -0.6, -0.6, -0.42,
      ],
      { color: palette.hair, to: scaled(palette.hair, 0.55), grain: 0.3, weave: [50, 14] },
    )
    for (let i = 0; i < (detail > 0.5 ? 18 : 6); i++) {
      const x = -0.7 + (1.4 * i) / (detail > 0.5 ? 17 : 5)
      canvas.line(
        place,
        [x * 0.5, -1.22, x * 0.95, -0.9, x * 1.1, -0.42],
        0.035,
        { color: mixed(palette.hair, [1, 1, 1], i % 2 ? 0.22 : 0), alpha: 0.6 },
        0.3,
      )
    }
  }
}
