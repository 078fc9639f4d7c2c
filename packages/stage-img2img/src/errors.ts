import { defineErrors, defineNotes } from '@stagewright/core'

/** Errors of this stage alone. */
export const img2imgErrors = defineErrors({
  SW_IMG2IMG_TWO_SOURCES: {
    kind: 'plan',
    message: (d: { stage: string }) =>
      `${d.stage}.init_images are given, but pictures also come from the stage before it`,
    hint: 'remove init_images, or disable the stage before it',
  },
  SW_IMG2IMG_TOO_LARGE: {
    kind: 'plan',
    message: (d: { stage: string; width: number; height: number; suggestion: string }) =>
      `${d.stage} would redraw ${d.width}x${d.height}, the picture's own size: over 2 MP`,
    hint: (d) => `give width or height yourself; about 1 MP of the same aspect: ${d.suggestion}`,
  },
  SW_IMG2IMG_STRETCH: {
    kind: 'plan',
    message: (d: { stage: string; from: string; to: string; fitting: string }) =>
      `${d.stage} would stretch a picture of ${d.from} to ${d.to}`,
    hint: (d) => `use resize_mode: crop or fill, or the fitting size ${d.fitting}`,
  },
  SW_IMG2IMG_MASK_COUNT: {
    kind: 'plan',
    message: (d: { stage: string; masks: number; pictures: number }) =>
      `${d.stage} has ${d.masks} masks for ${d.pictures} pictures`,
    hint: 'give one mask for all pictures, or one for each',
  },
  SW_IMG2IMG_MASK_SIZE: {
    kind: 'plan',
    message: (d: { stage: string; mask: string; picture: string }) =>
      `${d.stage}.mask is ${d.mask}, but its picture is ${d.picture}`,
    hint: 'make the mask the size of the picture (after its EXIF orientation)',
  },
  SW_IMG2IMG_MASK_EMPTY: {
    kind: 'plan',
    message: (d: { stage: string; colour: 'black' | 'white' }) =>
      `${d.stage}.mask is all ${d.colour}: nothing would be redrawn`,
    hint: 'paint white what is to be redrawn, black with inpainting_mask_invert: true',
  },
})

/** Notes of this stage alone. */
export const img2imgNotes = defineNotes({
  SW_NOTE_MASK_FULL: (d: { stage: string; colour: 'black' | 'white' }) =>
    `${d.stage}.mask is all ${d.colour}: everything is redrawn, as without a mask`,
  SW_NOTE_LATER_N_ITER: (d: { stage: string; n_iter: number }) =>
    `${d.stage}.n_iter makes ${d.n_iter} variations of every picture that comes in`,
})
