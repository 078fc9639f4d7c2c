import type { Field, Fields } from '../data/fields.js'
import { Crash } from '../http/errors.js'
import type { Exchange } from '../http/exchange.js'

/** The fields of a txt2img or img2img request, all of them, as the server's code sees them. */
export interface Values {
  prompt: string
  negative_prompt: string
  styles: readonly string[] | null
  seed: number
  subseed: number
  subseed_strength: number
  sampler_name: string | null
  sampler_index?: string
  scheduler?: string | null
  batch_size: number
  n_iter: number
  steps: number
  cfg_scale: number
  distilled_cfg_scale?: number
  width: number
  height: number
  restore_faces: boolean | null
  tiling: boolean | null
  denoising_strength: number
  override_settings: Record<string, unknown> | null
  override_settings_restore_afterwards: boolean
  refiner_checkpoint?: string | null
  refiner_switch_at?: number | null
  disable_extra_networks?: boolean
  script_name: string | null
  script_args: readonly unknown[]
  send_images: boolean
  save_images: boolean
  alwayson_scripts: Record<string, unknown>
  force_task_id: string | null
  infotext?: string | null
  clip_skip?: number
  // txt2img, and img2img of SD.Next
  enable_hr?: boolean
  firstphase_width?: number
  firstphase_height?: number
  hr_scale: number
  hr_upscaler: string | null
  hr_second_pass_steps: number
  hr_resize_x: number
  hr_resize_y: number
  hr_checkpoint_name?: string | null
  hr_sampler_name: string | null
  hr_scheduler?: string | null
  hr_prompt?: string
  hr_negative_prompt?: string
  hr_cfg?: number
  hr_distilled_cfg?: number
  hr_additional_modules?: readonly string[] | null
  // img2img
  init_images: readonly unknown[] | null
  resize_mode: number
  mask: string | null
  mask_blur: number | null
  mask_blur_x: number
  mask_round: boolean
  inpainting_fill: number
  inpaint_full_res: boolean
  inpaint_full_res_padding: number
  inpainting_mask_invert: number
  initial_noise_multiplier: number | null
  include_init_images: boolean
  [field: string]: unknown
}

/** Where the schema takes null but the code behind it does arithmetic: 500 in the middle of the job.
 *  @throws {Crash} TypeError */
export function refuseNulls(values: Values, fields: Fields): void {
  for (const [name, field] of Object.entries(fields))
    if (values[name] === null && breaksOnNull(field))
      throw new Crash('TypeError', `unsupported operand: '${name}' is 'NoneType'`)
}

function breaksOnNull({ type, default: value }: Field): boolean {
  return value !== null && type !== 'bool' && type !== 'dict' && type !== 'list'
}

/** Notes the fields that the schema does not have. */
export function noteUnknown(
  exchange: Exchange,
  fields: Fields,
  other: Fields,
  otherName: string,
): void {
  const { body } = exchange
  if (typeof body !== 'object' || body === null) return
  for (const name of Object.keys(body))
    if (!Object.hasOwn(fields, name))
      exchange.ignore(
        name,
        Object.hasOwn(other, name) ? `a field of ${otherName} only` : 'not a field of this request',
      )
}

/** Notes fields that are known, but act on nothing in this request. */
export function noteIneffective(exchange: Exchange, values: Values, python: boolean): void {
  const { body } = exchange
  if (typeof body !== 'object' || body === null) return
  const given = (name: string): boolean => Object.hasOwn(body, name) && values[name] !== null
  const note = (names: readonly string[], why: string): void => {
    for (const name of names) if (given(name)) exchange.ignore(name, why)
  }
  const all = Object.keys(body)
  if (Object.hasOwn(values, 'enable_hr') && values.enable_hr !== true) {
    note(
      all.filter((name) => name.startsWith('hr_')),
      'acts only with enable_hr',
    )
    if (!('init_images' in values)) note(['denoising_strength'], 'acts only with enable_hr')
  } else if (values.enable_hr === true && (values.hr_resize_x > 0 || values.hr_resize_y > 0))
    note(['hr_scale'], 'hr_resize_x or hr_resize_y decides the size')
  if ('refiner_checkpoint' in values && isOff(values.refiner_checkpoint))
    note(['refiner_switch_at'], 'acts only with refiner_checkpoint')
  if ('init_images' in values && values.mask === null)
    note(
      all.filter((name) => name.startsWith('mask_') || name.startsWith('inpaint')),
      'acts only with a mask',
    )
  if (python) {
    note(['do_not_save_samples', 'do_not_save_grid'], 'overwritten by save_images')
    if (values.sampler_name !== null) note(['sampler_index'], 'sampler_name decides')
    note(['latent_mask', 'comments'], 'not read from a request')
  }
}

/** "", "None" and null switch a checkpoint field off. */
export function isOff(name: string | null | undefined): boolean {
  return name === undefined || name === null || name === '' || name === 'None' || name === 'none'
}
