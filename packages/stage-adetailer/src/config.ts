import { optionalName } from '@stagewright/core/sampling'
import { z } from 'zod'

const share = z.number().min(0).max(1)
const count = z.int().min(0)
const side = z.int().min(64).max(4096)

/** What an `ad_use_…` flag switches on. */
const switched = {
  ad_use_steps: ['ad_steps'],
  ad_use_cfg_scale: ['ad_cfg_scale'],
  ad_use_sampler: ['ad_sampler'],
  ad_use_checkpoint: ['ad_checkpoint'],
  ad_use_vae: ['ad_vae'],
  ad_use_inpaint_width_height: ['ad_inpaint_width', 'ad_inpaint_height'],
  ad_use_noise_multiplier: ['ad_noise_multiplier'],
  ad_use_clip_skip: ['ad_clip_skip'],
} as const

const flag = (what: string) =>
  z.boolean().optional().describe(`Follows from ${what}; a contradiction is an error`)

const unit = z
  .object({
    name: z
      .string()
      .regex(/^[\w .-]{1,40}$/, 'must be 1 to 40 letters, digits, spaces, dots or dashes')
      .optional()
      .describe('Name in results and progress; default: the detector without its ending'),
    ad_model: z.string().min(1).describe('Detector'),
    ad_model_classes: z.string().default('').describe('Classes for YOLO-World detectors'),
    ad_prompt: z.string().default('').describe("Prompt of the regions; empty: the picture's"),
    ad_negative_prompt: z
      .string()
      .default('')
      .describe("Negative prompt of the regions; empty: the picture's"),
    ad_confidence: share.default(0.3).describe('Least confidence of a detection'),
    ad_mask_filter_method: z
      .enum(['Area', 'Confidence'])
      .default('Area')
      .describe('What ad_mask_k ranks by'),
    ad_mask_k: count.default(0).describe('Only the first k regions; 0: all'),
    ad_mask_min_ratio: share.default(0).describe('Least share of the picture'),
    ad_mask_max_ratio: share.default(1).describe('Largest share of the picture'),
    ad_dilate_erode: z
      .int()
      .min(-128)
      .max(128)
      .default(4)
      .describe('Grow (or shrink) the regions, in pixels'),
    ad_x_offset: z.int().min(-200).max(200).default(0).describe('Shift right, in pixels'),
    ad_y_offset: z.int().min(-200).max(200).default(0).describe('Shift up, in pixels'),
    ad_mask_merge_invert: z
      .enum(['None', 'Merge', 'Merge and Invert'])
      .default('None')
      .describe('Whether the regions are merged, or merged and inverted'),
    ad_mask_blur: count.max(64).default(4).describe('Softness of the regions, in pixels'),
    ad_denoising_strength: share.default(0.4).describe('How much of a region is redrawn'),
    ad_inpaint_only_masked: z.boolean().default(true).describe('Redraw only the region, enlarged'),
    ad_inpaint_only_masked_padding: count
      .max(1024)
      .default(32)
      .describe('Pixels around the region'),
    ad_use_inpaint_width_height: flag('ad_inpaint_width and ad_inpaint_height'),
    ad_inpaint_width: side
      .optional()
      .describe("Working width; default: the picture's generation width"),
    ad_inpaint_height: side
      .optional()
      .describe("Working height; default: the picture's generation height"),
    ad_use_steps: flag('ad_steps'),
    ad_steps: z.int().min(1).max(150).optional().describe("Steps; default: the picture's"),
    ad_use_cfg_scale: flag('ad_cfg_scale'),
    ad_cfg_scale: z.number().min(0).max(30).optional().describe("CFG; default: the picture's"),
    ad_use_checkpoint: flag('ad_checkpoint'),
    ad_checkpoint: optionalName("Checkpoint; default: the picture's"),
    ad_use_vae: flag('ad_vae'),
    ad_vae: optionalName("VAE; default: the picture's"),
    ad_use_sampler: flag('ad_sampler'),
    ad_sampler: optionalName("Sampler; default: the picture's"),
    ad_scheduler: optionalName("Scheduler; default: the picture's"),
    ad_use_noise_multiplier: flag('ad_noise_multiplier'),
    ad_noise_multiplier: z.number().min(0.5).max(1.5).optional().describe('Noise added at first'),
    ad_use_clip_skip: flag('ad_clip_skip'),
    ad_clip_skip: z.int().min(1).max(12).optional().describe("CLIP layers; default: the picture's"),
    ad_restore_face: z.boolean().default(false).describe('Repair faces after it'),
    ad_controlnet_model: optionalName('ControlNet model'),
    ad_controlnet_module: optionalName('ControlNet preprocessor'),
    ad_controlnet_weight: share.optional().describe('ControlNet weight; default 1'),
    ad_controlnet_guidance_start: share
      .optional()
      .describe('ControlNet from this share of steps; default 0'),
    ad_controlnet_guidance_end: share
      .optional()
      .describe('ControlNet up to this share of steps; default 1'),
  })
  .superRefine((given, ctx) => {
    const refuse = (key: string, message: string): void =>
      ctx.addIssue({ code: 'custom', path: [key], message })
    if (given.ad_model.toLowerCase() === 'none')
      refuse('ad_model', '"None" detects nothing: name a detector, or leave the unit out')
    for (const [use, fields] of Object.entries(switched)) {
      const key = use as keyof typeof switched
      const set = fields.filter((field) => given[field] !== undefined)
      if (given[key] === false && set.length > 0)
        refuse(key, `is false, but ${set.join(' and ')} is set: remove one`)
      if (given[key] === true && set.length < fields.length)
        refuse(key, `is true, but ${fields.join(' and ')} is not set`)
    }
    // The flag covers the scheduler too, which may also be set alone.
    if (given.ad_use_sampler === false && given.ad_scheduler !== undefined)
      refuse('ad_use_sampler', 'is false, but ad_scheduler is set: remove one')
    if (given.ad_mask_min_ratio > given.ad_mask_max_ratio)
      refuse('ad_mask_min_ratio', 'must not be above ad_mask_max_ratio')
    const controlled = [
      'ad_controlnet_module',
      'ad_controlnet_weight',
      'ad_controlnet_guidance_start',
      'ad_controlnet_guidance_end',
    ] as const
    for (const key of controlled)
      if (given[key] !== undefined && given.ad_controlnet_model === undefined)
        refuse(key, 'needs ad_controlnet_model')
  })

/** The section `adetailer`: units run in order, each on the result of the one before. */
export const adetailerConfig = z
  .object({ units: z.array(unit).min(1).max(16).describe('What to find and redraw, in order') })
  .superRefine(({ units }, ctx) => {
    const names = units.map(unitName)
    for (const [i, name] of names.entries())
      if (names.indexOf(name) !== i)
        ctx.addIssue({
          code: 'custom',
          path: ['units', i, 'name'],
          message: `"${name}" names two units: give each its own name`,
        })
  })

export type AdetailerConfig = z.output<typeof adetailerConfig>
export type AdetailerUnit = AdetailerConfig['units'][number]

/** A unit's name: its own, else its detector's without the ending. */
export function unitName(given: {
  readonly name?: string | undefined
  readonly ad_model: string
}): string {
  return given.name ?? given.ad_model.replace(/^.*[\\/]/, '').replace(/\.[a-z]+$/i, '')
}

/** The flags of the specification's flat form that set a unit's field. */
export const unitFields: readonly string[] = Object.keys(unit.shape)
