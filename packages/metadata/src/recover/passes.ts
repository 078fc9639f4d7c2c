import { splitSampler } from '@stagewright/core/sampling'

import type { InfotextDialect } from '../infotext/dialect.js'
import { modelStem } from '../infotext/names.js'
import { webuiSampler, webuiScheduler } from '../infotext/sampler-names.js'
import { above, between, type Recovery, share, sizeOf, type Told, whole } from './recovery.js'
import { modulesOf } from './sampling.js'
import type { Way } from './way.js'

const strength = above(0, 1)
const scale = above(0, 8)
const steps = whole(0, 150)
const side = whole(0, 16_384)
const cfg = between(0, 30)

/** The section `refiner`: a second model, a high-res pass, or both. */
export function recoverRefiner(
  out: Recovery,
  told: Told,
  dialect: InfotextDialect | undefined,
  way: Way,
  picture: { readonly width: number; readonly height: number },
): void {
  if (way.hires) recoverHires(out, told, picture)
  if (way.ownPass) recoverOwnPass(out, told)
  const model = modelStem(told.take('Refiner') ?? '')
  const at = told.take('Refiner switch at')
  const bySteps = told.take('Refiner switch by sampling steps')
  const pass = told.take('Hires refiner pass')
  if (model === '' || model.toLowerCase() === 'none') return
  out.keep('refiner.refiner_enabled', true)
  out.keep('refiner.refiner_model_name', model)
  if (at === undefined) out.lose('refiner.refiner_switch_at', 'not told: the default is used')
  else out.number('refiner.refiner_switch_at', at, (value) => above(0, 1)(value) && value !== 1)
  if (bySteps !== undefined) out.keep('refiner.refiner_switch_by', words(bySteps))
  else if (dialect === 'a1111')
    out.guess('refiner.refiner_switch_by', 'noise', 'AUTOMATIC1111’s way unless it says otherwise')
  if (pass !== undefined && passes[pass] !== undefined)
    out.keep('refiner.refiner_pass', passes[pass])
}

const passes: Readonly<Record<string, string>> = {
  'first pass': 'first',
  'second pass': 'second',
  'both passes': 'both',
}

function words(bySteps: string): 'steps' | 'noise' {
  return /^true$/i.test(bySteps) ? 'steps' : 'noise'
}

function recoverHires(
  out: Recovery,
  told: Told,
  picture: { readonly width: number; readonly height: number },
): void {
  out.keep('refiner.enable_hr', true)
  const upscale = told.take('Hires upscale')
  // sd-server has the upscaler there, and the factor under "Hires scale".
  const named = upscale !== undefined && !/^[\d.]+$/.test(upscale)
  const upscaler = told.take('Hires upscaler') ?? (named ? upscale : undefined)
  const factor = told.take('Hires scale') ?? (named ? undefined : upscale)
  recoverTarget(out, told, factor, picture)
  if (upscaler === undefined || upscaler === '')
    out.guess('refiner.hr_upscaler', 'Latent', 'not told: the default', 'default')
  else out.keep('refiner.hr_upscaler', upscaler)
  const count = told.take('Hires steps')
  out.number('refiner.hr_second_pass_steps', count, steps)
  const redrawn = told.take('Denoising strength', 'Hires strength')
  if (redrawn === undefined)
    out.lose('refiner.denoising_strength', 'not told: the default is used', 'default')
  else out.number('refiner.denoising_strength', redrawn, strength)
  recoverOwnSettings(out, told)
}

/** Sampler, schedule, prompts and model of the second pass; the page's labels "Use same …" mean that it has none. */
function recoverOwnSettings(out: Recovery, told: Told): void {
  const given = (key: string): string | undefined => {
    const text = told.take(key)
    return text === undefined || text === '' || text.startsWith('Use same ') ? undefined : text
  }
  const sampler = given('Hires sampler')
  const split = sampler === undefined ? undefined : splitSampler(sampler)
  const scheduler = given('Hires schedule type') ?? split?.scheduler
  if (sampler !== undefined && sampler !== 'Same as primary')
    out.keep('refiner.hr_sampler_name', split?.sampler_name ?? webuiSampler(sampler))
  if (scheduler !== undefined) out.keep('refiner.hr_scheduler', webuiScheduler(scheduler))
  out.number('refiner.hr_cfg', told.take('Hires CFG Scale', 'Hires CFG scale'), cfg)
  out.number('refiner.hr_distilled_cfg', told.take('Hires Distilled CFG Scale'), cfg)
  for (const [key, field] of [
    ['Hires prompt', 'hr_prompt'],
    ['Hires negative prompt', 'hr_negative_prompt'],
  ] as const) {
    const text = told.take(key)
    if (text !== undefined && text !== '') out.keep(`refiner.${field}`, text)
  }
  const checkpoint = modelStem(given('Hires checkpoint') ?? '')
  if (checkpoint !== '') out.keep('refiner.hr_checkpoint_name', checkpoint)
  const modules = modulesOf(told, 'Hires Module').filter((name) => name !== 'Use same choices')
  if (modules.length > 0)
    out.keep('refiner.hr_additional_modules', modules[0] === 'Built-in' ? [] : modules)
}

function recoverTarget(
  out: Recovery,
  told: Told,
  factor: string | undefined,
  picture: { readonly width: number; readonly height: number },
): void {
  const size = sizeOf(told.take('Hires resize', 'Hires fixed'))
  told.take('Hires size')
  if (size !== undefined && (size.width > 0 || size.height > 0)) {
    out.number('refiner.hr_resize_x', String(size.width), side)
    out.number('refiner.hr_resize_y', String(size.height), side)
    return
  }
  if (factor !== undefined) {
    out.number('refiner.hr_scale', factor, scale)
    return
  }
  const first = sizeOf(told.peek('Size'))
  const grown = first === undefined ? 0 : picture.width / first.width
  if (
    first !== undefined &&
    grown > 1 &&
    scale(grown) &&
    told.peek('Postprocess upscaler') === undefined
  )
    out.guess('refiner.hr_scale', round(grown), 'not told: by the picture’s size', 'picture')
  else out.lose('refiner.hr_scale', 'not told: the default is used', 'default')
}

/** A pass that was a call of its own leaves its settings in place of those of the picture before it. */
function recoverOwnPass(out: Recovery, told: Told): void {
  out.keep('refiner.enable_hr', true)
  out.keep('refiner.hr_strategy', 'own')
  const size = sizeOf(told.take('Size'))
  if (size !== undefined) {
    out.number('refiner.hr_resize_x', String(size.width), side)
    out.number('refiner.hr_resize_y', String(size.height), side)
  }
  out.number('refiner.denoising_strength', told.take('Denoising strength'), strength)
  out.number('refiner.hr_second_pass_steps', told.take('Steps'), steps)
  for (const path of ['width', 'height', 'steps', 'refiner.hr_upscaler'])
    out.lose(path, 'the text has the settings of the second pass: the default is used', 'default')
}

/** The fields of img2img that its text tells, and those that no text can. */
export function recoverImg2Img(out: Recovery, told: Told, way: Way): void {
  if (way.generating[0] === 'img2img')
    out.lose('img2img.init_images', 'the picture that it began with is not told: give it')
  told.take('Init image size', 'Init image hash')
  if (way.hires || way.ownPass)
    out.lose('img2img.denoising_strength', 'the one that is told is of the second pass', 'default')
  else {
    const text = told.take('Denoising strength')
    if (text === undefined)
      out.lose('img2img.denoising_strength', 'not told: the default is used', 'default')
    else out.number('img2img.denoising_strength', text, share)
  }
  out.number('img2img.initial_noise_multiplier', told.take('Noise multiplier'), between(0, 1.5))
  out.number('img2img.image_cfg_scale', told.take('Image CFG scale'), cfg)
  const blur = told.take('Mask blur')
  const fill = told.take('Masked content')
  const area = told.take('Inpaint area')
  const padding = told.take('Masked area padding')
  const mode = told.take('Mask mode')
  if ([blur, fill, area, padding, mode].every((one) => one === undefined)) return
  out.lose('img2img.mask', 'the mask is not told: give it')
  out.number('img2img.mask_blur', blur, whole(0, 64))
  const word = fill?.replace('latent ', '')
  if (word !== undefined && ['fill', 'original', 'noise', 'nothing'].includes(word))
    out.keep('img2img.inpainting_fill', word)
  if (area !== undefined) out.keep('img2img.inpaint_full_res', area === 'Only masked')
  out.number('img2img.inpaint_full_res_padding', padding, whole(0, 1024))
  if (mode !== undefined) out.keep('img2img.inpainting_mask_invert', mode === 'Inpaint not masked')
}

/** Factors are written with two decimals. */
function round(value: number): number {
  return Math.round(value * 100) / 100
}
