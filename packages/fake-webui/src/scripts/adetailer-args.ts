import type { World } from '../world.js'

/** One unit of ADetailer, with what the request does not give filled in. Source: the reference, ADetailer args. */
export interface Unit {
  readonly ad_model: string
  readonly ad_model_classes: string
  readonly ad_tab_enable: boolean
  readonly ad_prompt: string
  readonly ad_negative_prompt: string
  readonly ad_confidence: number
  readonly ad_mask_filter_method: 'Area' | 'Confidence'
  readonly ad_mask_k: number
  readonly ad_mask_min_ratio: number
  readonly ad_mask_max_ratio: number
  readonly ad_dilate_erode: number
  readonly ad_x_offset: number
  readonly ad_y_offset: number
  readonly ad_mask_merge_invert: 'None' | 'Merge' | 'Merge and Invert'
  readonly ad_mask_blur: number
  readonly ad_denoising_strength: number
  readonly ad_inpaint_only_masked: boolean
  readonly ad_inpaint_only_masked_padding: number
  readonly ad_use_inpaint_width_height: boolean
  readonly ad_inpaint_width: number
  readonly ad_inpaint_height: number
  readonly ad_use_steps: boolean
  readonly ad_steps: number
  readonly ad_use_cfg_scale: boolean
  readonly ad_cfg_scale: number
  readonly ad_use_checkpoint: boolean
  readonly ad_checkpoint: string | null
  readonly ad_use_vae: boolean
  readonly ad_vae: string | null
  readonly ad_use_sampler: boolean
  readonly ad_sampler: string
  readonly ad_scheduler: string
  readonly ad_use_noise_multiplier: boolean
  readonly ad_noise_multiplier: number
  readonly ad_use_clip_skip: boolean
  readonly ad_clip_skip: number
  readonly ad_restore_face: boolean
  readonly ad_controlnet_model: string
  readonly ad_controlnet_module: string
  readonly ad_controlnet_weight: number
  readonly ad_controlnet_guidance_start: number
  readonly ad_controlnet_guidance_end: number
  readonly is_api: boolean
}

interface Arg {
  readonly type: 'string' | 'boolean' | 'integer' | 'number'
  readonly default: unknown
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly enum?: readonly string[]
  readonly nullable?: true
}

const text = (value: string): Arg => ({ type: 'string', default: value })
const flag = (value = false): Arg => ({ type: 'boolean', default: value })
const whole = (value: number, more: Partial<Arg> = {}): Arg => ({
  type: 'integer',
  default: value,
  ...more,
})
const share = (value: number): Arg => ({ type: 'number', default: value, minimum: 0, maximum: 1 })
const positive = { exclusiveMinimum: 0 }
const notNegative = { minimum: 0 }
const optional: Arg = { type: 'string', default: null, nullable: true }

export const unitArgs: Readonly<Record<keyof Unit, Arg>> = {
  ad_model: text('None'),
  ad_model_classes: text(''),
  ad_tab_enable: flag(true),
  ad_prompt: text(''),
  ad_negative_prompt: text(''),
  ad_confidence: share(0.3),
  ad_mask_filter_method: { type: 'string', default: 'Area', enum: ['Area', 'Confidence'] },
  ad_mask_k: whole(0, notNegative),
  ad_mask_min_ratio: share(0),
  ad_mask_max_ratio: share(1),
  ad_dilate_erode: whole(4),
  ad_x_offset: whole(0),
  ad_y_offset: whole(0),
  ad_mask_merge_invert: {
    type: 'string',
    default: 'None',
    enum: ['None', 'Merge', 'Merge and Invert'],
  },
  ad_mask_blur: whole(4, notNegative),
  ad_denoising_strength: share(0.4),
  ad_inpaint_only_masked: flag(true),
  ad_inpaint_only_masked_padding: whole(32, notNegative),
  ad_use_inpaint_width_height: flag(),
  ad_inpaint_width: whole(512, positive),
  ad_inpaint_height: whole(512, positive),
  ad_use_steps: flag(),
  ad_steps: whole(28, positive),
  ad_use_cfg_scale: flag(),
  ad_cfg_scale: { type: 'number', default: 7, minimum: 0 },
  ad_use_checkpoint: flag(),
  ad_checkpoint: optional,
  ad_use_vae: flag(),
  ad_vae: optional,
  ad_use_sampler: flag(),
  ad_sampler: text('DPM++ 2M Karras'),
  ad_scheduler: text('Use same scheduler'),
  ad_use_noise_multiplier: flag(),
  ad_noise_multiplier: { type: 'number', default: 1, minimum: 0.5, maximum: 1.5 },
  ad_use_clip_skip: flag(),
  ad_clip_skip: whole(1, { minimum: 1, maximum: 12 }),
  ad_restore_face: flag(),
  ad_controlnet_model: text('None'),
  ad_controlnet_module: text('None'),
  ad_controlnet_weight: share(1),
  ad_controlnet_guidance_start: share(0),
  ad_controlnet_guidance_end: share(1),
  is_api: flag(true),
}

/** The unit, or why it is skipped: unknown keys are refused as wrong values are. */
export function unitOf(given: unknown): Unit | string {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'not an object'
  for (const [key, value] of Object.entries(given)) {
    const arg = Object.hasOwn(unitArgs, key) ? unitArgs[key as keyof Unit] : undefined
    if (arg === undefined) return `${key} is not an argument of ADetailer`
    const wrong = wrongness(value, arg)
    if (wrong !== undefined) return `${key} ${wrong}`
  }
  const defaults = Object.fromEntries(
    Object.entries(unitArgs).map(([key, arg]) => [key, arg.default]),
  )
  return { ...defaults, ...given } as unknown as Unit
}

function wrongness(value: unknown, arg: Arg): string | undefined {
  if (value === null) return arg.nullable === true ? undefined : 'is null'
  if (arg.type === 'string' || arg.type === 'boolean') {
    if (typeof value !== arg.type) return `is not a ${arg.type}`
    if (arg.enum !== undefined && !(arg.enum as readonly unknown[]).includes(value))
      return `is none of ${arg.enum.join(', ')}`
    return undefined
  }
  if (typeof value !== 'number') return 'is not a number'
  if (arg.type === 'integer' && !Number.isInteger(value)) return 'is not a whole number'
  if (arg.minimum !== undefined && value < arg.minimum) return `is below ${String(arg.minimum)}`
  if (arg.exclusiveMinimum !== undefined && value <= arg.exclusiveMinimum)
    return `is not above ${String(arg.exclusiveMinimum)}`
  if (arg.maximum !== undefined && value > arg.maximum) return `is over ${String(arg.maximum)}`
  return undefined
}

/** `GET /adetailer/v1/schema` */
export function unitSchema(): unknown {
  const properties = Object.fromEntries(
    Object.entries(unitArgs).map(([key, { nullable, type, ...arg }]) => [
      key,
      nullable === true
        ? { ...arg, anyOf: [{ type }, { type: 'null' }], title: titled(key) }
        : { ...arg, type, title: titled(key) },
    ]),
  )
  return { title: 'ADetailerArgs', type: 'object', additionalProperties: false, properties }
}

function titled(key: string): string {
  return key
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
}

/** The page's own unit of tab 1 has the first detector; those of the other tabs have none. */
export function pageUnit(tab: number, { detectors }: World): Record<string, unknown> {
  return { ad_model: tab === 0 ? (detectors[0] ?? 'None') : 'None' }
}
