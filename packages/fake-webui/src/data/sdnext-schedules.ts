/** SD.Next's schedules: no list of names, but options that a request can carry as fields of the same name.
 *  Source: vladmandic/sdnext modules/ui_sections.py create_sampler_options (the choices),
 *  modules/sd_samplers_diffusers.py (what acts on which sampler), modules/processing_info.py (the words in the
 *  infotext). */

export type ScheduleField =
  | 'schedulers_timestep_spacing'
  | 'schedulers_sigma'
  | 'schedulers_beta_schedule'

/** By field, as the infotext orders them: its word there, and its choices beside "default". */
export const sdnextScheduleFields: Readonly<
  Record<ScheduleField, { readonly word: string; readonly choices: readonly string[] }>
> = {
  schedulers_timestep_spacing: {
    word: 'Sampler spacing',
    choices: ['linspace', 'leading', 'trailing'],
  },
  schedulers_sigma: {
    word: 'Sampler sigma',
    choices: ['karras', 'betas', 'exponential', 'lambdas', 'flowmatch'],
  },
  schedulers_beta_schedule: {
    word: 'Sampler beta schedule',
    choices: ['linear', 'scaled', 'cosine', 'sigmoid'],
  },
}

const spacing = ['linspace', 'leading', 'trailing']
const common = ['karras', 'betas', 'exponential']
const multistep = [...common, 'lambdas', 'flowmatch', ...spacing]

/** Which spacings and sigma methods act on a sampler; beta schedules act on all of these but "Default", which keeps the
 *  model's own scheduler whole. */
export const sdnextActing: Readonly<Record<string, readonly string[]>> = {
  UniPC: [...common, 'flowmatch', ...spacing],
  DDIM: spacing,
  Euler: [...common, ...spacing],
  'Euler a': spacing,
  // Its spacing is always "trailing".
  'Euler SGM': common,
  'DPM++': multistep,
  'DPM++ 1S': [...common, 'flowmatch'],
  'DPM++ 2M': multistep,
  'DPM++ 3M': multistep,
  'DPM++ SDE': multistep,
  'DPM++ 2M SDE': multistep,
  DPM2: [...common, ...spacing],
  'DPM2 a': [...common, ...spacing],
  Heun: [...common, ...spacing],
  LMSD: [...common, ...spacing],
  PNDM: spacing,
  DEIS: [...common, 'flowmatch', ...spacing],
  LCM: [],
  TCD: [],
}
