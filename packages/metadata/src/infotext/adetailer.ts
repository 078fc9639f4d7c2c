import { nameWithoutPath } from '../block/without-paths.js'
import type { AdetailerFacts } from './facts.js'
import type { Pair } from './pairs.js'

/** How the extension calls each field in infotexts. @source ADetailer, adetailer/args.py: `ALL_ARGS` */
export const adetailerLabels: Readonly<Record<keyof AdetailerFacts | SwitchKey, string>> = {
  ad_model: 'model',
  ad_model_classes: 'model classes',
  ad_prompt: 'prompt',
  ad_negative_prompt: 'negative prompt',
  ad_confidence: 'confidence',
  ad_mask_filter_method: 'method to decide top k masks',
  ad_mask_k: 'mask only top k',
  ad_mask_min_ratio: 'mask min ratio',
  ad_mask_max_ratio: 'mask max ratio',
  ad_x_offset: 'x offset',
  ad_y_offset: 'y offset',
  ad_dilate_erode: 'dilate erode',
  ad_mask_merge_invert: 'mask merge invert',
  ad_mask_blur: 'mask blur',
  ad_denoising_strength: 'denoising strength',
  ad_inpaint_only_masked: 'inpaint only masked',
  ad_inpaint_only_masked_padding: 'inpaint padding',
  ad_use_inpaint_width_height: 'use inpaint width height',
  ad_inpaint_width: 'inpaint width',
  ad_inpaint_height: 'inpaint height',
  ad_use_steps: 'use separate steps',
  ad_steps: 'steps',
  ad_use_cfg_scale: 'use separate CFG scale',
  ad_cfg_scale: 'CFG scale',
  ad_use_checkpoint: 'use separate checkpoint',
  ad_checkpoint: 'checkpoint',
  ad_use_vae: 'use separate VAE',
  ad_vae: 'VAE',
  ad_use_sampler: 'use separate sampler',
  ad_sampler: 'sampler',
  ad_scheduler: 'scheduler',
  ad_use_noise_multiplier: 'use separate noise multiplier',
  ad_noise_multiplier: 'noise multiplier',
  ad_use_clip_skip: 'use separate CLIP skip',
  ad_clip_skip: 'CLIP skip',
  ad_restore_face: 'restore face',
  ad_controlnet_model: 'ControlNet model',
  ad_controlnet_module: 'ControlNet module',
  ad_controlnet_weight: 'ControlNet weight',
  ad_controlnet_guidance_start: 'ControlNet guidance start',
  ad_controlnet_guidance_end: 'ControlNet guidance end',
}

type SwitchKey =
  | 'ad_use_inpaint_width_height'
  | 'ad_use_steps'
  | 'ad_use_cfg_scale'
  | 'ad_use_checkpoint'
  | 'ad_use_vae'
  | 'ad_use_sampler'
  | 'ad_use_noise_multiplier'
  | 'ad_use_clip_skip'

/** Each switch, and the field that is in force when it is on. */
const switches: Readonly<Record<SwitchKey, keyof AdetailerFacts>> = {
  ad_use_inpaint_width_height: 'ad_inpaint_width',
  ad_use_steps: 'ad_steps',
  ad_use_cfg_scale: 'ad_cfg_scale',
  ad_use_checkpoint: 'ad_checkpoint',
  ad_use_vae: 'ad_vae',
  ad_use_sampler: 'ad_sampler',
  ad_use_noise_multiplier: 'ad_noise_multiplier',
  ad_use_clip_skip: 'ad_clip_skip',
}

/** What the extension writes whatever the value; the rest only where it differs from this. */
const always = new Set([
  'ad_confidence',
  'ad_dilate_erode',
  'ad_mask_blur',
  'ad_denoising_strength',
])
const unwritten: Readonly<Record<string, unknown>> = {
  ad_model_classes: '',
  ad_prompt: '',
  ad_negative_prompt: '',
  ad_mask_k: 0,
  ad_mask_min_ratio: 0,
  ad_mask_max_ratio: 1,
  ad_x_offset: 0,
  ad_y_offset: 0,
  ad_mask_merge_invert: 'None',
  ad_inpaint_only_masked: false,
  ad_restore_face: false,
  ad_controlnet_weight: 1,
  ad_controlnet_guidance_start: 0,
  ad_controlnet_guidance_end: 1,
}

/** The pairs of one unit as the extension writes them: its defaults left out, keys of the second and later units with
 *  " 2nd", " 3rd" and so on behind them. `index` counts from 0. */
export function adetailerPairs(unit: AdetailerFacts, index = 0): Pair[] {
  const suffix = index === 0 ? '' : ` ${ordinal(index + 1)}`
  const keys = Object.keys(adetailerLabels) as (keyof typeof adetailerLabels)[]
  return keys.map((key): Pair => {
    const value = key in switches ? switchOf(unit, key as SwitchKey) : valueOf(unit, key)
    return [`ADetailer ${adetailerLabels[key]}${suffix}`, value]
  })
}

/** How many units an infotext's pairs tell of. */
export function adetailerUnits(keys: Iterable<string>): number {
  let most = 0
  for (const key of keys) {
    const match = /^ADetailer model(?: (\d{1,3})(?:st|nd|rd|th))?$/.exec(key)
    if (match !== null) most = Math.max(most, Number(match[1] ?? 1))
  }
  return most
}

function switchOf(unit: AdetailerFacts, key: SwitchKey): string | undefined {
  return unit[switches[key]] === undefined ? undefined : 'True'
}

function valueOf(unit: AdetailerFacts, key: string): string | number | undefined {
  const facts: Readonly<Record<string, unknown>> = { ...unit }
  const value = facts[key]
  if (key === 'ad_mask_filter_method' && (unit.ad_mask_k ?? 0) === 0) return undefined
  if (key === 'ad_inpaint_only_masked_padding' && unit.ad_inpaint_only_masked === false)
    return undefined
  if (!always.has(key) && value === unwritten[key]) return undefined
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return key.endsWith('prompt') ? value : nameWithoutPath(value)
  return typeof value === 'number' ? value : undefined
}

function ordinal(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${ending}`
}
