import {
  heightField,
  passthroughFields,
  samplingFields,
  seedField,
  splitSampler,
  subseedField,
  widthField,
} from '@stagewright/core/sampling'

import { modelStem } from '../infotext/names.js'
import type { ParsedInfotext } from '../infotext/parse.js'
import { sdcppSampler, webuiSampler, webuiScheduler } from '../infotext/sampler-names.js'
import { type Check, type Recovery, sizeOf, type Told } from './recovery.js'
import type { Way } from './way.js'

interface Field {
  readonly safeParse: (value: unknown) => { readonly success: boolean }
}

const allows =
  (field: Field): Check =>
  (value) =>
    field.safeParse(value).success

/** A seed that was used: −1 is a wish. */
const seeds: Check = (value) => allows(seedField)(value) && value !== -1

/** The prompts. A run file needs one; a blank is the nearest to none. */
export function recoverPrompts(out: Recovery, { prompt, negative_prompt }: ParsedInfotext): void {
  if (prompt === '') out.guess('prompt', ' ', 'there is none, and a run file needs one: a blank')
  else out.keep('prompt', prompt)
  if (negative_prompt !== '') out.keep('negative_prompt', negative_prompt)
}

/** What generating stages share: sampler, schedule, numbers, model. Steps and size of a high-res pass that was a call of
 *  its own are not those of the picture before it. */
export function recoverSampling(
  out: Recovery,
  told: Told,
  { dialect }: ParsedInfotext,
  way: Way,
  picture: { readonly width: number; readonly height: number },
): void {
  if (!way.ownPass)
    needed(out, 'steps', out.number('steps', told.take('Steps'), allows(samplingFields.steps)))
  recoverSampler(out, told, dialect)
  const cfg = told.take('CFG scale')
  needed(out, 'cfg_scale', out.number('cfg_scale', cfg, allows(samplingFields.cfg_scale)))
  const guidance = told.take('Distilled CFG Scale')
  out.number('distilled_cfg_scale', guidance, allows(samplingFields.distilled_cfg_scale))
  recoverSeed(out, told, way)
  if (!way.ownPass) recoverSize(out, told, picture)
  recoverModel(out, told)
  const skip = told.take('Clip skip')
  // sd-server writes −1 for "the model's own".
  if (skip !== undefined && Number(skip) > 0)
    out.number('clip_skip', skip, allows(samplingFields.clip_skip))
  const strength = told.take('Variation seed strength', 'Variation strength')
  const varied = out.number('subseed_strength', strength, allows(samplingFields.subseed_strength))
  const subseed = told.take('Variation seed')
  if (varied !== undefined && varied > 0)
    out.number('subseed', subseed, (value) => allows(subseedField)(value) && value !== -1)
}

/** Fields that the generating section alone has. */
export function recoverPassthrough(
  out: Recovery,
  told: Told,
  section: 'txt2img' | 'img2img',
): void {
  const face = told.take('Face restoration')
  if (face !== undefined)
    out.guess(`${section}.restore_faces`, true, `with ${face}, a server option`)
  if (/^true$/i.test(told.take('Tiling') ?? '')) out.keep(`${section}.tiling`, true)
  for (const [key, field] of Object.entries(numbers)) {
    const text = told.take(key)
    // sd-server's word for the sampler's own.
    if (text === 'inf') continue
    out.number(`${section}.${field}`, text, allows(passthroughFields[field]))
  }
  const size = sizeOf(told.take('Seed resize from'))
  if (size === undefined) return
  const { seed_resize_from_w: w, seed_resize_from_h: h } = passthroughFields
  out.number(`${section}.seed_resize_from_w`, String(size.width), allows(w))
  out.number(`${section}.seed_resize_from_h`, String(size.height), allows(h))
}

const numbers = {
  Eta: 'eta',
  NGMS: 's_min_uncond',
  'Sigma churn': 's_churn',
  'Sigma tmin': 's_tmin',
  'Sigma tmax': 's_tmax',
  'Sigma noise': 's_noise',
} as const

interface SamplerFound {
  readonly sampler?: string | undefined
  readonly scheduler?: string | undefined
  /** Why it is a guess. */
  readonly why?: string | undefined
}

function recoverSampler(out: Recovery, told: Told, dialect: ParsedInfotext['dialect']): void {
  const name = told.take('Sampler')
  const label = told.take('Schedule type', 'Sampler sigma')
  const { sampler, scheduler, why } = samplerOf(name, dialect)
  if (sampler === undefined || sampler === '') needed(out, 'sampler_name', undefined)
  else if (why === undefined) out.keep('sampler_name', sampler)
  else out.guess('sampler_name', sampler, why)
  const schedule = label === undefined ? scheduler : webuiScheduler(label)
  if (schedule !== undefined && schedule !== '') out.keep('scheduler', schedule)
  else out.guess('scheduler', 'Automatic', 'not told: the sampler’s own', 'default')
}

function samplerOf(name: string | undefined, dialect: ParsedInfotext['dialect']): SamplerFound {
  if (name === undefined) return {}
  if (dialect === 'sdcpp') {
    const read = sdcppSampler(name)
    const why = 'sd-server did not know the sampler that was asked for, and used its default'
    return read.sampler === undefined ? { ...read, sampler: 'Euler a', why } : read
  }
  const split = splitSampler(name)
  return split === undefined
    ? { sampler: webuiSampler(name) }
    : { sampler: split.sampler_name, scheduler: split.scheduler }
}

/** A redrawn picture has the seed of the one before it, plus 1, unless another was given. */
function recoverSeed(out: Recovery, told: Told, way: Way): void {
  const text = told.take('Seed')
  if (way.generating.length < 2) {
    needed(out, 'seed', out.number('seed', text, seeds))
    return
  }
  const seed = out.number('img2img.seed', text, seeds)
  if (seed === undefined || seed === 0) needed(out, 'seed', undefined)
  else out.guess('seed', seed - 1, 'img2img takes the seed of the picture before it, plus 1')
}

function recoverSize(
  out: Recovery,
  told: Told,
  picture: { readonly width: number; readonly height: number },
): void {
  const size = sizeOf(told.take('Size'))
  if (size !== undefined) {
    out.number('width', String(size.width), allows(widthField))
    out.number('height', String(size.height), allows(heightField))
    return
  }
  const fits = allows(widthField)(picture.width) && allows(heightField)(picture.height)
  if (!fits) {
    out.lose('width', 'not told')
    out.lose('height', 'not told')
    return
  }
  out.guess('width', picture.width, 'not told: the picture’s own', 'picture')
  out.guess('height', picture.height, 'not told: the picture’s own', 'picture')
}

function recoverModel(out: Recovery, told: Told): void {
  const hash = told.take('Model hash')
  const name = modelStem(told.take('Model') ?? '')
  if (name !== '') out.keep('model', name)
  else if (hash !== undefined && hash !== '')
    out.guess('model', hash, 'known by its short hash alone: a server that has hashed it knows it')
  else out.lose('model', 'not told: the server’s own is used', 'default')
  const vae = told.take('VAE')
  if (vae !== undefined && !['', 'None', 'Automatic'].includes(vae)) out.keep('vae', vae)
  const modules = modulesOf(told, 'Module')
  if (modules.length > 0) out.keep('additional_modules', modules)
}

/** The values of `Module 1`, `Module 2` and so on. */
export function modulesOf(told: Told, prefix: string): string[] {
  const keys = told.keys().filter((key) => new RegExp(`^${prefix} \\d{1,2}$`).test(key))
  return keys.flatMap((key) => {
    const value = told.take(key) ?? ''
    return value === '' ? [] : [value]
  })
}

function needed(out: Recovery, path: string, value: unknown): void {
  if (value === undefined) out.lose(path, 'not told: the default is used', 'default')
}
