import { z } from 'zod'

/** The section `my_stage` of a run file. Every field says what it is: tables and editors show it. */
export const myStageConfig = z.object({
  strength: z
    .number()
    .min(0.05)
    .max(0.6)
    .default(0.2)
    .describe('How much of each picture is redrawn, 0.05 to 0.6'),
  add_to_prompt: z.string().default('').describe("Words that are added to the picture's prompt"),
  sampler_name: z.string().min(1).optional().describe("Sampler; unset: the picture's own"),
})

export type MyStageConfig = z.output<typeof myStageConfig>
