import { Float } from '../sdcpp/json.js'

/** The answer of `GET /sdcpp/v1/capabilities`, but for names of the model and the lists.
 *  Source: recorded get_sdcpp_capabilities. */

const generationDefaults = {
  auto_resize_ref_image: true,
  batch_count: 1,
  cache_mode: '',
  cache_option: '',
  clip_skip: -1,
  control_strength: 0.8999999761581421,
  height: 512,
  hires: {
    custom_sigmas: [],
    denoising_strength: 0.699999988079071,
    enabled: false,
    scale: new Float(2),
    steps: 0,
    target_height: 0,
    target_width: 0,
    upscale_tile_size: 128,
    upscaler: 'Latent',
  },
  increase_ref_index: false,
  ip_adapter_strength: new Float(1),
  negative_prompt: '',
  output_compression: 100,
  output_format: 'png',
  prompt: '',
  qwen_image_layers: 3,
  sample_params: {
    eta: null,
    flow_shift: null,
    guidance: {
      distilled_guidance: 3.5,
      img_cfg: null,
      slg: {
        layer_end: 0.20000000298023224,
        layer_start: 0.009999999776482582,
        layers: [7, 8, 9],
        scale: new Float(0),
      },
      txt_cfg: new Float(7),
    },
    sample_method: 'default',
    sample_steps: 2,
    scheduler: 'default',
    shifted_timestep: 0,
  },
  scm_mask: '',
  scm_policy_dynamic: true,
  seed: 42,
  strength: 0.75,
  vae_tiling_params: {
    enabled: false,
    extra_tiling_args: '',
    rel_size_x: new Float(0),
    rel_size_y: new Float(0),
    target_overlap: 0.5,
    temporal_tiling: false,
    tile_size_x: 0,
    tile_size_y: 0,
  },
  width: 512,
}

const features = {
  cache: true,
  cancel_generating: false,
  cancel_queued: true,
  control_image: true,
  hires: true,
  init_image: true,
  ip_adapter_image: true,
  lora: true,
  mask_image: true,
  ref_images: true,
  vae_tiling: true,
}

export const sdcppCapabilities = {
  current_mode: 'img_gen',
  defaults: generationDefaults,
  defaults_by_mode: { img_gen: generationDefaults },
  features,
  features_by_mode: { img_gen: features },
  limits: {
    max_batch_count: 8,
    max_height: 4096,
    max_queue_size: 64,
    max_width: 4096,
    min_height: 64,
    min_width: 64,
  },
  output_formats: ['png', 'jpeg'],
  output_formats_by_mode: { img_gen: ['png', 'jpeg'] },
  supported_modes: ['img_gen'],
}

/** Steps of a request that gives none: the server's `--steps`. */
export const sdcppSteps = 2
