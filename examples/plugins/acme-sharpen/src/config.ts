import { z } from 'zod'

export const sharpenConfig = z.strictObject({
  sigma: z.number().gt(0).max(10).default(1).describe('Radius of the edges, in pixels'),
  amount: z.number().min(0).max(10).default(2).describe('How much edges are sharpened'),
})

export type SharpenConfig = z.output<typeof sharpenConfig>
