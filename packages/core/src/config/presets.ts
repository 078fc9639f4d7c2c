/** What `preset:` sets among the shared fields. @source Forge, modules_forge/main_entry.py: its UI presets */
export const presets: Readonly<Record<PresetName, Readonly<Record<string, unknown>>>> =
  Object.freeze({
    sd: Object.freeze({
      width: 512,
      height: 640,
      cfg_scale: 7,
      sampler_name: 'Euler a',
      scheduler: 'Automatic',
    }),
    xl: Object.freeze({
      width: 896,
      height: 1152,
      cfg_scale: 5,
      sampler_name: 'DPM++ 2M SDE',
      scheduler: 'Karras',
    }),
    flux: Object.freeze({
      width: 896,
      height: 1152,
      cfg_scale: 1,
      distilled_cfg_scale: 3.5,
      sampler_name: 'Euler',
      scheduler: 'Simple',
    }),
  })

export type PresetName = 'sd' | 'xl' | 'flux'

export const presetNames = Object.freeze(['sd', 'xl', 'flux'] as const)

/** The side that the preset's models were trained at, in pixels; 512 without a preset. */
export function nativeSide(preset: PresetName | undefined): number {
  return preset === 'xl' || preset === 'flux' ? 1024 : 512
}
