/** Sampler and scheduler names as `GET /sdapi/v1/samplers` and `/schedulers` list them.
 *  Sources: A1111 v1.10.1 modules/sd_samplers_kdiffusion.py, sd_samplers_timesteps.py, sd_schedulers.py (names only);
 *  Forge and reForge add their own at the end of the same lists; SD.Next modules/sd_samplers_diffusers.py;
 *  sd-server: the recorded answers. */

export interface SamplerName {
  readonly name: string
  readonly aliases: readonly string[]
  readonly options?: Readonly<Record<string, string>>
}

export interface SchedulerName {
  readonly name: string
  readonly label: string
  readonly aliases?: readonly string[]
  readonly default_rho?: number
  readonly need_inner_model?: boolean
}

const karras = { scheduler: 'karras' }

export const a1111Samplers: readonly SamplerName[] = [
  { name: 'DPM++ 2M', aliases: ['k_dpmpp_2m'], options: karras },
  { name: 'DPM++ SDE', aliases: ['k_dpmpp_sde'], options: { ...karras, second_order: 'True' } },
  { name: 'DPM++ 2M SDE', aliases: ['k_dpmpp_2m_sde'], options: { scheduler: 'exponential' } },
  {
    name: 'DPM++ 2M SDE Heun',
    aliases: ['k_dpmpp_2m_sde_heun'],
    options: { scheduler: 'exponential' },
  },
  { name: 'DPM++ 2S a', aliases: ['k_dpmpp_2s_a'], options: karras },
  { name: 'DPM++ 3M SDE', aliases: ['k_dpmpp_3m_sde'], options: { scheduler: 'exponential' } },
  { name: 'Euler a', aliases: ['k_euler_a', 'k_euler_ancestral'], options: { uses_ensd: 'True' } },
  { name: 'Euler', aliases: ['k_euler'] },
  { name: 'LMS', aliases: ['k_lms'] },
  { name: 'Heun', aliases: ['k_heun'], options: { second_order: 'True' } },
  { name: 'DPM2', aliases: ['k_dpm_2'], options: karras },
  { name: 'DPM2 a', aliases: ['k_dpm_2_a'], options: karras },
  { name: 'DPM fast', aliases: ['k_dpm_fast'], options: { uses_ensd: 'True' } },
  { name: 'DPM adaptive', aliases: ['k_dpm_ad'], options: { uses_ensd: 'True' } },
  { name: 'Restart', aliases: ['restart'], options: karras },
  { name: 'DDIM', aliases: ['ddim'] },
  { name: 'DDIM CFG++', aliases: ['ddim_cfgpp'] },
  { name: 'PLMS', aliases: ['plms'] },
  { name: 'UniPC', aliases: ['unipc'] },
  { name: 'LCM', aliases: ['k_lcm'] },
]

export const forgeSamplers: readonly SamplerName[] = [
  ...a1111Samplers,
  { name: 'HeunPP2', aliases: ['heunpp2'] },
  { name: 'IPNDM', aliases: ['ipndm'] },
  { name: 'IPNDM_V', aliases: ['ipndm_v'] },
  { name: 'DEIS', aliases: ['deis'] },
  { name: 'DDPM', aliases: ['ddpm'] },
  { name: '[Forge] Flux Realistic', aliases: ['forge_flux_realistic'] },
]

export const reforgeSamplers: readonly SamplerName[] = [
  ...a1111Samplers,
  { name: 'Euler CFG++', aliases: ['k_euler_cfg_pp'] },
  { name: 'Euler a CFG++', aliases: ['k_euler_ancestral_cfg_pp'] },
  { name: 'HeunPP2', aliases: ['heunpp2'] },
  { name: 'IPNDM', aliases: ['ipndm'] },
  { name: 'IPNDM_V', aliases: ['ipndm_v'] },
  { name: 'DEIS', aliases: ['deis'] },
  { name: 'DDPM', aliases: ['ddpm'] },
]

export const sdnextSamplers: readonly SamplerName[] = [
  'Default',
  'UniPC',
  'DDIM',
  'Euler',
  'Euler a',
  'Euler SGM',
  'DPM++',
  'DPM++ 1S',
  'DPM++ 2M',
  'DPM++ 3M',
  'DPM++ SDE',
  'DPM++ 2M SDE',
  'DPM2',
  'DPM2 a',
  'Heun',
  'LMSD',
  'PNDM',
  'DEIS',
  'LCM',
  'TCD',
].map((name) => ({ name, aliases: [] }))

const scheduler = (
  name: string,
  label: string,
  more: Partial<SchedulerName> = {},
): SchedulerName => ({
  name,
  label,
  default_rho: -1,
  need_inner_model: false,
  ...more,
})

export const a1111Schedulers: readonly SchedulerName[] = [
  scheduler('automatic', 'Automatic'),
  scheduler('uniform', 'Uniform', { need_inner_model: true }),
  scheduler('karras', 'Karras', { default_rho: 7 }),
  scheduler('exponential', 'Exponential'),
  scheduler('polyexponential', 'Polyexponential', { default_rho: 1 }),
  scheduler('sgm_uniform', 'SGM Uniform', { need_inner_model: true, aliases: ['SGMUniform'] }),
  scheduler('kl_optimal', 'KL Optimal'),
  scheduler('align_your_steps', 'Align Your Steps'),
  scheduler('simple', 'Simple', { need_inner_model: true }),
  scheduler('normal', 'Normal', { need_inner_model: true }),
  scheduler('ddim', 'DDIM', { need_inner_model: true }),
  scheduler('beta', 'Beta', { need_inner_model: true }),
]

export const forgeSchedulers: readonly SchedulerName[] = [
  ...a1111Schedulers,
  scheduler('turbo', 'Turbo', { need_inner_model: true }),
  scheduler('align_your_steps_GITS', 'Align Your Steps GITS'),
  scheduler('align_your_steps_11', 'Align Your Steps 11'),
  scheduler('align_your_steps_32', 'Align Your Steps 32'),
]

export const latentModes: readonly string[] = [
  'Latent',
  'Latent (antialiased)',
  'Latent (bicubic)',
  'Latent (bicubic antialiased)',
  'Latent (nearest)',
  'Latent (nearest-exact)',
]

/** In the order that the recorded answer has. */
export const sdcppLatentModes: readonly string[] = [
  'Latent',
  'Latent (nearest)',
  'Latent (nearest-exact)',
  'Latent (antialiased)',
  'Latent (bicubic)',
  'Latent (bicubic antialiased)',
]

/** Without the leading "default" that the /sdapi listings add. Source: recorded get_sdcpp_capabilities. */
export const sdcppSamplers: readonly string[] = [
  'euler',
  'euler_a',
  'heun',
  'dpm2',
  'dpm++2s_a',
  'dpm++2m',
  'dpm++2mv2',
  'ipndm',
  'ipndm_v',
  'lcm',
  'ddim_trailing',
  'tcd',
  'res_multistep',
  'res_2s',
  'er_sde',
  'euler_cfg_pp',
  'euler_a_cfg_pp',
  'euler_ge',
  'dpm++2m_sde',
  'dpm++2m_sde_bt',
  'lms',
]

export const sdcppSchedulers: readonly string[] = [
  'discrete',
  'normal',
  'karras',
  'exponential',
  'ays',
  'gits',
  'sgm_uniform',
  'simple',
  'smoothstep',
  'kl_optimal',
  'lcm',
  'bong_tangent',
  'ltx2',
  'logit_normal',
  'flux2',
  'flux',
  'beta',
]

/** WebUI names that sd-server understands, whatever their case. Source: sd-server.md. */
export const sdcppSamplerAliases: Readonly<Record<string, string>> = {
  euler: 'euler',
  'euler a': 'euler_a',
  heun: 'heun',
  dpm2: 'dpm2',
  lcm: 'lcm',
  ddim: 'ddim_trailing',
  'dpm++ 2m': 'dpm++2m',
  'dpm++ 2m sde': 'dpm++2m_sde',
}
