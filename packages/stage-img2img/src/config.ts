import {
  heightField,
  passthroughFields,
  samplingFields,
  seedField,
  subseedField,
  widthField,
  wordOrNumber,
} from '@stagewright/core/sampling'
import { z } from 'zod'

const reference = z.string().min(1)

/** The section `img2img`. Names are the WebUI API's, defaults its page's (the API's own differ). */
export const img2imgConfig = z
  .object({
    ...samplingFields,
    init_images: z
      .array(reference)
      .min(1)
      .optional()
      .describe('Pictures to start from: paths, folders or globs, relative to the run file'),
    width: widthField
      .optional()
      .describe("Target width; unset: by height's aspect, or the picture's own"),
    height: heightField
      .optional()
      .describe("Target height; unset: by width's aspect, or the picture's own"),
    resize_by: z.number().gt(0).max(8).optional().describe('Target as a factor of the picture'),
    resize_mode: wordOrNumber(['stretch', 'crop', 'fill', 'latent'])
      .prefault('stretch')
      .describe('How a picture of another aspect is fitted'),
    seed: seedField.optional().describe("Seed; unset after another stage: the picture's own + 1"),
    subseed: subseedField.optional().describe("Seed of the variation; unset: the picture's own"),
    denoising_strength: z
      .number()
      .min(0)
      .max(1)
      .default(0.75)
      .describe('How much is redrawn: 0 nothing, 1 all'),
    image_cfg_scale: z.number().min(0).max(30).optional().describe('For instruct-pix2pix models'),
    initial_noise_multiplier: z
      .number()
      .min(0)
      .max(1.5)
      .optional()
      .describe('Noise added at first'),
    mask: z
      .union([reference, z.array(reference).min(1)])
      .optional()
      .describe('Picture whose white parts are redrawn: one for all, or one for each'),
    mask_blur: z.int().min(0).max(64).default(4).describe('Softness of the mask in pixels'),
    mask_round: z.boolean().optional().describe('Whether the mask is made black and white'),
    inpainting_fill: wordOrNumber(['fill', 'original', 'noise', 'nothing'])
      .prefault('original')
      .describe('What stands under the mask at first'),
    inpaint_full_res: z
      .boolean()
      .default(false)
      .describe('Redraw only the masked region, at width x height'),
    inpaint_full_res_padding: z
      .int()
      .min(0)
      .max(1024)
      .default(32)
      .describe('Pixels around the masked region'),
    inpainting_mask_invert: z
      .union([z.boolean(), z.int().min(0).max(1)])
      .transform(Number)
      .prefault(false)
      .describe('Redraw what the mask leaves out'),
    ...passthroughFields,
  })
  .superRefine((config, ctx) => {
    if (config.resize_by !== undefined && (config.width ?? config.height) !== undefined)
      ctx.addIssue({
        code: 'custom',
        path: ['resize_by'],
        message: 'give either resize_by or width/height, not both',
      })
  })

export type Img2ImgConfig = z.output<typeof img2imgConfig>
