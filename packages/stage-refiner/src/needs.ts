import type { Need } from '@stagewright/core'
import { loraNeeds } from '@stagewright/core/sampling'

import type { RefinerConfig } from './config.js'
import { isLatent } from './latent.js'

/** Names that the backend must know; nothing of what is switched off. */
export function needsOf(config: RefinerConfig, strategy: 'merged' | 'own'): Need[] {
  const one = (kind: string, path: keyof RefinerConfig, name: string | undefined): Need[] =>
    name === undefined ? [] : [{ kind, name, path }]
  const merged = strategy === 'merged'
  // Fields that only some servers have; a server that lacks one must not drop it in silence.
  const field = (path: keyof RefinerConfig, ownName: string | undefined): Need[] =>
    one('field', path, config[path] === undefined ? undefined : merged ? path : ownName)
  const upscalerKind = merged || isLatent(config.hr_upscaler) ? 'hires_upscaler' : 'upscaler'
  return [
    ...(config.refiner_enabled
      ? one('model', 'refiner_model_name', config.refiner_model_name)
      : []),
    ...(config.enable_hr
      ? [
          ...one(upscalerKind, 'hr_upscaler', config.hr_upscaler),
          ...one('model', 'hr_checkpoint_name', config.hr_checkpoint_name),
          ...one('sampler', 'hr_sampler_name', config.hr_sampler_name),
          ...one('scheduler', 'hr_scheduler', config.hr_scheduler),
          ...(config.hr_additional_modules ?? []).map((name, i) => ({
            kind: 'module',
            name,
            path: `hr_additional_modules[${i}]`,
          })),
          ...field('hr_cfg', undefined),
          ...field('hr_distilled_cfg', 'distilled_cfg_scale'),
          ...field('hr_additional_modules', 'additional_modules'),
          ...loraNeeds(config.hr_prompt, 'hr_prompt'),
          ...loraNeeds(config.hr_negative_prompt, 'hr_negative_prompt'),
        ]
      : []),
  ]
}
