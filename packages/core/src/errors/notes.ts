import { defineNotes } from './define-notes.js'
import { quoteList } from './nearest.js'

/** Notes that core itself makes. `docs/errors.md` lists them by a test. */
export const notes = defineNotes({
  SW_NOTE_SECTION_IDLE: (d: { stage: string; switches: readonly string[] }) =>
    `the section ${d.stage} is written, but nothing in it switches it on; set ${quoteList(d.switches, 'or')} to true`,
  SW_NOTE_PLACED: (d: { stage: string; from: string; to: string; by: string }) =>
    `placement moved ${d.stage} from ${d.from} to ${d.to} (${d.by})`,
  SW_NOTE_SIZE_ROUNDED: (d: {
    width: number
    height: number
    realWidth: number
    realHeight: number
    multiple: number
  }) =>
    `${d.width}x${d.height} is not on the backend's grid of ${d.multiple}: pictures will be ${d.realWidth}x${d.realHeight}`,
  SW_NOTE_LARGE_PICTURE: (d: { width: number; height: number; megapixels: string }) =>
    `pictures of ${d.width}x${d.height} (${d.megapixels} MP) need a lot of memory`,
  SW_NOTE_LARGE_CALL: (d: { megapixels: string }) =>
    `a diffusion call of ${d.megapixels} MP is likely to run out of GPU memory`,
  SW_NOTE_PROMPT_SYNTAX: (d: { path: string; found: string }) =>
    `${d.path} holds ${d.found}, which no sweep resolves: it is sent as it stands`,
  SW_NOTE_NEGATIVE_UNUSED: (d: { negative_prompt: string }) =>
    `at cfg_scale 1 the negative prompt has no effect (${d.negative_prompt.slice(0, 40)})`,
  SW_NOTE_SAMPLER_SPLIT: (d: { name: string; sampler_name: string; scheduler: string }) =>
    `"${d.name}" is the sampler "${d.sampler_name}" with the scheduler "${d.scheduler}"`,
})
