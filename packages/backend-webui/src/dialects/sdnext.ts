import { a1111 } from './a1111.js'
import { type Dialect, given, type Payload } from './dialect.js'

const {
  schedulers: _s,
  latentModes: _l,
  faceRestorers: _f,
  detectorFields: _d,
  ...lists
} = a1111.lists

/** By request field, schedules by the WebUI's label where it has one → the server's own word. There is one `scheduler`
 *  in a request, so the two other kinds are the server's defaults; as options they can be set besides.
 *  @source vladmandic/sdnext modules/ui_sections.py, modules/sd_samplers_diffusers.py; `betas` is the WebUI's "Beta":
 *  huggingface/diffusers#9538 */
const schedules: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  schedulers_sigma: {
    Karras: 'karras',
    Exponential: 'exponential',
    Beta: 'betas',
    Lambdas: 'lambdas',
    FlowMatch: 'flowmatch',
  },
  schedulers_timestep_spacing: {
    Linspace: 'linspace',
    Leading: 'leading',
    Trailing: 'trailing',
  },
  schedulers_beta_schedule: {
    Linear: 'linear',
    Scaled: 'scaled',
    Cosine: 'cosine',
    Sigmoid: 'sigmoid',
  },
}

/** SD.Next: schedules as options of three kinds, a refiner of the server's own only, a built-in detailer, JPEG unless told otherwise,
 *  and passes that enlarge nothing unless `resize_mode` or `hr_resize_mode` says so: both count from "none". Of what the
 *  WebUI's samplers and masks can be told it has little: it runs diffusers.
 *  @source vladmandic/sdnext modules/processing_class.py, processing_args.py, processing_helpers.py (steps, seeds),
 *  image/resize.py;
 *  variation seeds: vladmandic/sdnext#2644 */
export const sdnext: Dialect = {
  ...a1111,
  name: 'sdnext',
  title: 'SD.Next',
  losesSeedZero: true,
  progress: 'global',
  clipSkip: 'field',
  fields: {
    ...a1111.fields,
    subseed: false,
    restoreFaces: false,
    sampling: false,
    imageCfg: false,
  },
  img2img: {
    resizeModes: [1, 2, 3],
    upscaler: 'resize_name',
    maskFields: ['mask_blur', 'inpaint_full_res', 'inpaint_full_res_padding'],
    noise: false,
    exactSteps: true,
  },
  sampler: (sampler, scheduler) => ({ sampler_name: sampler, ...scheduleFields(scheduler) }),
  schedulers: Object.assign({}, ...Object.values(schedules)) as Record<string, string>,
  unscheduled: ['Default'],
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

/** All three, so that no option of the server decides; a word of no kind is sent as a sigma method. */
function scheduleFields(scheduler: string | undefined): Payload {
  const own = Object.entries(schedules).find(([, names]) =>
    Object.values(names).some((name) => name === scheduler),
  )
  const field = own?.[0] ?? 'schedulers_sigma'
  return {
    ...Object.fromEntries(Object.keys(schedules).map((one) => [one, 'default'])),
    ...given(field, scheduler),
  }
}
