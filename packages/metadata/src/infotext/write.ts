import { nameWithoutPath } from '../block/without-paths.js'
import { adetailerPairs } from './adetailer.js'
import type { InfotextFacts, UpscaleFacts } from './facts.js'
import { basename, modelStem } from './names.js'
import { type Pair, pairsLine, told } from './pairs.js'
import { isNegative, promptLinesKey, splitInfotext } from './parse.js'

/** The infotext of a picture, as the WebUI writes and reads it: the prompts as returned, then `Key: value` pairs. Files
 *  are told by name alone, never by their folder. `parseInfotext` gives back exactly what is written: where the grammar
 *  alone would split the prompts elsewhere (a line of the prompt begins with "Negative prompt:", or all lines end in a
 *  carriage return), a pair `Prompt lines` says how many lines are the prompt's.
 *  @source WebUI modules/infotext_utils.py, modules/processing.py: `create_infotext` */
export function infotext(facts: InfotextFacts): string {
  const { prompt, negative_prompt: negative } = facts.settings
  const head = negative === '' ? [prompt] : [prompt, `Negative prompt: ${negative}`]
  const lines = head.join('\n').split('\n')
  const promptLines = prompt.split('\n')
  const unclear = promptLines.some(isNegative) || lines.every((line) => line.endsWith('\r'))
  const split: Pair[] = unclear ? [[promptLinesKey, promptLines.length]] : []
  return [...head, pairsLine([...infotextPairs(facts), ...split])].join('\n')
}

/** The pairs of an infotext in order, as `parseInfotext` gives them back. */
export function infotextPairs(facts: InfotextFacts): [key: string, value: string][] {
  return told([
    ...samplingPairs(facts),
    ...passPairs(facts),
    ...(facts.upscale === undefined ? [] : upscalePairs(facts.upscale)),
    ...(facts.adetailer ?? []).flatMap((unit, i) => adetailerPairs(unit, i)),
    ['Version', facts.version],
    ['Stages', facts.stages],
  ])
}

/** The same text with more pairs at its end; pairs that it had under the same key are replaced. */
export function withPairs(text: string, more: readonly Pair[]): string {
  const { head, pairs } = splitInfotext(text)
  const keys = new Set(more.map(([key]) => key))
  const kept = pairs.filter(([key]) => !keys.has(key))
  return [...head, pairsLine([...kept, ...more])].join('\n')
}

/** The pairs of an enlargement, as the WebUI's page for extras and its script "SD upscale" write them; what they do not
 *  tell (the factor and tile of the script, shares) under words of the same kind.
 *  @source WebUI scripts/postprocessing_upscale.py, scripts/sd_upscale.py */
export function upscalePairs(facts: UpscaleFacts): Pair[] {
  if (facts.mode === 'sd_upscale')
    return [
      ['SD upscale by', facts.upscaling_resize],
      ['SD upscale upscaler', nameWithoutPath(facts.upscaler_1)],
      ['SD upscale tile', `${facts.tile_width}x${facts.tile_height}`],
      ['SD upscale overlap', facts.tile_overlap],
      ['SD upscale denoising strength', facts.denoising_strength],
    ]
  const { resize_mode: mode, upscaling_resize_w: w, upscaling_resize_h: h } = facts
  const sized = mode === 1 && w !== undefined && h !== undefined ? `${w}x${h}` : undefined
  const second = facts.upscaler_2
  const { codeformer_visibility: repaired } = facts
  return [
    ['Postprocess upscale by', mode === 0 ? (facts.upscaling_resize ?? 2) : undefined],
    ['Postprocess upscale to', sized],
    ['Postprocess crop to', facts.upscaling_crop ? sized : undefined],
    ['Postprocess upscaler', nameWithoutPath(facts.upscaler_1)],
    ['Postprocess upscaler 2', second === undefined ? undefined : nameWithoutPath(second)],
    ['Postprocess upscaler 2 visibility', second && facts.extras_upscaler_2_visibility],
    ['Postprocess GFPGAN visibility', facts.gfpgan_visibility || undefined],
    ['Postprocess CodeFormer visibility', repaired || undefined],
    ['Postprocess CodeFormer weight', repaired > 0 ? facts.codeformer_weight : undefined],
  ]
}

function samplingPairs({ settings, model_hash }: InfotextFacts): Pair[] {
  const varied = settings.subseed_strength > 0
  const { model, vae, additional_modules: modules = [], clip_skip: skip } = settings
  return [
    ['Steps', settings.steps],
    ['Sampler', settings.sampler_name],
    ['Schedule type', settings.scheduler],
    ['CFG scale', settings.cfg_scale],
    ['Distilled CFG Scale', settings.distilled_cfg_scale],
    ['Seed', settings.seed],
    ['Size', `${settings.width}x${settings.height}`],
    ['Model hash', model_hash],
    ['Model', model === undefined ? undefined : modelStem(model)],
    ['VAE', vae === undefined || vae === 'Automatic' ? undefined : basename(vae)],
    ...modules.map((name, i): Pair => [`Module ${i + 1}`, modelStem(name)]),
    ['Clip skip', skip === undefined || skip === 1 ? undefined : skip],
    ['Variation seed', varied ? settings.subseed : undefined],
    ['Variation seed strength', varied ? settings.subseed_strength : undefined],
  ]
}

function passPairs({ denoising_strength, hires, refiner }: InfotextFacts): Pair[] {
  const sized = hires !== undefined && (hires.hr_resize_x > 0 || hires.hr_resize_y > 0)
  const { hr_checkpoint_name: checkpoint, hr_additional_modules: modules = [] } = hires ?? {}
  const pass = refiner?.refiner_pass
  return [
    ['Denoising strength', hires?.denoising_strength ?? denoising_strength],
    ['Hires upscale', hires === undefined || sized ? undefined : hires.hr_scale],
    ['Hires resize', sized ? `${hires.hr_resize_x}x${hires.hr_resize_y}` : undefined],
    ['Hires steps', hires?.hr_second_pass_steps || undefined],
    ['Hires upscaler', hires === undefined ? undefined : nameWithoutPath(hires.hr_upscaler)],
    ['Hires sampler', hires?.hr_sampler_name],
    ['Hires schedule type', hires?.hr_scheduler],
    ['Hires CFG Scale', hires?.hr_cfg],
    ['Hires Distilled CFG Scale', hires?.hr_distilled_cfg],
    ['Hires prompt', hires?.hr_prompt],
    ['Hires negative prompt', hires?.hr_negative_prompt],
    ['Hires checkpoint', checkpoint === undefined ? undefined : modelStem(checkpoint)],
    ...modules.map((name, i): Pair => [`Hires Module ${i + 1}`, modelStem(name)]),
    ['Refiner', refiner === undefined ? undefined : modelStem(refiner.refiner_checkpoint)],
    ['Refiner switch at', refiner?.refiner_switch_at],
    [
      'Refiner switch by sampling steps',
      refiner?.refiner_switch_by === 'steps' ? 'True' : undefined,
    ],
    ['Hires refiner pass', pass === undefined || hires === undefined ? undefined : passes[pass]],
  ]
}

/** The WebUI's words. @source WebUI modules/shared_options.py: `hires_fix_refiner_pass` */
const passes = { first: 'first pass', second: undefined, both: 'both passes' }
