import type { Canvas, Rgb } from './canvas.js'
import { noiseTable, sample } from './noise.js'
import { mixed, scaled } from './palette.js'
import type { Scene } from './scene.js'
import { stage } from './sky.js'
import { houses, quay } from './town.js'

/** Paints what lies below the sky: water, hills, trees, houses, the planks of a pier. */
export function drawLand(canvas: Canvas, scene: Scene): void {
  const { setting } = scene
  if (setting === 'sea' || setting === 'pier' || setting === 'town') {
    ridge(canvas, scene, 0.02, 0.05, 0.9, 'far shore')
    water(canvas, scene)
  } else {
    ridge(canvas, scene, 0.12, 0.14, 0.85, 'far')
    ridge(canvas, scene, 0.04, 0.1, 0.5, 'middle')
    ground(canvas, scene)
    ridge(canvas, scene, -0.06, 0.06, 0.15, 'near')
  }
  if (setting === 'forest') trees(canvas, scene)
  if (setting === 'town') houses(canvas, scene)
  if (setting === 'pier') pier(canvas, scene)
  if (setting === 'sea' && scene.figure !== undefined) shore(canvas, scene)
  if (setting === 'town') quay(canvas, scene)
}

/** One line of hills; `haze` is how much of the sky's colour lies over it. */
function ridge(
  canvas: Canvas,
  scene: Scene,
  above: number,
  height: number,
  haze: number,
  name: string,
): void {
  const { horizon, aspect, palette, chance } = scene
  const table = noiseTable(3)
  const [ox, oy] = [chance.between(`ridge x ${name}`, 0, 256), chance.bits(name) & 255]
  const points: number[] = [-0.02, 1.02]
  for (let i = 0; i <= 90; i++) {
    const u = -0.02 + (i / 90) * (aspect + 0.04)
    points.push(
      u,
      horizon -
        above -
        height * (0.15 + 0.6 * sample(table, ox + u * 30, oy)) -
        0.004 * sample(table, u * 300, oy),
    )
  }
  points.push(aspect + 0.02, 1.02)
  const near = mixed(palette.land, palette.landFar, haze)
  canvas.poly(stage(canvas), points, {
    color: near,
    to: mixed(near, palette.horizon, 0.35),
    along: [0, horizon - above - height * 0.5, 0, horizon + 0.05],
    grain: 0.1,
    weave: [120, 200],
  })
}

function ground(canvas: Canvas, scene: Scene): void {
  const { palette, horizon } = scene
  canvas.poly(
    stage(canvas),
    [-0.1, horizon, scene.aspect + 0.1, horizon, scene.aspect + 0.1, 1.1, -0.1, 1.1],
    {
      color: mixed(palette.land, palette.landFar, 0.4),
      to: scaled(palette.land, 0.75),
      along: [0, horizon, 0, 1],
      grain: 0.16,
      weave: [90, 260],
    },
  )
}

function water(canvas: Canvas, scene: Scene): void {
  const { palette, horizon, sun, chance, hour } = scene
  const { width, height, data } = canvas
  const table = noiseTable(4)
  const [ox, oy] = [chance.between('wave x', 0, 256), chance.between('wave y', 0, 256)]
  const [ar, ag, ab] = palette.water
  const [dr, dg, db] = palette.waterDeep
  const [sr, sg, sb] = mixed(palette.sun, palette.horizon, 0.4)
  const shine = hour === 'overcast' ? 0.12 : 0.5
  const rough = scene.intent.windy ? 0.26 : 0.15
  const from = Math.max(0, Math.floor(horizon * height))
  const step = 1 / height
  for (let y = from; y < height; y++) {
    const v = (y + 0.5) * step
    const down = v - horizon
    const near = Math.min(1, Math.max(0, down / (1 - horizon)))
    const scale = 1 / (down + 0.045)
    // In a picture of few rows the first one may lie well above the horizon.
    const depth = Math.sqrt(Math.max(0, down + 0.01))
    const [sx, vy] = [5 * scale, oy + 260 * (1 - 0.3 * near) * depth]
    const wide = 0.03 + down * 0.3
    const edge = Math.min(1, Math.max(0, down * height + 0.5))
    let out = y * width * 3
    for (let x = 0; x < width; x++, out += 3) {
      const u = (x + 0.5) * step
      const n = sample(table, ox + (u - scene.aspect / 2) * sx * 4, vy)
      const m = sample(table, oy + (u - scene.aspect / 2) * sx * 11, vy * 2.3)
      const wave = (n + 0.6 * m) * rough * (0.4 + near)
      const du = Math.abs(u - sun[0]) / wide
      const glint = du < 3 ? (shine * (0.5 + 1.4 * m)) / (1 + du * du * du * du) : 0
      const g0 = glint > 0 ? Math.min(0.9, glint) : 0
      const k = near * 0.85
      const foam = m > 0.6 && n > 0.1 && scene.intent.windy ? 0.25 * near : 0
      const r = (ar + (dr - ar) * k) * (1 + wave) + foam
      const g = (ag + (dg - ag) * k) * (1 + wave) + foam
      const b = (ab + (db - ab) * k) * (1 + wave) + foam
      data[out] = data[out]! + (r + (sr - r) * g0 - data[out]!) * edge
      data[out + 1] = data[out + 1]! + (g + (sg - g) * g0 - data[out + 1]!) * edge
      data[out + 2] = data[out + 2]! + (b + (sb - b) * g0 - data[out + 2]!) * edge
    }
  }
}

function pier(canvas: Canvas, scene: Scene): void {
  const { palette, horizon, aspect, detail, chance } = scene
  const place = stage(canvas)
  const end = chance.between('pier end', 0.4, 0.6) * aspect
  const far = horizon + 0.06
  const [left, right] = [-0.25, aspect + 0.25]
  canvas.poly(place, [end - 0.05, far, end + 0.05, far, right, 1.02, left, 1.02], {
    color: scaled(palette.wood, 1.1),
    to: scaled(palette.wood, 0.7),
    along: [0, far, 0, 1],
    grain: 0.2,
    weave: [24, 300],
  })
  for (let i = 0; i < 26; i++) {
    const t = (i / 26) * (i / 26)
    const y = far + t * (1.02 - far)
    canvas.line(
      place,
      [end - 0.05 + (left - end) * t, y, end + 0.05 + (right - end) * t, y],
      0.0015 + 0.006 * t,
      { color: palette.ink, alpha: 0.55 },
    )
    if (detail > 0.5 && i > 10)
      canvas.line(
        place,
        [end + (left - end) * t * 0.8, y + 0.012 * t, end + (right - end) * t * 0.7, y + 0.013 * t],
        0.0012,
        { color: mixed(palette.wood, [1, 1, 1], 0.5), alpha: 0.4 },
      )
  }
  for (const side of [-1, 1]) {
    const edge = side < 0 ? left : right
    const rail = (t: number): [number, number] => [
      end + side * 0.05 + (edge - end) * t,
      far + t * (1.02 - far),
    ]
    for (let i = 7; i > 0; i--) {
      const t = (i / 8) * (i / 8)
      const [x, y] = rail(t)
      const tall = 0.03 + 0.34 * t
      canvas.line(place, [x, y, x, y - tall], 0.006 + 0.026 * t, {
        color: scaled(palette.wood, 0.85),
        to: scaled(palette.wood, 0.4),
        grain: 0.25,
        weave: [200, 14],
      })
    }
    for (const up of [0.95, 0.55]) {
      const points = [0.015, 0.15, 0.4, 0.77].flatMap((t) => {
        const [x, y] = rail(t)
        return [x, y - (0.03 + 0.34 * t) * up]
      })
      canvas.line(place, points, 0.004, { color: scaled(palette.wood, 0.7) }, 5)
    }
  }
}

function shore(canvas: Canvas, scene: Scene): void {
  const { palette, aspect } = scene
  const sand: Rgb = scaled([0.68, 0.66, 0.56], 0.4 + palette.light * 0.6)
  canvas.blob(
    stage(canvas),
    [
      -0.3,
      0.9,
      aspect * 0.3,
      0.86,
      aspect * 0.7,
      0.88,
      aspect + 0.3,
      0.84,
      aspect + 0.3,
      1.3,
      -0.3,
      1.3,
    ],
    { color: sand, to: scaled(sand, 0.8), grain: 0.07, weave: [300, 600] },
  )
}

function trees(canvas: Canvas, scene: Scene): void {
  const { palette, chance, aspect, horizon, detail } = scene
  const place = stage(canvas)
  for (let i = 0; i < 34; i++) {
    const near = i / 34
    const x = chance.between(`tree x ${i}`, -0.05, aspect + 0.05)
    const base = horizon + 0.02 + near * near * 0.32
    const tall = (0.16 + 0.5 * near) * chance.between(`tree tall ${i}`, 0.8, 1.2)
    const green = scaled(
      mixed(palette.landFar, [0.12, 0.26, 0.17], 0.35 + 0.65 * near),
      0.4 + 0.6 * palette.light,
    )
    canvas.line(
      place,
      [x, base, x, base - tall * 0.5],
      0.012 + 0.02 * near,
      { color: scaled([0.3, 0.29, 0.27], 0.5 + palette.light * 0.4) },
      0.5,
    )
    for (let layer = 0; layer < 4; layer++) {
      const top = base - tall * (0.45 + layer * 0.17)
      const half = tall * (0.2 - layer * 0.04)
      canvas.poly(
        place,
        [
          x,
          top - tall * 0.14,
          x + half * 0.5,
          top + tall * 0.04,
          x + half,
          top + tall * 0.13,
          x,
          top + tall * 0.1,
          x - half,
          top + tall * 0.13,
          x - half * 0.5,
          top + tall * 0.04,
        ],
        {
          color: mixed(green, [0.7, 0.75, 0.5], 0.12),
          to: scaled(green, 0.6),
          grain: 0.25 + 0.2 * detail,
          weave: [140, 140],
        },
      )
    }
  }
}
