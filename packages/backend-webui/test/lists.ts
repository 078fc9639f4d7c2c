import type { DialectName } from '../src/index.js'

type Lists = Readonly<Record<string, unknown>>

const named = (...names: string[]) => names.map((name) => ({ name }))
const latent = named('Latent', 'Latent (bicubic)')
const scheduler = (name: string, label: string) => ({ name, label })
const args = (count: number) => Array.from({ length: count }, () => ({}))
const scripts = [
  { name: 'adetailer', is_alwayson: true, is_img2img: false, args: args(6) },
  { name: 'adetailer', is_alwayson: true, is_img2img: true, args: args(6) },
  { name: 'controlnet', is_alwayson: true, is_img2img: false, args: args(3) },
  { name: 'controlnet', is_alwayson: true, is_img2img: true, args: args(3) },
  { name: 'sd upscale', is_alwayson: false, is_img2img: true, args: args(4) },
  { name: 'prompt matrix', is_alwayson: false, is_img2img: false, args: args(5) },
]

/** Keys of an ADetailer unit that its schema tells. */
const unitKeys = [
  ['ad_model', 'ad_model_classes', 'ad_prompt', 'ad_negative_prompt', 'ad_confidence'],
  ['ad_mask_filter_method', 'ad_mask_k', 'ad_mask_min_ratio', 'ad_mask_max_ratio'],
  ['ad_dilate_erode', 'ad_x_offset', 'ad_y_offset', 'ad_mask_merge_invert', 'ad_mask_blur'],
  ['ad_denoising_strength', 'ad_inpaint_only_masked', 'ad_inpaint_only_masked_padding'],
  ['ad_use_inpaint_width_height', 'ad_inpaint_width', 'ad_inpaint_height', 'ad_restore_face'],
  ['ad_use_noise_multiplier', 'ad_noise_multiplier'],
].flat()

const options = {
  sd_model_checkpoint: 'base.safetensors [a1a1a1a1a1]',
  sd_vae: 'Automatic',
  CLIP_stop_at_last_layers: 1,
  samples_format: 'png',
  hires_fix_refiner_pass: 'second pass',
  img2img_fix_steps: false,
  upscaler_for_img2img: null,
  use_old_hires_fix_width_height: false,
  img2img_color_correction: false,
  return_mask: false,
  return_mask_composite: false,
  eta_noise_seed_delta: 0,
  ad_dynamic_denoise_power: 0,
  ad_match_inpaint_bbox_size: 'Off',
  ad_same_seed_for_each_tab: false,
}

const models = [
  {
    title: 'base.safetensors [a1a1a1a1a1]',
    model_name: 'base',
    hash: 'a1a1a1a1a1',
    sha256: 'a1'.repeat(32),
    filename: '/srv/models/base.safetensors',
  },
  { title: 'sub/other.safetensors', model_name: 'sub_other', hash: null, sha256: null },
  { title: 'refiner.safetensors', model_name: 'refiner', hash: null, sha256: null },
]

const a1111: Lists = {
  '/sdapi/v1/options': { ...options, refiner_switch_by_sample_steps: false },
  '/sdapi/v1/sd-models': models,
  '/sdapi/v1/sd-vae': [{ model_name: 'fine.vae.pt', filename: '/srv/models/VAE/fine.vae.pt' }],
  '/sdapi/v1/loras': [{ name: 'detail', alias: 'add_detail', path: '/srv/models/Lora/detail' }],
  '/sdapi/v1/prompt-styles': [{ name: 'photo', prompt: '{prompt}, photo', negative_prompt: '' }],
  '/sdapi/v1/samplers': [
    { name: 'Euler', aliases: ['k_euler'], options: {} },
    { name: 'DPM++ 2M', aliases: ['k_dpmpp_2m'], options: {} },
  ],
  '/sdapi/v1/schedulers': [scheduler('automatic', 'Automatic'), scheduler('karras', 'Karras')],
  '/sdapi/v1/upscalers': named('None', 'Lanczos', 'R-ESRGAN 4x+'),
  '/sdapi/v1/latent-upscale-modes': latent,
  '/sdapi/v1/face-restorers': named('CodeFormer', 'GFPGAN'),
  '/sdapi/v1/script-info': scripts,
  '/adetailer/v1/ad_model': { ad_model: ['face_yolov8n.pt', 'None'] },
  '/adetailer/v1/schema': { properties: Object.fromEntries(unitKeys.map((key) => [key, {}])) },
  '/openapi.json': {
    components: { schemas: { StableDiffusionProcessingTxt2Img: { properties: {} } } },
  },
}

const reforge: Lists = {
  ...a1111,
  '/sdapi/v1/options': options,
  '/openapi.json': {
    components: {
      schemas: { StableDiffusionProcessingTxt2Img: { properties: { hr_cfg: { type: 'number' } } } },
    },
  },
}

const { '/sdapi/v1/sd-vae': _vaes, ...forgeBase } = reforge
const forge: Lists = {
  ...forgeBase,
  '/sdapi/v1/options': {
    ...options,
    forge_additional_modules: ['/srv/models/VAE/ae.safetensors'],
  },
  '/sdapi/v1/sd-modules': [
    { model_name: 'ae.safetensors', filename: '/srv/models/VAE/ae.safetensors' },
    { model_name: 'fine.safetensors', filename: '/srv/models/VAE/fine.safetensors' },
    { model_name: 'clip_l.safetensors', filename: '/srv/models/text_encoder/clip_l.safetensors' },
  ],
}

const sdnext: Lists = {
  '/sdapi/v1/version': { app: 'sd.next', version: '2026-07' },
  '/sdapi/v1/options': {
    sd_model_checkpoint: 'base.safetensors [a1a1a1a1a1]',
    sd_vae: 'Automatic',
    samples_format: 'jpg',
    img2img_color_correction: false,
  },
  '/sdapi/v1/sd-models': models,
  '/sdapi/v1/sd-vae': a1111['/sdapi/v1/sd-vae'],
  '/sdapi/v1/loras': [],
  '/sdapi/v1/prompt-styles': [],
  '/sdapi/v1/samplers': named('Default', 'Euler', 'DPM++ 2M'),
  '/sdapi/v1/upscalers': named('None', 'Lanczos', 'RealESRGAN 4x+'),
  '/sdapi/v1/script-info': [],
  '/sdapi/v1/detailers': [{ name: 'face-yolo8n' }],
}

/** As recorded from a real sd-server. */
const sdcpp: Lists = {
  '/sdcpp/v1/capabilities': { current_mode: 'img_gen' },
  '/sdapi/v1/options': { samples_format: 'png', sd_model_checkpoint: 'tiny-sd15-random' },
  '/sdapi/v1/sd-models': [
    {
      config: null,
      filename: 'tiny-sd15-random.safetensors',
      hash: '8888888888',
      model_name: 'tiny-sd15-random',
      sha256: '8'.repeat(64),
      title: 'tiny-sd15-random',
    },
  ],
  '/sdapi/v1/loras': [{ name: 'detail', path: 'detail.safetensors' }],
  '/sdapi/v1/samplers': named('default', 'euler', 'euler_a', 'dpm++2m'),
  '/sdapi/v1/schedulers': [scheduler('discrete', 'discrete'), scheduler('karras', 'karras')],
  '/sdapi/v1/upscalers': named('None', 'Lanczos', 'Nearest'),
  '/sdapi/v1/latent-upscale-modes': latent,
}

/** What a small server of each dialect answers to reads. */
export const lists: Readonly<Record<DialectName, Lists>> = { a1111, forge, reforge, sdnext, sdcpp }
