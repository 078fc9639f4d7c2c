/** Mixes two integers into 32 well-spread bits. Integer arithmetic only, so every machine agrees. */
export function hash2(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b ^ 0x7f4a7c15, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return (h ^ (h >>> 15)) >>> 0
}

/** A string's 32 bits (FNV-1a, then mixed). */
export function hashText(text: string, salt = 0): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return hash2(h, salt)
}

/** Bits as a fraction, 0 ≤ f < 1. */
export function unit(bits: number): number {
  return bits / 4294967296
}

/** A fraction for each name, blended between two seeds: that is how a subseed moves a composition. */
export interface Chance {
  /** 0…1, the same for the same name. */
  at(name: string): number
  between(name: string, low: number, high: number): number
  /** Bits for what cannot be blended (which of several, a noise table); they turn over halfway. */
  bits(name: string): number
}

/** The chances of a seed, leaning towards `subseed` by `strength` (0–1). */
export function chances(seed: number, subseed: number, strength: number): Chance {
  const at = (name: string) => {
    const own = unit(hash2(hashText(name), seed))
    return strength > 0 ? own + (unit(hash2(hashText(name), subseed)) - own) * strength : own
  }
  return {
    at,
    between: (name, low, high) => low + (high - low) * at(name),
    bits: (name) => hash2(hashText(name), strength > 0.5 ? subseed : seed),
  }
}

/** Sine of a turn (1 = a full circle), by polynomial: engines differ in the last bits of Math.sin. */
export function sinTurn(turn: number): number {
  const t = turn - Math.floor(turn)
  const half = t < 0.5
  const x = half ? t * 2 : t * 2 - 1
  const p = x * (1 - x)
  const y = (16 * p) / (5 - 4 * p) // Bhaskara's approximation
  return half ? y : -y
}

export function cosTurn(turn: number): number {
  return sinTurn(turn + 0.25)
}

const side = 256
const tables = new Map<number, Float32Array>()

/** A tileable 256×256 table of smooth noise in −1…1, made once per number. */
export function noiseTable(number: number): Float32Array {
  const known = tables.get(number & 7)
  if (known !== undefined) return known
  const table = new Float32Array(side * side)
  for (let octave = 0, cells = 32, size = 0.62; octave < 3; octave++, cells *= 2, size *= 0.5)
    addOctave(table, number & 7, cells, size)
  tables.set(number & 7, table)
  return table
}

/** Reads a table at (x, y) in table cells, wrapping; bilinear. */
export function sample(table: Float32Array, x: number, y: number): number {
  const fx = Math.floor(x)
  const fy = Math.floor(y)
  const tx = x - fx
  const ty = y - fy
  const x0 = fx & 255
  const x1 = (fx + 1) & 255
  const y0 = (fy & 255) << 8
  const y1 = ((fy + 1) & 255) << 8
  const top = table[y0 + x0]! + (table[y0 + x1]! - table[y0 + x0]!) * tx
  const low = table[y1 + x0]! + (table[y1 + x1]! - table[y1 + x0]!) * tx
  return top + (low - top) * ty
}

function addOctave(table: Float32Array, number: number, cells: number, size: number): void {
  const step = side / cells
  const at = (x: number, y: number) =>
    unit(hash2(((y % cells) << 9) | (x % cells), number * 977 + cells)) * 2 - 1
  for (let cy = 0; cy < cells; cy++)
    for (let cx = 0; cx < cells; cx++) {
      const a = at(cx, cy)
      const b = at(cx + 1, cy)
      const c = at(cx, cy + 1)
      const d = at(cx + 1, cy + 1)
      for (let y = 0; y < step; y++) {
        const ty = ease(y / step)
        for (let x = 0; x < step; x++) {
          const tx = ease(x / step)
          const top = a + (b - a) * tx
          const low = c + (d - c) * tx
          const index = (cy * step + y) * side + cx * step + x
          table[index] = table[index]! + (top + (low - top) * ty) * size
        }
      }
    }
}

function ease(t: number): number {
  return t * t * (3 - 2 * t)
}
