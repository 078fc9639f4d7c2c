import { z } from 'zod'

export const backgroundConfig = z.strictObject({
  model: z.string().min(1).default('u2net').describe('What finds the subject, by its rembg name'),
  alpha_matting: z.boolean().default(false).describe('Finer edges: hair, fur; slower'),
})
