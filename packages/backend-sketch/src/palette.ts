import type { Rgb } from './canvas.js'
import type { Chance } from './noise.js'
import type { Hour, Intent } from './prompt.js'

/** The colours of a scene. Only skin has skin's hue: detectors look for it. */
export interface Palette {
  readonly zenith: Rgb
  readonly horizon: Rgb
  readonly cloud: Rgb
  readonly cloudShade: Rgb
  readonly sun: Rgb
  readonly water: Rgb
  readonly waterDeep: Rgb
  readonly land: Rgb
  readonly landFar: Rgb
  readonly wood: Rgb
  readonly wall: Rgb
  readonly ink: Rgb
  readonly cloth: Rgb
  readonly clothShade: Rgb
  readonly under: Rgb
  readonly hair: Rgb
  readonly skin: Rgb
  readonly skinShade: Rgb
  /** Share of the full daylight, 0–1. */
  readonly light: number
}

export function paletteOf(intent: Intent, hour: Hour, chance: Chance): Palette {
  const sky = skies[hour]
  const jitter = (c: Rgb, name: string, reach = 0.035): Rgb => [
    c[0] + chance.between(`${name} r`, -reach, reach),
    c[1] + chance.between(`${name} g`, -reach, reach),
    c[2] + chance.between(`${name} b`, -reach, reach),
  ]
  const cloth = jitter(cloths[intent.cloth ?? ''] ?? anyCloth(chance), 'cloth', 0.02)
  const light = sky.light
  const skin = mixed(skins[Math.floor(chance.at('skin') * skins.length)]!, [0.94, 0.68, 0.53], 0.3)
  const dim = 0.62 + 0.38 * light
  return {
    zenith: jitter(sky.zenith, 'zenith'),
    horizon: jitter(sky.horizon, 'horizon'),
    cloud: sky.cloud,
    cloudShade: sky.shade,
    sun: sky.sun,
    water: jitter(mixed(sky.horizon, [0.28, 0.46, 0.52], 0.62), 'water', 0.03).map(
      (v) => v * dim,
    ) as unknown as Rgb,
    waterDeep: scaled([0.1, 0.2, 0.27], 0.5 + 0.6 * light),
    land: scaled(
      jitter(hour === 'dusk' ? [0.2, 0.2, 0.24] : [0.3, 0.38, 0.24], 'land', 0.05),
      0.4 + 0.6 * light,
    ),
    landFar: mixed(sky.horizon, [0.36, 0.44, 0.5], 0.45),
    wood: scaled([0.47, 0.45, 0.43], dim),
    wall: scaled(
      jitter(hour === 'lamplight' ? [0.84, 0.76, 0.5] : [0.6, 0.59, 0.55], 'wall', 0.03),
      0.35 + 0.6 * light,
    ),
    ink: [0.1, 0.11, 0.14],
    cloth: scaled(cloth, dim),
    clothShade: mixed(scaled(cloth, 0.45 * dim), sky.zenith, 0.16),
    under: scaled(anyCloth({ ...chance, at: (name) => chance.at(`under ${name}`) }), 0.55 * dim),
    hair: intent.old ? [0.72, 0.71, 0.7] : hairs[Math.floor(chance.at('hair') * hairs.length)]!,
    skin: scaled(skin, 0.84 + 0.16 * light),
    skinShade: [
      skin[0] * 0.66 * dim + 0.05,
      skin[1] * 0.57 * dim + 0.03,
      skin[2] * 0.54 * dim + 0.02,
    ],
    light,
  }
}

export function mixed(a: Rgb, b: Rgb, share: number): Rgb {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share]
}

export function scaled(c: Rgb, by: number): Rgb {
  return [c[0] * by, c[1] * by, c[2] * by]
}

interface Sky {
  readonly zenith: Rgb
  readonly horizon: Rgb
  readonly cloud: Rgb
  readonly shade: Rgb
  readonly sun: Rgb
  readonly light: number
}

const skies: Readonly<Record<Hour, Sky>> = {
  day: {
    zenith: [0.22, 0.48, 0.78],
    horizon: [0.78, 0.88, 0.94],
    cloud: [0.98, 0.98, 0.98],
    shade: [0.7, 0.77, 0.85],
    sun: [1, 0.97, 0.86],
    light: 1,
  },
  overcast: {
    zenith: [0.44, 0.51, 0.58],
    horizon: [0.79, 0.82, 0.83],
    cloud: [0.86, 0.88, 0.89],
    shade: [0.46, 0.51, 0.57],
    sun: [0.95, 0.96, 0.95],
    light: 0.82,
  },
  // From blue straight to gold: by way of red, the sky would pass for skin.
  dusk: {
    zenith: [0.18, 0.25, 0.44],
    horizon: [0.99, 0.81, 0.4],
    cloud: [0.95, 0.78, 0.62],
    shade: [0.36, 0.33, 0.5],
    sun: [1, 0.9, 0.52],
    light: 0.6,
  },
  night: {
    zenith: [0.03, 0.05, 0.14],
    horizon: [0.17, 0.24, 0.38],
    cloud: [0.26, 0.31, 0.43],
    shade: [0.08, 0.1, 0.19],
    sun: [0.94, 0.95, 0.9],
    light: 0.3,
  },
  morning: {
    zenith: [0.4, 0.6, 0.82],
    horizon: [0.98, 0.9, 0.74],
    cloud: [1, 0.95, 0.9],
    shade: [0.7, 0.7, 0.82],
    sun: [1, 0.95, 0.76],
    light: 0.92,
  },
  lamplight: {
    zenith: [0.08, 0.09, 0.17],
    horizon: [0.2, 0.24, 0.36],
    cloud: [0.22, 0.24, 0.34],
    shade: [0.1, 0.1, 0.17],
    sun: [1, 0.85, 0.5],
    light: 0.62,
  },
}

const cloths: Readonly<Record<string, Rgb>> = {
  yellow: [0.95, 0.77, 0.13],
  red: [0.72, 0.12, 0.17],
  blue: [0.16, 0.27, 0.48],
  green: [0.2, 0.42, 0.3],
  white: [0.9, 0.91, 0.92],
  black: [0.17, 0.18, 0.21],
  purple: [0.4, 0.24, 0.5],
  pink: [0.88, 0.52, 0.66],
  grey: [0.5, 0.53, 0.56],
  orange: [0.96, 0.6, 0.06],
  teal: [0.12, 0.46, 0.48],
}

const skins: readonly Rgb[] = [
  [0.95, 0.72, 0.58],
  [0.93, 0.68, 0.53],
  [0.86, 0.6, 0.45],
  [0.74, 0.5, 0.37],
]
const hairs: readonly Rgb[] = [
  [0.16, 0.13, 0.12],
  [0.27, 0.23, 0.16],
  [0.52, 0.47, 0.24],
  [0.1, 0.1, 0.12],
]

function anyCloth(chance: Chance): Rgb {
  const all = Object.values(cloths)
  return all[Math.floor(chance.at('any cloth') * all.length)]!
}
