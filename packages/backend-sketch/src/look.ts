import type { Rgb } from './canvas.js'
import { hashText, unit } from './noise.js'

/** How a picture is rendered: what the names of models, VAEs, modules, LoRAs and styles decide.
 *  The names are open; each is turned into numbers by its letters alone. */
export interface Look {
  /** Multiplies red, green and blue. */
  readonly tint: Rgb
  readonly saturation: number
  readonly contrast: number
  /** Strength of drawn outlines, 0–1. */
  readonly line: number
  /** Strength of woven textures, 0–1. */
  readonly texture: number
  /** Local contrast added to fine forms, 0–1. */
  readonly crisp: number
  /** How far forms are drawn out, 0–1. */
  readonly detail: number
  /** Bits for whatever else a name may move. */
  readonly bits: number
}

export interface LookNames {
  readonly model?: string | undefined
  readonly vae?: string | undefined
  readonly additional_modules?: readonly string[] | undefined
  readonly clip_skip?: number | undefined
  readonly styles?: readonly string[] | undefined
}

/** The look that a call's names give, LoRAs by their strength. */
export function lookOf(names: LookNames, loras: ReadonlyMap<string, number>): Look {
  let look = named(names.model ?? 'sketch')
  for (const [name, strength] of loras) look = leaning(look, named(`lora ${name}`), strength * 0.6)
  const side = [names.vae, ...(names.additional_modules ?? []), ...(names.styles ?? [])]
  for (const name of side)
    if (name !== undefined && name !== '') look = leaning(look, named(name), 0.35)
  const skip = names.clip_skip ?? 1
  return skip > 1 ? leaning(look, named(`clip skip ${skip}`), 0.25) : look
}

/** A look on the way from one to another, `share` 0–1 (a LoRA may go past either end). */
export function leaning(from: Look, to: Look, share: number): Look {
  const between = (a: number, b: number) => a + (b - a) * share
  return {
    tint: [
      between(from.tint[0], to.tint[0]),
      between(from.tint[1], to.tint[1]),
      between(from.tint[2], to.tint[2]),
    ],
    saturation: between(from.saturation, to.saturation),
    contrast: between(from.contrast, to.contrast),
    line: between(from.line, to.line),
    texture: between(from.texture, to.texture),
    crisp: between(from.crisp, to.crisp),
    detail: between(from.detail, to.detail),
    bits: Math.abs(share) >= 0.5 ? to.bits : from.bits,
  }
}

/** A refiner draws out: its look is crisper and finer than the same name's as a model. */
export function refinerLook(name: string): Look {
  const look = named(name)
  return {
    ...look,
    crisp: look.crisp + 0.9,
    detail: look.detail + 0.5,
    contrast: look.contrast + 0.05,
  }
}

function named(name: string): Look {
  const lower = name.toLowerCase()
  const drawn = /anime|toon|comic|manga|line/.test(lower)
  const chance = (salt: number) => unit(hashText(lower, salt))
  const spread = (salt: number, reach: number) => (chance(salt) * 2 - 1) * reach
  return {
    tint: [1 + spread(1, 0.045), 1 + spread(2, 0.025), 1 + spread(3, 0.055)],
    saturation: 1 + spread(4, 0.14),
    contrast: 1 + spread(5, 0.07),
    line: drawn ? 0.8 : chance(6) * 0.3,
    texture: 0.4 + chance(7) * 0.6,
    crisp: chance(8) * 0.2,
    detail: 0,
    bits: hashText(lower, 9),
  }
}
