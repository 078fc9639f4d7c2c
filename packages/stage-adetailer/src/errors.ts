import { defineNotes } from '@stagewright/core'

/** Notes of this stage alone. */
export const adetailerNotes = defineNotes({
  SW_NOTE_DETAIL_SMALL: (d: { unit: string; picture: string; working: string }) =>
    `${d.unit} works at ${d.working} on pictures of ${d.picture}: large regions come out soft; raise ad_inpaint_width/height, or place adetailer before upscale`,
  SW_NOTE_DETAIL_AND_RESTORE: (d: { stage: string }) =>
    `restore_faces repairs faces before ${d.stage} does: one of them is enough`,
})
