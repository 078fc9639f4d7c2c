import { z } from 'zod'

const share = z.number().min(0).max(1)

/** The section `acme_controlnet`. Names are the extension's own. */
export const controlnetConfig = z.strictObject({
  units: z
    .array(
      z.strictObject({
        image: z.string().min(1).describe('Picture that guides: a path'),
        model: z.string().min(1).describe('ControlNet model'),
        module: z.string().min(1).default('none').describe('Preprocessor'),
        weight: z.number().min(0).max(2).default(1).describe('How much it guides'),
        guidance_start: share.default(0).describe('From this share of the steps'),
        guidance_end: share.default(1).describe('Up to this share of the steps'),
        control_mode: z
          .enum(['Balanced', 'My prompt is more important', 'ControlNet is more important'])
          .default('Balanced')
          .describe('What counts when prompt and picture disagree'),
        resize_mode: z
          .enum(['Just Resize', 'Crop and Resize', 'Resize and Fill'])
          .default('Crop and Resize')
          .describe('How a picture of another aspect is fitted'),
        pixel_perfect: z.boolean().default(true).describe('Preprocess at the size of the call'),
      }),
    )
    .min(1)
    .max(3)
    .describe('What guides every call that generates'),
})

export type ControlnetConfig = z.output<typeof controlnetConfig>
export type ControlnetUnit = ControlnetConfig['units'][number]
