import { z } from 'zod'

/** WebUI labels that mean "not set". */
const unsetLabels = new Set(['Use same sampler', 'Use same scheduler', 'Use same checkpoint'])

/** A name that may be left out; the page's labels "Use same …" mean the same as leaving it out. */
export const optionalName = (description: string) =>
  z
    .string()
    .transform((name) => (name === '' || unsetLabels.has(name) ? undefined : name))
    .optional()
    .describe(description)

/** A word or the WebUI's number for it. */
export const wordOrNumber = <const W extends readonly [string, ...string[]]>(
  words: W,
  // Stated: the inferred type is written to the declarations in a form that does not compile there.
): z.ZodType<number, W[number] | number> =>
  z
    .union([
      z.enum(words),
      z
        .int()
        .min(0)
        .max(words.length - 1),
    ])
    .transform((value) => (typeof value === 'number' ? value : words.indexOf(value)))

/** Largest seed of the WebUI: 2³²−1. */
export const maxSeed = 2 ** 32 - 1

const side = (axis: string) =>
  z.int().min(64).max(16_384).describe(`${axis} of the generating pass in pixels`)

/** The zod fields that generating stages share; each is named and meant as in the WebUI API, with its page's default.
 *  `width` and `height` have no default here: txt2img has one, img2img takes the picture's size. */
export const samplingFields = {
  prompt: z.string().min(1).describe('What the picture shows; <lora:name:weight> tags are allowed'),
  negative_prompt: z.string().default('').describe('What it must not show; unused at cfg_scale 1'),
  styles: z.array(z.string().min(1)).optional().describe('Names of prompt styles of the server'),
  model: z
    .string()
    .min(1)
    .optional()
    .describe("Checkpoint; unset: the server's own, pinned for the run"),
  vae: z.string().min(1).optional().describe("VAE; unset: the server's own"),
  additional_modules: z
    .array(z.string().min(1))
    .optional()
    .describe('Forge: text encoder and VAE files'),
  clip_skip: z.int().min(1).max(12).optional().describe('CLIP layers from the end'),
  sampler_name: z.string().min(1).default('DPM++ 2M').describe('Sampler'),
  scheduler: z.string().min(1).default('Automatic').describe('Noise schedule'),
  steps: z.int().min(1).max(150).default(20).describe('Sampling steps'),
  cfg_scale: z.number().min(0).max(30).default(7).describe('How closely the prompt is followed'),
  distilled_cfg_scale: z
    .number()
    .min(0)
    .max(30)
    .optional()
    .describe('Forge: guidance of Flux models'),
  subseed_strength: z.number().min(0).max(1).default(0).describe('Blend from seed to subseed'),
  batch_size: z.int().min(1).max(64).default(1).describe('Pictures in one call'),
  n_iter: z.int().min(1).max(1000).default(1).describe('Calls, one after the other'),
  override_settings: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('WebUI options for this request only'),
}

/** What generating stages inherit: the shared fields of a run file. */
export const sharedFields = [
  'prompt',
  'negative_prompt',
  'styles',
  'model',
  'vae',
  'additional_modules',
  'clip_skip',
  'sampler_name',
  'scheduler',
  'steps',
  'cfg_scale',
  'distilled_cfg_scale',
  'width',
  'height',
  'batch_size',
  'n_iter',
  'seed',
  'subseed',
  'subseed_strength',
  'override_settings',
] as const

export const widthField = side('Width')
export const heightField = side('Height')

/** −1 becomes a number once, before the first call. */
export const seedField = z
  .int()
  .min(-1)
  .max(maxSeed)
  .describe('Seed of the first picture; -1: random')
export const subseedField = z
  .int()
  .min(-1)
  .max(maxSeed)
  .describe('Seed of the variation; -1: random')

/** Fields of both generating requests that are handed on as they are. */
export const passthroughFields = {
  restore_faces: z.boolean().optional().describe('Repair faces after generation'),
  tiling: z.boolean().optional().describe('Make the picture tileable'),
  disable_extra_networks: z.boolean().optional().describe('Ignore <lora:…> tags'),
  seed_resize_from_w: z
    .int()
    .min(-1)
    .max(16_384)
    .optional()
    .describe('Width the seed was found at'),
  seed_resize_from_h: z
    .int()
    .min(-1)
    .max(16_384)
    .optional()
    .describe('Height the seed was found at'),
  eta: z.number().min(0).max(1).optional().describe('Eta noise multiplier of ancestral samplers'),
  s_min_uncond: z
    .number()
    .min(0)
    .max(15)
    .optional()
    .describe('Skip the negative pass below this sigma'),
  s_churn: z.number().min(0).max(100).optional().describe('Sampler parameter sigma churn'),
  s_tmin: z.number().min(0).max(10).optional().describe('Sampler parameter sigma tmin'),
  s_tmax: z.number().min(0).max(1000).optional().describe('Sampler parameter sigma tmax'),
  s_noise: z.number().min(0).max(1.1).optional().describe('Sampler parameter sigma noise'),
  alwayson_scripts: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Always-on scripts by title, as the WebUI API takes them'),
  script_name: z.string().min(1).optional().describe('Selectable script'),
  script_args: z.array(z.unknown()).optional().describe('Arguments of script_name, in its order'),
}
