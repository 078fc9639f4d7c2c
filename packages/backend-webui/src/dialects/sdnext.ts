import { a1111 } from './a1111.js'
import { type Dialect, given } from './dialect.js'

const {
  schedulers: _s,
  latentModes: _l,
  faceRestorers: _f,
  detectorFields: _d,
  ...lists
} = a1111.lists

/** SD.Next: no scheduler field, a refiner of the server's own only, a built-in detailer, JPEG unless told otherwise,
 *  and a high-res pass that enlarges nothing unless `hr_resize_mode` says so. */
export const sdnext: Dialect = {
  ...a1111,
  name: 'sdnext',
  title: 'SD.Next',
  progress: 'global',
  clipSkip: 'field',
  fields: { ...a1111.fields, restoreFaces: false, imageCfg: false },
  sampler: (sampler, scheduler) => ({
    sampler_name: sampler,
    ...given('schedulers_sigma', scheduler),
  }),
  schedulers: { Karras: 'karras' },
  hires: {
    // A model upscaler makes no second pass without hr_force, and hr_resize_mode 0 enlarges nothing.
    encode: ({ pass, steps, target, sampler_name }) => ({
      enable_hr: true,
      hr_resize_mode: 1,
      hr_force: true,
      hr_resize_x: target.width,
      hr_resize_y: target.height,
      hr_upscaler: pass.hr_upscaler,
      hr_second_pass_steps: pass.hr_second_pass_steps || steps,
      denoising_strength: pass.denoising_strength,
      hr_denoising_strength: pass.denoising_strength,
      hr_sampler_name: pass.hr_sampler_name ?? sampler_name,
      ...given('refiner_prompt', pass.hr_prompt),
      ...given('refiner_negative', pass.hr_negative_prompt),
    }),
    lacks: [
      'hr_cfg',
      'hr_distilled_cfg',
      'hr_additional_modules',
      'hr_scheduler',
      'hr_checkpoint_name',
    ],
    none: false,
  },
  refiner: undefined,
  extras: { restorers: false, leastFactor: 1 },
  sdUpscale: false,
  detail: 'own-route',
  lists: { ...lists, detectors: '/sdapi/v1/detailers' },
  emptyMeans: 'the server ran out of memory or was interrupted: SD.Next tells neither',
  starvesSilently: true,
}
