import { defineErrors, defineNotes } from '@stagewright/core'

/** Errors of this stage alone. */
export const refinerErrors = defineErrors({
  SW_REFINER_SAME_MODEL: {
    kind: 'plan',
    message: (d: { stage: string; refiner: string; model: string }) =>
      `${d.stage}.refiner_model_name "${d.refiner}" is the model of the pass itself ("${d.model}"): servers skip it`,
    hint: 'name another checkpoint, or set refiner_enabled: false',
  },
  SW_REFINER_LATENT_MODE: {
    kind: 'plan',
    message: (d: { stage: string; upscaler: string; reason: string }) =>
      `${d.stage}.hr_upscaler "${d.upscaler}" works only inside a txt2img call, and this pass is a call of its own (${d.reason})`,
    hint: 'use "Latent" or a pixel upscaler, or hr_strategy: merged right after txt2img',
  },
})

/** Notes of this stage alone. */
export const refinerNotes = defineNotes({
  SW_NOTE_HIRES_PIXEL_STRONG: (d: { upscaler: string; strength: number }) =>
    `denoising ${d.strength} after the pixel upscaler "${d.upscaler}" redraws much of the picture; up to 0.5 is usual`,
  SW_NOTE_HIRES_LATENT_WEAK: (d: { upscaler: string; strength: number }) =>
    `denoising ${d.strength} after the latent upscaler "${d.upscaler}" leaves it blurred; from 0.5 is usual`,
  SW_NOTE_HIRES_NOT_LARGER: (d: { from: string; to: string }) =>
    `the high-res pass does not enlarge: ${d.from} to ${d.to}`,
  SW_NOTE_HIRES_APART: (d: { reason: string }) =>
    `hr_strategy: merged cannot be kept, and the high-res pass is a call of its own: ${d.reason}`,
  SW_NOTE_HIRES_OUTSIDE_MASK: (d: { stage: string }) =>
    `${d.stage} redraws the whole picture, outside the mask too`,
  SW_NOTE_REFINER_SHARE: (d: { steps: number; of: number }) =>
    `the refiner renders only ${d.steps} of ${d.of} steps; switch earlier to see it`,
})
