import type { Need } from '../contract/backend.js'
import type { Sampling } from '../contract/sampling.js'

/** The sampling fields among the values of a config or request, and nothing else. */
export function samplingOf(values: Sampling): Sampling {
  return {
    prompt: values.prompt,
    negative_prompt: values.negative_prompt,
    sampler_name: values.sampler_name,
    scheduler: values.scheduler,
    steps: values.steps,
    cfg_scale: values.cfg_scale,
    width: values.width,
    height: values.height,
    seed: values.seed,
    subseed: values.subseed,
    subseed_strength: values.subseed_strength,
    ...set({ styles: values.styles }),
    ...set({ model: values.model }),
    ...set({ vae: values.vae }),
    ...set({ additional_modules: values.additional_modules }),
    ...set({ clip_skip: values.clip_skip }),
    ...set({ distilled_cfg_scale: values.distilled_cfg_scale }),
  }
}

/** The map without its keys that have no value: a request never holds them. */
export function set<T extends object>(map: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

/** What the sampling fields need of a backend, each with the field it is written in. */
export function samplingNeeds(values: Partial<Omit<Sampling, 'width' | 'height'>>): Need[] {
  const one = (kind: string, path: keyof Sampling, name: string | undefined): Need[] =>
    name === undefined ? [] : [{ kind, name, path }]
  const many = (kind: string, path: keyof Sampling, names: readonly string[] = []): Need[] =>
    names.map((name, i) => ({ kind, name, path: `${path}[${i}]` }))
  return [
    ...one('model', 'model', values.model),
    ...one('vae', 'vae', values.vae),
    ...many('module', 'additional_modules', values.additional_modules),
    ...many('style', 'styles', values.styles),
    ...one('sampler', 'sampler_name', values.sampler_name),
    ...one('scheduler', 'scheduler', values.scheduler),
    // Fields that only some servers have; a server that lacks one must not drop it in silence.
    ...one(
      'field',
      'distilled_cfg_scale',
      values.distilled_cfg_scale === undefined ? undefined : 'distilled_cfg_scale',
    ),
    ...one(
      'field',
      'additional_modules',
      values.additional_modules === undefined ? undefined : 'additional_modules',
    ),
  ]
}

/** Seed and subseed of the picture `offset` places after the first: the seed counts up, or, with a variation, the
 *  subseed does while the seed stays. @source WebUI modules/processing.py: all_seeds, all_subseeds */
export function seedAt(
  base: Pick<Sampling, 'seed' | 'subseed' | 'subseed_strength'>,
  offset: number,
): Pick<Sampling, 'seed' | 'subseed'> {
  const varied = base.subseed_strength > 0
  return {
    seed: (base.seed + (varied ? 0 : offset)) % 2 ** 32,
    subseed: (base.subseed + offset) % 2 ** 32,
  }
}

/** Steps that an img2img pass really runs. @source WebUI modules/sd_samplers_common.py: setup_img2img_steps */
export function executedSteps(pass: {
  readonly steps: number
  readonly denoising_strength: number
}): number {
  return Math.trunc(Math.min(pass.denoising_strength, 0.999) * pass.steps) + 1
}
