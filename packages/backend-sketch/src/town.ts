import type { Canvas, Rgb } from './canvas.js'
import { mixed, scaled } from './palette.js'
import type { Scene } from './scene.js'
import { stage } from './sky.js'

export function houses(canvas: Canvas, scene: Scene): void {
  const { palette, chance, aspect, horizon, hour, detail } = scene
  const place = stage(canvas)
  const lit = hour === 'dusk' || hour === 'night' || hour === 'lamplight'
  for (let row = 0; row < 2; row++) {
    let x = -0.06
    for (let i = 0; x < aspect; i++) {
      const key = `house ${row} ${i}`
      const wide = chance.between(`${key} wide`, 0.08, 0.15)
      const tall = chance.between(`${key} tall`, 0.1, 0.22) + (row === 0 ? 0.08 : 0)
      const base = horizon + 0.03 + row * 0.035
      const wall = scaled(
        mixed(
          walls[Math.floor(chance.at(`${key} wall`) * walls.length)]!,
          palette.horizon,
          row === 0 ? 0.35 : 0.1,
        ),
        0.35 + 0.6 * palette.light,
      )
      canvas.poly(place, [x, base - tall, x + wide, base - tall, x + wide, base, x, base], {
        color: wall,
        to: scaled(wall, 0.75),
        grain: 0.06,
        weave: [120, 120],
      })
      const roof = scaled([0.33, 0.26, 0.3], 0.4 + 0.6 * palette.light)
      canvas.poly(
        place,
        [
          x - 0.008,
          base - tall,
          x + wide / 2,
          base - tall - wide * 0.5,
          x + wide + 0.008,
          base - tall,
        ],
        { color: scaled(roof, 1.2), to: scaled(roof, 0.7), grain: 0.15, weave: [60, 300] },
      )
      for (let v = 0; v < 3; v++)
        for (let u = 0; u < 2; u++) {
          const [wx, wy] = [x + wide * (0.22 + u * 0.38), base - tall + 0.022 + v * tall * 0.3]
          const on = lit && chance.at(`${key} lit ${u} ${v}`) < 0.6
          canvas.poly(
            place,
            [wx, wy, wx + wide * 0.2, wy, wx + wide * 0.2, wy + tall * 0.16, wx, wy + tall * 0.16],
            { color: on ? [1, 0.88, 0.45] : scaled([0.3, 0.36, 0.42], 0.4 + 0.6 * palette.light) },
          )
          if (detail > 0.5)
            canvas.line(place, [wx + wide * 0.1, wy, wx + wide * 0.1, wy + tall * 0.16], 0.0018, {
              color: palette.ink,
              alpha: 0.7,
            })
        }
      canvas.poly(
        place,
        [x, base, x + wide, base, x + wide, base + tall * 0.5, x, base + tall * 0.5],
        {
          color: scaled(wall, 0.55),
          to: palette.waterDeep,
          along: [0, base, 0, base + tall * 0.5],
          alpha: 0.4,
          soft: 0.006,
        },
      )
      x += wide
    }
  }
}

export function quay(canvas: Canvas, scene: Scene): void {
  const { palette, aspect, detail } = scene
  const place = stage(canvas)
  canvas.poly(place, [-0.1, 0.87, aspect + 0.1, 0.85, aspect + 0.1, 1.1, -0.1, 1.1], {
    color: mixed(palette.wall, [0.5, 0.5, 0.55], 0.5),
    to: scaled(palette.wall, 0.55),
    along: [0, 0.86, 0, 1],
    grain: 0.16,
    weave: [160, 260],
  })
  canvas.line(place, [-0.1, 0.87, aspect + 0.1, 0.85], 0.012, { color: scaled(palette.wall, 1.25) })
  if (detail > 0.5)
    for (let i = 0; i < 16; i++)
      canvas.line(place, [i * 0.1, 0.88, i * 0.1 - 0.03, 1.02], 0.002, {
        color: palette.ink,
        alpha: 0.5,
      })
}

const walls: readonly Rgb[] = [
  [0.86, 0.84, 0.78],
  [0.6, 0.68, 0.72],
  [0.78, 0.74, 0.52],
  [0.62, 0.5, 0.56],
  [0.5, 0.6, 0.56],
]
