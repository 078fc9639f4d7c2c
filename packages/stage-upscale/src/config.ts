import { maxSeed, optionalName } from '@stagewright/core/sampling'
import { z } from 'zod'

const visibility = z.number().min(0).max(1)
const side = z.int().min(64).max(16_384)

const extrasOnly = [
  'upscaler_2',
  'extras_upscaler_2_visibility',
  'upscaling_resize_w',
  'upscaling_resize_h',
  'upscaling_crop',
  'gfpgan_visibility',
  'codeformer_visibility',
  'codeformer_weight',
] as const
const diffusionOnly = [
  'tile_width',
  'tile_height',
  'tile_overlap',
  'denoising_strength',
  'steps',
  'cfg_scale',
  'sampler_name',
  'scheduler',
  'prompt',
  'negative_prompt',
  'seed',
] as const

/** The section `upscale`. Names are the WebUI API's; what belongs to the other mode is refused, not ignored. */
export const upscaleConfig = z
  .object({
    mode: z
      .enum(['extras', 'sd_upscale'])
      .default('extras')
      .describe('extras: an upscaler alone; sd_upscale: redraw tile by tile after it'),
    where: z
      .enum(['server', 'client'])
      .default('server')
      .describe(
        'client: resampled here, without the server: Lanczos, Bicubic, Bilinear or Nearest',
      ),
    upscaler_1: z.string().min(1).describe('Upscaler'),
    upscaling_resize: z
      .number()
      .gt(0)
      .max(8)
      .optional()
      .describe('Factor; 2 when no size is given; 1 to 4 with sd_upscale'),
    upscaling_resize_w: side.optional().describe('extras: target width, instead of a factor'),
    upscaling_resize_h: side.optional().describe('extras: target height, instead of a factor'),
    upscaling_crop: z
      .boolean()
      .optional()
      .describe('extras: crop to the exact target; default true'),
    upscaler_2: optionalName('extras: second upscaler, blended in'),
    extras_upscaler_2_visibility: visibility
      .optional()
      .describe('extras: share of upscaler_2; default 0'),
    gfpgan_visibility: visibility
      .optional()
      .describe('extras: share of GFPGAN face repair; default 0'),
    codeformer_visibility: visibility
      .optional()
      .describe('extras: share of CodeFormer face repair; default 0'),
    codeformer_weight: visibility
      .optional()
      .describe('extras: CodeFormer fidelity, 0 strongest; default 0'),
    tile_width: side
      .optional()
      .describe("sd_upscale: tile width; default: the picture's generation width"),
    tile_height: side
      .optional()
      .describe("sd_upscale: tile height; default: the picture's generation height"),
    tile_overlap: z
      .int()
      .min(0)
      .max(256)
      .optional()
      .describe('sd_upscale: overlap in pixels; default 64'),
    denoising_strength: visibility
      .optional()
      .describe('sd_upscale: how much is redrawn; default 0.25'),
    steps: z.int().min(1).max(150).optional().describe("sd_upscale: steps; default: the picture's"),
    cfg_scale: z
      .number()
      .min(0)
      .max(30)
      .optional()
      .describe("sd_upscale: CFG; default: the picture's"),
    sampler_name: optionalName("sd_upscale: sampler; default: the picture's"),
    scheduler: optionalName("sd_upscale: scheduler; default: the picture's"),
    prompt: z.string().min(1).optional().describe("sd_upscale: prompt; default: the picture's"),
    negative_prompt: z
      .string()
      .optional()
      .describe("sd_upscale: negative prompt; default: the picture's"),
    seed: z
      .int()
      .min(-1)
      .max(maxSeed)
      .optional()
      .describe("sd_upscale: seed; default: the picture's; -1: random"),
  })
  .superRefine((config, ctx) => {
    const refuse = (key: string, message: string): void =>
      ctx.addIssue({ code: 'custom', path: [key], message })
    if (config.upscaler_1.toLowerCase() === 'none')
      refuse('upscaler_1', '"None" enlarges nothing: name an upscaler, or disable the stage')
    const foreign = config.mode === 'extras' ? diffusionOnly : extrasOnly
    for (const key of foreign)
      if (config[key] !== undefined) refuse(key, `has no effect with mode: ${config.mode}`)
    const sized = (config.upscaling_resize_w ?? config.upscaling_resize_h) !== undefined
    if (sized && config.upscaling_resize !== undefined)
      refuse('upscaling_resize', 'give either a factor or upscaling_resize_w/h, not both')
    if (config.mode === 'sd_upscale') {
      const factor = config.upscaling_resize ?? 2
      if (factor < 1 || factor > 4)
        refuse('upscaling_resize', 'must be from 1 to 4 with sd_upscale')
      const { tile_overlap: overlap = 64 } = config
      // The WebUI divides by what is left of a tile, or redraws nothing.
      for (const key of ['tile_width', 'tile_height'] as const)
        if ((config[key] ?? Infinity) <= overlap)
          refuse(key, `must be larger than tile_overlap, ${overlap}`)
      if (config.where === 'client') refuse('where', 'client cannot diffuse: use mode: extras')
    }
    if (config.where === 'client')
      for (const key of ['gfpgan_visibility', 'codeformer_visibility'] as const)
        if ((config[key] ?? 0) > 0) refuse(key, 'needs a server: remove where: client')
    if (config.extras_upscaler_2_visibility !== undefined && config.upscaler_2 === undefined)
      refuse('extras_upscaler_2_visibility', 'needs upscaler_2')
  })

export type UpscaleConfig = z.output<typeof upscaleConfig>
