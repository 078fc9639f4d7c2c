import { optionalName } from '@stagewright/core/sampling'
import { z } from 'zod'

const side = z.int().min(0).max(16_384)

/** The section `refiner`: a second model, the high-res second pass, or both. The two flags are its only switches. */
export const refinerConfig = z
  .object({
    refiner_enabled: z.boolean().default(false).describe('Let a second checkpoint take over'),
    refiner_model_name: z.string().optional().describe('The second checkpoint'),
    refiner_switch_at: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.8)
      .describe('Share of the pass after which it takes over'),
    refiner_switch_by: z
      .enum(['steps', 'noise'])
      .default('steps')
      .describe('Whether the share counts steps or noise level'),
    refiner_pass: z
      .enum(['second', 'first', 'both'])
      .default('second')
      .describe('Which pass it acts on, where there are two'),
    enable_hr: z.boolean().default(false).describe('Make a second pass at a higher resolution'),
    hr_scale: z
      .number()
      .gt(0)
      .max(8)
      .optional()
      .describe('Factor of enlargement; 2 when nothing is given'),
    hr_resize_x: side.optional().describe('Target width; 0 or unset: by aspect or hr_scale'),
    hr_resize_y: side.optional().describe('Target height; 0 or unset: by aspect or hr_scale'),
    hr_upscaler: z.string().min(1).default('Latent').describe('Upscaler, or a latent mode'),
    hr_second_pass_steps: z
      .int()
      .min(0)
      .max(150)
      .default(0)
      .describe("Steps; 0: the picture's own"),
    denoising_strength: z
      .number()
      .gt(0)
      .max(1)
      .default(0.7)
      .describe('How much of the enlarged picture is redrawn'),
    hr_sampler_name: optionalName("Sampler of the second pass; unset: the picture's"),
    hr_scheduler: optionalName("Scheduler of the second pass; unset: the picture's"),
    hr_prompt: z.string().default('').describe("Prompt of the second pass; empty: the picture's"),
    hr_negative_prompt: z
      .string()
      .default('')
      .describe("Negative prompt of the second pass; empty: the picture's"),
    hr_cfg: z
      .number()
      .min(0)
      .max(30)
      .optional()
      .describe("CFG of the second pass; unset: the picture's"),
    hr_distilled_cfg: z
      .number()
      .min(0)
      .max(30)
      .optional()
      .describe('Forge: guidance of Flux models'),
    hr_checkpoint_name: optionalName("Checkpoint of the whole second pass; unset: the picture's"),
    hr_additional_modules: z
      .array(z.string().min(1))
      .optional()
      .describe('Forge: text encoder and VAE files of the second pass'),
    hr_strategy: z
      .enum(['auto', 'merged', 'own'])
      .default('auto')
      .describe('Whether the second pass is part of the call before it, or a call of its own'),
  })
  .superRefine((config, ctx) => {
    const { refiner_model_name: model = '' } = config
    if (config.refiner_enabled && ['', 'none'].includes(model.trim().toLowerCase()))
      ctx.addIssue({
        code: 'custom',
        path: ['refiner_model_name'],
        message: 'must name a checkpoint when refiner_enabled is true',
      })
    const resize = (config.hr_resize_x ?? 0) > 0 || (config.hr_resize_y ?? 0) > 0
    if (config.hr_scale !== undefined && resize)
      ctx.addIssue({
        code: 'custom',
        path: ['hr_scale'],
        message: 'give either hr_scale or hr_resize_x/hr_resize_y, not both',
      })
  })

export type RefinerConfig = z.output<typeof refinerConfig>
