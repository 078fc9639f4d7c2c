import type { Look } from './look.js'
import { type Chance, chances, hash2 } from './noise.js'
import { type Palette, paletteOf } from './palette.js'
import { type Hour, type Intent, readPrompt, type Setting } from './prompt.js'

/** Everything that decides what stands where. All coordinates are in picture heights, so that a scene is the same
 *  composition at any size. */
export interface Scene {
  readonly intent: Intent
  readonly setting: Setting
  readonly hour: Hour
  readonly palette: Palette
  readonly chance: Chance
  readonly look: Look
  /** How far forms are drawn out: below 0.5 smudged, from 0.8 with every feature. */
  readonly detail: number
  /** Width over height. */
  readonly aspect: number
  readonly horizon: number
  readonly sun: readonly [number, number]
  readonly figure: { readonly x: number; readonly y: number; readonly size: number } | undefined
}

export interface SceneSeeds {
  readonly prompt: string
  readonly negative_prompt: string
  readonly seed: number
  readonly subseed: number
  readonly subseed_strength: number
}

/** Decides the scene of a prompt and a seed. */
export function planScene(seeds: SceneSeeds, look: Look, aspect: number, detail: number): Scene {
  const intent = readPrompt(seeds.prompt, seeds.negative_prompt)
  const chance = chances(
    hash2(seeds.seed, intent.mix),
    hash2(seeds.subseed, intent.mix),
    seeds.subseed_strength,
  )
  const setting =
    intent.setting ??
    (intent.hour === 'lamplight'
      ? 'room'
      : places[Math.floor(chance.at('setting') * places.length)]!)
  const still = setting === 'room' || setting === 'studio'
  const hour =
    intent.hour ?? (still ? 'morning' : hours[Math.floor(chance.at('hour') * hours.length)]!)
  const horizon = still
    ? chance.between('horizon', 0.6, 0.68)
    : chance.between('horizon', 0.5, 0.62)
  const size = intent.figure ?? (still && intent.props.size > 0 ? 'none' : 'middle')
  return {
    intent,
    setting,
    hour,
    palette: paletteOf(intent, hour, chance),
    chance,
    look,
    detail,
    aspect,
    horizon,
    sun: [
      chance.between('sun x', 0.12, 0.88) * aspect,
      chance.between('sun y', 0.1, horizon - 0.12),
    ],
    figure: figureOf(size, aspect, chance),
  }
}

function figureOf(
  size: 'large' | 'small' | 'none' | 'middle',
  aspect: number,
  chance: Chance,
): Scene['figure'] {
  if (size === 'none') return undefined
  if (size === 'large') {
    const unit = Math.min(0.122, aspect * 0.18) * chance.between('figure size', 0.95, 1.05)
    return {
      x: aspect * chance.between('figure x', 0.44, 0.56),
      y: chance.between('figure y', 0.28, 0.33),
      size: unit,
    }
  }
  const unit = size === 'small' ? Math.min(0.031, aspect * 0.06) : Math.min(0.062, aspect * 0.1)
  return { x: aspect * chance.between('figure x', 0.28, 0.72), y: 0.97 - unit * 14, size: unit }
}

const places: readonly Setting[] = ['sea', 'pier', 'hills', 'forest', 'town']
const hours: readonly Hour[] = ['day', 'overcast', 'dusk', 'morning', 'day', 'night']
