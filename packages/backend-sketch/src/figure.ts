import type { Canvas, Place, Rgb } from './canvas.js'
import { drawFace, drawHeadOval, type Tone } from './face.js'
import { drawHand } from './hand.js'
import { behindHead, overHead } from './headwear.js'
import { mixed, type Palette, scaled } from './palette.js'
import type { Scene } from './scene.js'

/** Draws the figure. Its unit is half the head's height, its origin the head's centre; feet stand at 14. */
export function drawFigure(canvas: Canvas, place: Place, scene: Scene): void {
  const { palette, intent, detail } = scene
  const hat = intent.hat ?? (intent.woman || scene.chance.at('hat') < 0.6 ? 'none' : 'beanie')
  const tone: Tone = { skin: palette.skin, shade: palette.skinShade, hair: palette.hair }
  const soft = detail < 0.5 ? 0.04 : 0
  const head: Place = { ...place, lean: scene.chance.between('tilt', -0.07, 0.07) }
  legs(canvas, place, palette)
  behindHead(canvas, head, palette, hat, intent.woman)
  coat(canvas, place, scene)
  drawHeadOval(canvas, head, tone, soft)
  drawFace(canvas, head, tone, scene.chance, detail, intent.old)
  overHead(canvas, head, scene, hat)
  armsAndHands(canvas, place, scene, tone)
}

function legs(canvas: Canvas, place: Place, palette: Palette): void {
  const dark = scaled(palette.under, 0.5)
  for (const side of [-1, 1]) {
    canvas.line(
      place,
      [side * 0.8, 8, side * 0.85, 10.5, side * 0.8, 13.2],
      1.35,
      { color: scaled(palette.under, 0.8), to: dark },
      0.8,
    )
    canvas.blob(place, [side * 0.3, 13, side * 1.2, 13, side * 1.6, 13.8, side * 0.3, 13.9], {
      color: palette.ink,
    })
  }
}

function coat(canvas: Canvas, place: Place, scene: Scene): void {
  const { palette, detail, look, chance } = scene
  const body = [
    -0.6, 1.25, 0.6, 1.25, 1.5, 1.72, 2.2, 2.3, 2.5, 4, 2.4, 6.5, 2.6, 8.6, 0, 8.9, -2.6, 8.6, -2.4,
    6.5, -2.5, 4, -2.2, 2.3, -1.5, 1.72,
  ]
  if (look.line > 0.15)
    canvas.blob({ ...place, size: place.size * 1.012 }, body, {
      color: palette.ink,
      alpha: look.line,
    })
  canvas.blob(place, body, {
    color: palette.cloth,
    to: palette.clothShade,
    along: [-1.6, 2, 2.6, 4],
    grain: 0.04 + 0.08 * look.texture * detail,
    weave: [26, 26],
  })
  const fold = scaled(palette.clothShade, 0.8)
  for (let i = 0; i < 7; i++) {
    const x = chance.between(`fold x ${i}`, -1.9, 1.9)
    const y = chance.between(`fold y ${i}`, 2.6, 6)
    const long = chance.between(`fold length ${i}`, 0.7, 1.9)
    canvas.line(
      place,
      [x, y, x * 0.96 + 0.1, y + long * 0.5, x * 0.9, y + long],
      0.2,
      { color: fold, alpha: 0.4, soft: 0.07 * (1.4 - detail) },
      0.2,
    )
    if (detail > 0.5)
      canvas.line(
        place,
        [x - 0.13, y + 0.1, x * 0.96 - 0.05, y + long * 0.5, x * 0.9 - 0.1, y + long * 0.9],
        0.06,
        { color: mixed(palette.cloth, [1, 1, 1], 0.4), alpha: 0.4 },
        0.2,
      )
  }
  canvas.blob(place, [-0.55, 0.5, 0.55, 0.5, 0.62, 1.4, -0.62, 1.4], {
    color: mixed(scaled(palette.skinShade, 0.5), palette.ink, 0.6),
  })
  // Under the chin: a scarf keeps the throat from joining the face.
  canvas.blob(place, [-0.72, 0.95, 0, 1.12, 0.72, 0.95, 0.9, 1.5, 0.35, 2, -0.35, 2, -0.9, 1.5], {
    color: palette.under,
    to: scaled(palette.under, 0.5),
    grain: 0.2,
    weave: [20, 50],
  })
  canvas.blob(place, [-0.6, 0.98, 0, 1.2, 0.6, 0.98, 0.5, 1.3, 0, 1.42, -0.5, 1.3], {
    color: palette.ink,
    alpha: 0.5,
    soft: 0.06,
  })
  canvas.blob(place, [-0.85, 1.2, -0.2, 2, -0.35, 2.7, -1.25, 1.9], {
    color: palette.cloth,
    to: mixed(palette.cloth, palette.clothShade, 0.4),
  })
  canvas.blob(place, [0.85, 1.2, 0.2, 2, 0.35, 2.7, 1.25, 1.9], {
    color: mixed(palette.cloth, palette.clothShade, 0.5),
    to: palette.clothShade,
  })
  canvas.line(place, [0, 2, 0.06, 5, 0, 8.7], 0.08, { color: fold, alpha: 0.8 })
  for (let y = 2.5; y < 8; y += 1.05) {
    canvas.ellipse(place, 0.24, y, 0.11, 0.11, { color: palette.ink, alpha: 0.85 })
    if (detail > 0.5)
      canvas.ellipse(place, 0.21, y - 0.03, 0.045, 0.045, { color: [0.85, 0.86, 0.86], alpha: 0.9 })
  }
  if (detail > 0.5)
    for (const x of [-0.12, 0.52])
      for (let y = 2.1; y < 8.6; y += 0.24)
        canvas.line(place, [x, y, x, y + 0.12], 0.03, { color: fold, alpha: 0.8 })
}

function armsAndHands(canvas: Canvas, place: Place, scene: Scene, tone: Tone): void {
  const { palette, detail, chance } = scene
  const reach = chance.between('hands apart', 0.78, 1.05)
  const level = chance.between('hands level', 4.25, 4.6)
  for (const side of [-1, 1] as const) {
    const at: Place = {
      ...place,
      flip: (side * (place.flip ?? 1)) as 1 | -1,
      lean: (place.lean ?? 0) * side,
    }
    const cuff = reach + 0.3
    const from = side < 0 ? palette.cloth : mixed(palette.cloth, palette.clothShade, 0.5)
    const sleeve = [
      1.2,
      1.66,
      2.1,
      2.1,
      2.72,
      3.2,
      2.98,
      4.5,
      2.66,
      5.35,
      1.9,
      5.35,
      cuff,
      level + 0.5,
      cuff - 0.05,
      level - 0.42,
      1.75,
      4.1,
      1.86,
      3.5,
      1.62,
      2.6,
    ]
    canvas.blob(at, sleeve, { color: scaled(palette.clothShade, 0.5), alpha: 0.7, soft: 0.1 })
    canvas.blob(at, sleeve, {
      color: mixed(from, [1, 1, 1], 0.07),
      to: mixed(from, palette.clothShade, 0.85),
      along: side < 0 ? [2.6, 2, 1.4, 5] : [1.4, 2, 2.8, 5],
      grain: 0.05,
    })
    for (const t of [0, 0.35, 0.75])
      canvas.line(
        at,
        [2.85 - t, 4.35 + t * 0.4, 2.35 - t, 4.62 + t * 0.25, 1.95 - t * 0.6, 4.3 + t * 0.2],
        0.12,
        { color: scaled(palette.clothShade, 0.7), alpha: 0.55, soft: 0.04 },
        0.2,
      )
    canvas.line(
      at,
      [1.75, 2.7, 1.9, 3.4, 1.8, 4],
      0.12,
      { color: scaled(palette.clothShade, 0.55), alpha: 0.6, soft: 0.05 },
      0.3,
    )
    canvas.blob(
      at,
      [
        cuff - 0.12,
        level - 0.5,
        cuff + 0.2,
        level - 0.55,
        cuff + 0.28,
        level,
        cuff + 0.22,
        level + 0.56,
        cuff - 0.08,
        level + 0.54,
        cuff - 0.02,
        level,
      ],
      { color: mixed(from, palette.clothShade, 0.25), to: mixed(from, palette.clothShade, 0.9) },
    )
  }
  held(canvas, { ...place, y: place.y + level * place.size }, scene, reach)
  for (const side of [-1, 1] as const) {
    const hand: Place = {
      x: place.x + side * reach * place.size * (place.flip ?? 1),
      y: place.y + level * place.size,
      size: place.size * 0.52,
      flip: side,
    }
    drawHand(
      canvas,
      hand,
      tone,
      {
        ...chance,
        at: (name) => chance.at(`${name} ${side}`),
        between: (name, low, high) => chance.between(`${name} ${side}`, low, high),
      },
      detail,
    )
  }
}

/** What the hands hold, with their middle at (0, 0). */
function held(canvas: Canvas, place: Place, scene: Scene, reach: number): void {
  const { intent, palette, detail } = scene
  const wood: Rgb = scaled([0.52, 0.5, 0.42], 0.5 + palette.light * 0.5)
  if (intent.props.has('book')) {
    canvas.poly(place, [-1.75, -0.75, 0, -0.5, 1.75, -0.75, 1.75, 0.85, 0, 1.15, -1.75, 0.85], {
      color: [0.25, 0.3, 0.36],
      to: [0.14, 0.16, 0.2],
    })
    canvas.poly(place, [-1.65, -0.85, 0, -0.58, 0, 1, -1.65, 0.72], {
      color: [0.95, 0.93, 0.86],
      to: [0.74, 0.73, 0.68],
    })
    canvas.poly(place, [1.65, -0.85, 0, -0.58, 0, 1, 1.65, 0.72], {
      color: [0.82, 0.81, 0.75],
      to: [0.92, 0.9, 0.83],
    })
    for (let i = 0; i < (detail > 0.5 ? 9 : 4); i++)
      for (const side of [-1, 1]) {
        const y = -0.5 + (i * 1.2) / (detail > 0.5 ? 9 : 4)
        canvas.line(
          place,
          [side * 0.2, y + 0.02, side * 0.9, y - 0.1],
          detail > 0.5 ? 0.035 : 0.07,
          { color: [0.4, 0.4, 0.4], alpha: 0.7 },
        )
      }
  } else if (intent.props.has('cup')) {
    canvas.blob(place, [-0.5, -0.6, 0.5, -0.6, 0.48, 0.6, -0.48, 0.6], {
      color: [0.85, 0.87, 0.9],
      to: [0.4, 0.46, 0.54],
    })
  } else {
    // A rope, taut between the fists and hanging from them.
    const rope = [
      -reach - 2.2,
      0.9,
      -reach,
      0.18,
      0,
      0.3,
      reach,
      0.18,
      reach + 1.6,
      2.2,
      reach + 1.2,
      4.4,
    ]
    canvas.line(place, rope, 0.27, { color: scaled(wood, 0.45) })
    canvas.line(place, rope, 0.2, {
      color: mixed(wood, [0.86, 0.8, 0.58], 0.6),
      to: wood,
      grain: 0.25,
      weave: [30, 30],
    })
    if (detail > 0.5) {
      for (let x = -reach - 2; x < reach; x += 0.16) {
        const y = x < -reach ? 0.18 + (-reach - x) * 0.33 : 0.2
        canvas.line(place, [x - 0.06, y + 0.09, x + 0.06, y - 0.09], 0.035, {
          color: scaled(wood, 0.45),
          alpha: 0.8,
        })
      }
    }
  }
}
