import type { HiresPass, RefinerSwitch, Sampling } from '@stagewright/core'

import { stemOf } from '../inventory/checkpoints.js'

/** What a picture's infotext tells. */
export interface InfotextFacts {
  readonly settings: Sampling
  readonly denoising_strength?: number | undefined
  readonly hires?: HiresPass | undefined
  readonly refiner?: RefinerSwitch | undefined
}

type Pair = readonly [key: string, value: string | number | undefined]

/** The infotext of a generated picture, as the WebUI writes and reads it: the prompts as returned, then `Key: value`
 *  pairs. Files are told by name alone, never by their folder. @source WebUI modules/infotext_utils.py */
export function infotext(facts: InfotextFacts): string {
  const { settings } = facts
  const lines = [
    settings.prompt,
    ...(settings.negative_prompt === '' ? [] : [`Negative prompt: ${settings.negative_prompt}`]),
    pairs([...samplingPairs(settings), ...passPairs(facts)]),
  ]
  return lines.join('\n')
}

/** The same text with more pairs at its end; pairs that it had under the same key are replaced. */
export function withPairs(text: string, more: readonly Pair[]): string {
  const lines = text.split('\n')
  const last = lines.at(-1) ?? ''
  const isPairs = /^\s*(Steps|Stages): /.test(last)
  const kept = isPairs ? without(last, new Set(more.map(([key]) => key))) : ''
  const line = [kept, pairs(more)].filter((one) => one !== '').join(', ')
  return [...(isPairs ? lines.slice(0, -1) : lines), line].join('\n')
}

function samplingPairs(settings: Sampling): Pair[] {
  const varied = settings.subseed_strength > 0
  const { model, vae, additional_modules: modules = [], clip_skip: skip } = settings
  return [
    ['Steps', settings.steps],
    ['Sampler', settings.sampler_name],
    ['Schedule type', settings.scheduler],
    ['CFG scale', settings.cfg_scale],
    ['Distilled CFG Scale', settings.distilled_cfg_scale],
    ['Seed', settings.seed],
    ['Size', `${settings.width}x${settings.height}`],
    ['Model', model === undefined ? undefined : stemOf(model)],
    ['VAE', vae === undefined || vae === 'Automatic' ? undefined : basename(vae)],
    ...modules.map((name, i): Pair => [`Module ${i + 1}`, stemOf(name)]),
    ['Clip skip', skip === undefined || skip === 1 ? undefined : skip],
    ['Variation seed', varied ? settings.subseed : undefined],
    ['Variation seed strength', varied ? settings.subseed_strength : undefined],
  ]
}

function passPairs({ denoising_strength, hires, refiner }: InfotextFacts): Pair[] {
  const sized = hires !== undefined && (hires.hr_resize_x > 0 || hires.hr_resize_y > 0)
  return [
    ['Denoising strength', hires?.denoising_strength ?? denoising_strength],
    ['Hires upscale', hires === undefined || sized ? undefined : hires.hr_scale],
    ['Hires resize', sized ? `${hires.hr_resize_x}x${hires.hr_resize_y}` : undefined],
    ['Hires steps', hires?.hr_second_pass_steps || undefined],
    ['Hires upscaler', hires?.hr_upscaler],
    ['Hires sampler', hires?.hr_sampler_name],
    ['Hires schedule type', hires?.hr_scheduler],
    ['Hires CFG Scale', hires?.hr_cfg],
    ['Hires prompt', hires?.hr_prompt],
    ['Hires negative prompt', hires?.hr_negative_prompt],
    [
      'Hires checkpoint',
      hires?.hr_checkpoint_name === undefined ? undefined : stemOf(hires.hr_checkpoint_name),
    ],
    ['Refiner', refiner === undefined ? undefined : stemOf(refiner.refiner_checkpoint)],
    ['Refiner switch at', refiner?.refiner_switch_at],
  ]
}

/** Values with a comma, a colon or a line break are written as JSON strings. */
function pairs(all: readonly Pair[]): string {
  return all
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key}: ${quoted(String(value))}`)
    .join(', ')
}

function quoted(value: string): string {
  return /[,:\n"]/.test(value) ? JSON.stringify(value) : value
}

function without(line: string, keys: ReadonlySet<string>): string {
  return [...line.matchAll(/\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/g)]
    .filter(([, key = '']) => !keys.has(key.trim()))
    .map(([, key = '', value = '']) => `${key.trim()}: ${value.trim()}`)
    .join(', ')
}

function basename(path: string): string {
  return path.replace(/^.*[\\/]/, '')
}
