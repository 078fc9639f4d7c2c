import type { Canvas, Rgb } from './canvas.js'
import { mixed, scaled } from './palette.js'
import type { Scene } from './scene.js'
import { stage } from './sky.js'

/** Paints a room: wall, window or shelves, a lamp, a table. */
export function drawRoom(canvas: Canvas, scene: Scene): void {
  const { palette, horizon, aspect, setting, intent, chance, hour, detail } = scene
  const place = stage(canvas)
  const wall = setting === 'studio' ? mixed(palette.wall, [0.7, 0.72, 0.76], 0.5) : palette.wall
  const bright = hour === 'lamplight' || hour === 'night' ? 0.62 : 1
  canvas.poly(place, [-0.1, -0.1, aspect + 0.1, -0.1, aspect + 0.1, 1.1, -0.1, 1.1], {
    color: scaled(wall, 1.15 * bright),
    to: scaled(wall, 0.5 * bright),
    grain: 0.03,
    weave: [60, 60],
  })
  if (setting === 'room') {
    if (
      intent.props.has('window') ||
      hour === 'day' ||
      hour === 'morning' ||
      chance.at('window') < 0.4
    )
      windowLight(canvas, scene)
    shelves(canvas, scene)
  }
  const wood: Rgb = scaled([0.44, 0.42, 0.37], 0.45 + 0.55 * palette.light)
  canvas.poly(
    place,
    [-0.1, horizon + 0.03, aspect + 0.1, horizon + 0.03, aspect + 0.1, 1.1, -0.1, 1.1],
    setting === 'studio'
      ? { color: scaled(wall, 1.3), to: scaled(wall, 0.8), along: [0, horizon, 0, 1] }
      : {
          color: scaled(wood, 1.25),
          to: scaled(wood, 0.7),
          along: [0, horizon, aspect, 1],
          grain: 0.16 + detail * 0.08,
          weave: [10, 240],
        },
  )
  canvas.line(place, [-0.1, horizon + 0.03, aspect + 0.1, horizon + 0.03], 0.008, {
    color: palette.ink,
    alpha: 0.4,
    soft: 0.003,
  })
  if (intent.props.has('lamp') || hour === 'lamplight') lamp(canvas, scene)
}

function windowLight(canvas: Canvas, scene: Scene): void {
  const { palette, aspect, chance } = scene
  const place = stage(canvas)
  const x = chance.at('window side') < 0.5 ? aspect * 0.06 : aspect * 0.66
  const [w, top, low] = [aspect * 0.28, 0.08, 0.46]
  canvas.poly(
    place,
    [
      x - 0.02,
      top - 0.02,
      x + w + 0.02,
      top - 0.02,
      x + w + 0.02,
      low + 0.02,
      x - 0.02,
      low + 0.02,
    ],
    { color: scaled(palette.wood, 1.4) },
  )
  canvas.poly(place, [x, top, x + w, top, x + w, low, x, low], {
    color: palette.zenith,
    to: palette.horizon,
    along: [0, top, 0, low],
  })
  canvas.line(place, [x + w / 2, top, x + w / 2, low], 0.012, { color: scaled(palette.wood, 1.3) })
  canvas.line(place, [x, (top + low) / 2, x + w, (top + low) / 2], 0.012, {
    color: scaled(palette.wood, 1.3),
  })
  canvas.poly(place, [x, low + 0.2, x + w, low + 0.2, x + w + 0.25, 1, x + 0.18, 1], {
    color: palette.horizon,
    alpha: 0.16 * palette.light,
    soft: 0.03,
  })
}

function shelves(canvas: Canvas, scene: Scene): void {
  const { palette, aspect, chance, detail } = scene
  const place = stage(canvas)
  const dim = 0.3 + 0.5 * palette.light
  for (let row = 0; row < 3; row++) {
    const y = 0.2 + row * 0.16
    const from = chance.at('window side') < 0.5 ? aspect * 0.6 : aspect * 0.02
    canvas.poly(
      place,
      [from, y, from + aspect * 0.38, y, from + aspect * 0.38, y + 0.012, from, y + 0.012],
      { color: scaled(palette.wood, dim) },
    )
    for (let i = 0, x = from + 0.01; x < from + aspect * 0.35; i++) {
      const wide = chance.between(`spine ${row} ${i}`, 0.014, 0.03)
      const tall = chance.between(`spine tall ${row} ${i}`, 0.07, 0.11)
      const color = scaled(
        spines[Math.floor(chance.at(`spine color ${row} ${i}`) * spines.length)]!,
        dim,
      )
      canvas.poly(place, [x, y - tall, x + wide, y - tall, x + wide, y, x, y], {
        color,
        to: scaled(color, 0.7),
      })
      if (detail > 0.5)
        canvas.line(place, [x + 0.003, y - tall * 0.8, x + wide - 0.003, y - tall * 0.8], 0.003, {
          color: [0.8, 0.76, 0.5],
          alpha: 0.7,
        })
      x += wide + 0.002
    }
  }
}

function lamp(canvas: Canvas, scene: Scene): void {
  const { aspect, horizon, chance, palette } = scene
  const place = stage(canvas)
  const x = aspect * (chance.at('window side') < 0.5 ? 0.86 : 0.14)
  const y = horizon - 0.14
  for (const [size, alpha] of [
    [0.5, 0.2],
    [0.26, 0.3],
    [0.12, 0.4],
  ] as const)
    canvas.ellipse(place, x, y, size * 0.6, size * 0.6, {
      color: [1, 0.86, 0.5],
      alpha,
      soft: size * 0.3,
    })
  canvas.line(place, [x, y + 0.05, x, horizon + 0.06], 0.014, { color: palette.ink })
  canvas.ellipse(place, x, horizon + 0.065, 0.05, 0.014, { color: palette.ink })
  canvas.poly(
    place,
    [x - 0.035, y - 0.05, x + 0.035, y - 0.05, x + 0.075, y + 0.06, x - 0.075, y + 0.06],
    { color: [1, 0.94, 0.66], to: [0.93, 0.8, 0.42] },
  )
}

export const spines: readonly Rgb[] = [
  [0.5, 0.16, 0.2],
  [0.16, 0.3, 0.42],
  [0.2, 0.36, 0.26],
  [0.66, 0.62, 0.42],
  [0.34, 0.26, 0.42],
  [0.2, 0.22, 0.26],
]
