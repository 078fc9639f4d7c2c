import type { Told } from './recovery.js'

/** How a picture came about, as far as its text lets one see. */
export interface Way {
  /** The generating stages, in order. */
  readonly generating: readonly ('txt2img' | 'img2img')[]
  /** Whether a high-res pass is told. */
  readonly hires: boolean
  /** Whether the settings are those of a high-res pass that was a call of its own. */
  readonly ownPass: boolean
  /** Whether the stages are told, or guessed from the settings. */
  readonly told: boolean
  /** Labels of ADetailer's calls, in order. */
  readonly units: readonly string[]
}

/** Reads the pair `Stages`, which our own texts have; else goes by the keys: a denoising strength without a high-res
 *  pass is img2img's. */
export function wayOf(told: Told): Way {
  const stages = (told.take('Stages') ?? '').split(' > ').map((one) => one.trim())
  const names = stages.map((one) => one.replace(/ \(.*\)$/, ''))
  const units = stages.flatMap((one) => /^adetailer \((.*)\)$/.exec(one)?.[1] ?? [])
  const generating = names.filter((name) => name === 'txt2img' || name === 'img2img')
  const strength = told.peek('Denoising strength') !== undefined
  const hires = hiresKeys.some((key) => told.peek(key) !== undefined)
  if (generating.length === 0) {
    const tiled = told.peek('SD upscale upscaler') !== undefined
    const redrawn =
      (strength && !hires && !tiled) ||
      told.peek('Mask blur', 'Init image size') !== undefined ||
      /\b(img2img|inpaint)\b/.test(told.peek('Operations') ?? '')
    return {
      generating: [redrawn ? 'img2img' : 'txt2img'],
      hires,
      ownPass: false,
      told: false,
      units,
    }
  }
  const drawn = !generating.includes('img2img') || told.peek('Refiner') === undefined
  const ownPass = names.includes('refiner') && strength && !hires && drawn
  return { generating: [...new Set(generating)], hires, ownPass, told: true, units }
}

const hiresKeys = [
  'Hires upscale',
  'Hires resize',
  'Hires upscaler',
  'Hires scale',
  'Hires fixed',
  'Hires steps',
]
