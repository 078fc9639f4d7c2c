import type { Canvas, Place } from './canvas.js'
import type { Tone } from './face.js'
import type { Chance } from './noise.js'
import { mixed, scaled } from './palette.js'

/** Draws a hand closed round something, within ±1 of (0, 0); `flip` turns a right hand into a left one.
 *  Below a detail of 0.8 it is a mitten with too many or too few smudged fingers. */
export function drawHand(
  canvas: Canvas,
  place: Place,
  tone: Tone,
  chance: Chance,
  detail: number,
): void {
  if (detail < 0.8) mitten(canvas, place, tone, chance, detail)
  else fingers(canvas, place, tone)
}

function mitten(canvas: Canvas, place: Place, tone: Tone, chance: Chance, detail: number): void {
  const crude = 1 - detail * 0.7
  const soft = 0.09 * crude
  const dent = (name: string) => chance.between(`hand ${name}`, -0.1, 0.1)
  canvas.blob(
    place,
    [
      -0.6,
      -0.8,
      0.5,
      -0.82,
      0.9,
      -0.35,
      0.95,
      0.35,
      0.72 + dent('a'),
      0.86,
      0.2,
      0.9 + dent('b'),
      -0.3,
      0.86 + dent('c'),
      -0.8,
      0.7,
      -1,
      0.2,
      -0.95,
      -0.3,
    ],
    {
      color: tone.skin,
      to: mixed(tone.skin, tone.shade, 0.8),
      along: [-0.4, -0.8, 0.5, 1],
      soft,
    },
  )
  const count = 3 + Math.floor(chance.at('finger count') * 3)
  for (let i = 1; i < count; i++) {
    const x = -0.85 + (1.7 * i) / count + dent(`line ${i}`) * 1.4
    canvas.line(
      place,
      [x - 0.05, -0.15 + dent(`top ${i}`) * 3, x, 0.3, x + dent(`end ${i}`) * 2, 0.8],
      0.12,
      { color: scaled(tone.shade, 0.72), alpha: 0.75, soft },
      0.6,
    )
  }
  canvas.ellipse(place, -0.2, -0.4, 0.5, 0.2, { color: tone.shade, alpha: 0.3, soft: soft * 2 })
}

function fingers(canvas: Canvas, place: Place, tone: Tone): void {
  const dark = scaled(tone.shade, 0.5)
  const light = mixed(tone.skin, [1, 0.94, 0.88], 0.28)
  // The back of the hand, then four fingers bent over what it holds, then the thumb.
  canvas.blob(
    place,
    [-0.6, -0.82, 0.5, -0.84, 0.88, -0.4, 0.92, 0.1, 0.8, 0.4, -0.8, 0.4, -0.95, 0.1, -0.9, -0.4],
    {
      color: tone.skin,
      to: mixed(tone.skin, tone.shade, 0.55),
      along: [-0.5, -0.8, 0.6, 0.5],
    },
  )
  for (let i = 0; i < 4; i++) {
    const x = -0.67 + i * 0.44
    const [top, low] = [-0.2 - [0.02, 0.1, 0.08, -0.02][i]!, 0.8 + [0, 0.12, 0.1, -0.06][i]!]
    canvas.line(place, [x - 0.1, -0.72, x, top], 0.1, { color: light, alpha: 0.35, soft: 0.05 })
    canvas.blob(
      place,
      [
        x - 0.2,
        top + 0.1,
        x - 0.12,
        top - 0.08,
        x + 0.12,
        top - 0.08,
        x + 0.2,
        top + 0.1,
        x + 0.215,
        low - 0.3,
        x + 0.14,
        low,
        x - 0.14,
        low,
        x - 0.215,
        low - 0.3,
      ],
      { color: dark },
    )
    canvas.blob(
      place,
      [
        x - 0.165,
        top + 0.1,
        x - 0.1,
        top - 0.05,
        x + 0.1,
        top - 0.05,
        x + 0.165,
        top + 0.1,
        x + 0.18,
        low - 0.3,
        x + 0.11,
        low - 0.04,
        x - 0.11,
        low - 0.04,
        x - 0.18,
        low - 0.3,
      ],
      {
        color: light,
        to: mixed(tone.skin, tone.shade, 0.8),
        along: [x - 0.12, 0, x + 0.2, 0.1],
      },
    )
    canvas.ellipse(place, x - 0.02, top + 0.06, 0.1, 0.06, { color: light, alpha: 0.8, soft: 0.04 })
    for (const y of [top + 0.2, top + 0.5])
      canvas.line(place, [x - 0.12, y, x, y + 0.03, x + 0.12, y], 0.03, {
        color: scaled(tone.shade, 0.75),
        alpha: 0.75,
      })
    canvas.blob(
      place,
      [
        x - 0.09,
        low - 0.26,
        x + 0.09,
        low - 0.26,
        x + 0.1,
        low - 0.12,
        x,
        low - 0.06,
        x - 0.1,
        low - 0.12,
      ],
      {
        color: mixed(tone.skin, [0.98, 0.84, 0.78], 0.6),
        to: mixed(tone.skin, [0.9, 0.66, 0.6], 0.5),
      },
    )
  }
  canvas.blob(
    place,
    [-0.95, -0.5, -0.7, -0.62, -0.6, -0.3, -0.72, 0.12, -0.86, 0.3, -1.02, 0.2, -1.04, -0.15],
    { color: dark },
  )
  canvas.blob(
    place,
    [-0.93, -0.46, -0.72, -0.57, -0.64, -0.3, -0.75, 0.08, -0.87, 0.26, -0.98, 0.17, -1, -0.13],
    { color: light, to: mixed(tone.skin, tone.shade, 0.6) },
  )
  canvas.ellipse(place, -0.89, 0.12, 0.065, 0.09, {
    color: mixed(tone.skin, [0.98, 0.84, 0.78], 0.6),
  })
}
