/** The WebUI's name of a sampler under which k-diffusion, ComfyUI or sd-server know it; the same name when it has none.
 *  @source ComfyUI comfy/samplers.py; stable-diffusion.cpp; WebUI modules/sd_samplers_kdiffusion.py */
export function webuiSampler(name: string): string {
  const plain = name.toLowerCase().replace(/^k_/, '').replace(/_gpu$/, '')
  return samplers[plain] ?? name
}

/** The WebUI's label of a scheduler; the same name when it has none. */
export function webuiScheduler(name: string): string {
  return schedulers[name.toLowerCase()] ?? name
}

/** Splits what sd-server writes: `dpm++2m karras`. Its word for a sampler that it did not know is `NONE`; it then used
 *  its default. */
export function sdcppSampler(text: string): {
  readonly sampler?: string | undefined
  readonly scheduler?: string | undefined
} {
  const [name = '', ...rest] = text.trim().split(/\s+/)
  const scheduler = rest.join(' ')
  return {
    sampler: name === 'NONE' ? undefined : webuiSampler(name),
    scheduler: scheduler === '' ? undefined : webuiScheduler(scheduler),
  }
}

const samplers: Readonly<Record<string, string>> = {
  euler: 'Euler',
  euler_a: 'Euler a',
  euler_ancestral: 'Euler a',
  heun: 'Heun',
  dpm2: 'DPM2',
  dpm_2: 'DPM2',
  dpm_2_a: 'DPM2 a',
  dpm_2_ancestral: 'DPM2 a',
  lms: 'LMS',
  dpm_fast: 'DPM fast',
  dpm_adaptive: 'DPM adaptive',
  'dpm++2s_a': 'DPM++ 2S a',
  dpmpp_2s_ancestral: 'DPM++ 2S a',
  dpmpp_2s_a: 'DPM++ 2S a',
  dpmpp_sde: 'DPM++ SDE',
  'dpm++2m': 'DPM++ 2M',
  dpmpp_2m: 'DPM++ 2M',
  'dpm++2m_sde': 'DPM++ 2M SDE',
  dpmpp_2m_sde: 'DPM++ 2M SDE',
  dpmpp_2m_sde_heun: 'DPM++ 2M SDE Heun',
  dpmpp_3m_sde: 'DPM++ 3M SDE',
  ddim: 'DDIM',
  ddim_trailing: 'DDIM',
  lcm: 'LCM',
  uni_pc: 'UniPC',
  restart: 'Restart',
}

const schedulers: Readonly<Record<string, string>> = {
  discrete: 'Normal',
  normal: 'Normal',
  karras: 'Karras',
  exponential: 'Exponential',
  polyexponential: 'Polyexponential',
  sgm_uniform: 'SGM Uniform',
  simple: 'Simple',
  ddim_uniform: 'DDIM',
  beta: 'Beta',
  ays: 'Align Your Steps',
  kl_optimal: 'KL Optimal',
}
