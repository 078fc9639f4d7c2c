/** The fields that a request may have, with the defaults of the API (not those of the page).
 *  Source: the reference's table of request fields; A1111 v1.10.1 modules/api/models.py, modules/processing.py. */

export type FieldType = 'str' | 'int' | 'float' | 'bool' | 'list' | 'dict' | 'strs'

export interface Field {
  readonly type: FieldType
  readonly default: unknown
  readonly required?: boolean
  readonly minimum?: number
  /** Exclusive. */
  readonly above?: number
  readonly maximum?: number
  readonly choices?: readonly unknown[]
}

export type Fields = Readonly<Record<string, Field>>

const field = (type: FieldType, value: unknown = null, more: Partial<Field> = {}): Field => ({
  type,
  default: value,
  ...more,
})

const common: Fields = {
  prompt: field('str', ''),
  negative_prompt: field('str', ''),
  styles: field('strs'),
  seed: field('int', -1),
  subseed: field('int', -1),
  subseed_strength: field('float', 0),
  seed_resize_from_h: field('int', -1),
  seed_resize_from_w: field('int', -1),
  sampler_name: field('str'),
  scheduler: field('str'),
  batch_size: field('int', 1),
  n_iter: field('int', 1),
  steps: field('int', 50),
  cfg_scale: field('float', 7),
  width: field('int', 512),
  height: field('int', 512),
  restore_faces: field('bool'),
  tiling: field('bool'),
  do_not_save_samples: field('bool', false),
  do_not_save_grid: field('bool', false),
  eta: field('float'),
  denoising_strength: field('float', 0.75),
  s_min_uncond: field('float'),
  s_churn: field('float'),
  s_tmax: field('float'),
  s_tmin: field('float'),
  s_noise: field('float'),
  override_settings: field('dict'),
  override_settings_restore_afterwards: field('bool', true),
  refiner_checkpoint: field('str'),
  refiner_switch_at: field('float'),
  disable_extra_networks: field('bool', false),
  firstpass_image: field('str'),
  comments: field('dict'),
  sampler_index: field('str', 'Euler'),
  script_name: field('str'),
  script_args: field('list', []),
  send_images: field('bool', true),
  save_images: field('bool', false),
  alwayson_scripts: field('dict', {}),
  force_task_id: field('str'),
  infotext: field('str'),
}

const hires: Fields = {
  enable_hr: field('bool', false),
  firstphase_width: field('int', 0),
  firstphase_height: field('int', 0),
  hr_scale: field('float', 2),
  hr_upscaler: field('str'),
  hr_second_pass_steps: field('int', 0),
  hr_resize_x: field('int', 0),
  hr_resize_y: field('int', 0),
  hr_checkpoint_name: field('str'),
  hr_sampler_name: field('str'),
  hr_scheduler: field('str'),
  hr_prompt: field('str', ''),
  hr_negative_prompt: field('str', ''),
}

const img2imgOnly: Fields = {
  init_images: field('list'),
  resize_mode: field('int', 0),
  image_cfg_scale: field('float'),
  mask: field('str'),
  mask_blur_x: field('int', 4),
  mask_blur_y: field('int', 4),
  mask_blur: field('int'),
  mask_round: field('bool', true),
  inpainting_fill: field('int', 0),
  inpaint_full_res: field('bool', true),
  inpaint_full_res_padding: field('int', 0),
  inpainting_mask_invert: field('int', 0),
  initial_noise_multiplier: field('float'),
  latent_mask: field('str'),
  include_init_images: field('bool', false),
}

const reforgeHires: Fields = { ...hires, hr_cfg: field('float', 1) }
const forgeCommon: Fields = { ...common, distilled_cfg_scale: field('float', 3.5) }
const forgeHires: Fields = {
  ...reforgeHires,
  hr_distilled_cfg: field('float', 3.5),
  hr_additional_modules: field('list'),
}

const {
  scheduler: _scheduler,
  refiner_checkpoint: _checkpoint,
  refiner_switch_at: _switch,
  infotext: _infotext,
  sampler_index: _index,
  disable_extra_networks: _networks,
  firstpass_image: _first,
  comments: _comments,
  force_task_id: _task,
  restore_faces: _faces,
  s_min_uncond: _uncond,
  s_churn: _churn,
  s_tmin: _tmin,
  s_tmax: _tmax,
  s_noise: _noise,
  ...sdnextKept
} = common

const {
  mask_blur_x: _blurX,
  mask_blur_y: _blurY,
  mask_round: _round,
  image_cfg_scale: _imageCfg,
  ...sdnextImg2img
} = img2imgOnly

const detailer: Fields = {
  detailer_enabled: field('bool', false),
  detailer_prompt: field('str', ''),
  detailer_negative: field('str', ''),
  detailer_steps: field('int', 10),
  detailer_strength: field('float', 0.3),
  detailer_resolution: field('int', 1024),
}

const sdnextCommon: Fields = {
  ...sdnextKept,
  sampler_name: field('str', 'Default'),
  steps: field('int', 20),
  cfg_scale: field('float', 6),
  cfg_end: field('float', 1),
  width: field('int', 1024),
  height: field('int', 1024),
  clip_skip: field('int', 1),
  schedulers_sigma: field('str'),
  schedulers_beta_schedule: field('str'),
  schedulers_timestep_spacing: field('str'),
  enable_hr: field('bool', false),
  hr_scale: field('float', 2),
  hr_upscaler: field('str'),
  hr_second_pass_steps: field('int', 0),
  hr_resize_x: field('int', 0),
  hr_resize_y: field('int', 0),
  hr_sampler_name: field('str', 'Same as primary'),
  hr_resize_mode: field('int', 0),
  hr_resize_context: field('str', 'None'),
  hr_force: field('bool', false),
  hr_denoising_strength: field('float', 0),
  hr_refiner_start: field('float', 0),
  refiner_steps: field('int', 5),
  refiner_start: field('float', 0),
  refiner_prompt: field('str', ''),
  refiner_negative: field('str', ''),
  ...detailer,
}

export interface GenerationFields {
  readonly txt2img: Fields
  readonly img2img: Fields
}

export const a1111Fields: GenerationFields = {
  txt2img: { ...common, ...hires },
  img2img: { ...common, ...img2imgOnly },
}

export const forgeFields: GenerationFields = {
  txt2img: { ...forgeCommon, ...forgeHires },
  img2img: { ...forgeCommon, ...img2imgOnly },
}

export const reforgeFields: GenerationFields = {
  txt2img: { ...common, ...reforgeHires },
  img2img: { ...common, ...img2imgOnly },
}

export const sdnextFields: GenerationFields = {
  txt2img: { ...sdnextCommon, denoising_strength: field('float', 0.3) },
  img2img: {
    ...sdnextCommon,
    ...sdnextImg2img,
    denoising_strength: field('float', 0.5),
    mask_blur: field('int', 4),
    resize_name: field('str', 'None'),
    inpainting_fill: field('int', 1),
    inpaint_full_res: field('bool', false),
  },
}

const extrasCommon: Fields = {
  resize_mode: field('int', 0, { choices: [0, 1] }),
  show_extras_results: field('bool', true),
  upscaling_resize: field('float', 2, { above: 0 }),
  upscaling_resize_w: field('int', 512, { minimum: 1 }),
  upscaling_resize_h: field('int', 512, { minimum: 1 }),
  upscaling_crop: field('bool', true),
  upscaler_1: field('str', 'None'),
  upscaler_2: field('str', 'None'),
  extras_upscaler_2_visibility: field('float', 0, { minimum: 0, maximum: 1 }),
}

const restorers: Fields = {
  gfpgan_visibility: field('float', 0, { minimum: 0, maximum: 1 }),
  codeformer_visibility: field('float', 0, { minimum: 0, maximum: 1 }),
  codeformer_weight: field('float', 0, { minimum: 0, maximum: 1 }),
  upscale_first: field('bool', false),
}

export const webuiExtras: Fields = { ...extrasCommon, ...restorers }

export const sdnextExtras: Fields = {
  ...extrasCommon,
  upscaling_resize: field('float', 2, { minimum: 1, maximum: 8 }),
  script_args: field('dict'),
}

export const sdnextDetail: Fields = {
  image: field('str', null, { required: true }),
  seed: field('int', -1),
  detailer_models: field('strs'),
  detailer_prompt: field('str', ''),
  detailer_negative: field('str', ''),
  detailer_steps: field('int', 10),
  detailer_strength: field('float', 0.3),
  detailer_resolution: field('int', 1024),
  detailer_conf: field('float'),
  detailer_max: field('int'),
  detailer_padding: field('int'),
  detailer_blur: field('int'),
}
