import { adetailerLabels } from '../infotext/adetailer.js'
import { above, between, type Check, type Recovery, share, type Told, whole } from './recovery.js'

const text: Check = (value) => typeof value === 'string' && value !== ''
const name: Check = (value) =>
  text(value) &&
  !['None', 'Use same sampler', 'Use same scheduler', 'Use same checkpoint'].includes(String(value))
const flag: Check = (value) => typeof value === 'boolean'
const side = whole(64, 4096)
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(String(value))

/** What a run file allows for each field that an infotext tells. */
const checks: Readonly<Record<string, Check>> = {
  ad_model_classes: text,
  ad_prompt: text,
  ad_negative_prompt: text,
  ad_confidence: share,
  ad_mask_filter_method: oneOf('Area', 'Confidence'),
  ad_mask_k: whole(0, Number.MAX_SAFE_INTEGER),
  ad_mask_min_ratio: share,
  ad_mask_max_ratio: share,
  ad_dilate_erode: whole(-128, 128),
  ad_x_offset: whole(-200, 200),
  ad_y_offset: whole(-200, 200),
  ad_mask_merge_invert: oneOf('None', 'Merge', 'Merge and Invert'),
  ad_mask_blur: whole(0, 64),
  ad_denoising_strength: share,
  ad_inpaint_only_masked: flag,
  ad_inpaint_only_masked_padding: whole(0, 1024),
  ad_inpaint_width: side,
  ad_inpaint_height: side,
  ad_steps: whole(1, 150),
  ad_cfg_scale: between(0, 30),
  ad_checkpoint: name,
  ad_vae: name,
  ad_sampler: name,
  ad_scheduler: name,
  ad_noise_multiplier: between(0.5, 1.5),
  ad_clip_skip: whole(1, 12),
  ad_restore_face: flag,
  ad_controlnet_model: name,
  ad_controlnet_module: name,
  ad_controlnet_weight: share,
  ad_controlnet_guidance_start: share,
  ad_controlnet_guidance_end: share,
}

const fieldsByLabel = new Map([
  ...Object.entries(adetailerLabels).map(([field, label]) => [label, field] as const),
  // Names of older versions.
  ['dilate/erode', 'ad_dilate_erode'] as const,
  ['mask merge/invert', 'ad_mask_merge_invert'] as const,
  ['mask only top k largest', 'ad_mask_k'] as const,
  ['use inpaint width/height', 'ad_use_inpaint_width_height'] as const,
])

/** Units that a run file may have. */
const mostUnits = 16

/** The section `adetailer`, from the extension's keys for any number of units; and from SD.Next's own detailer. `labels`
 *  are the names that our own texts tell. */
export function recoverAdetailer(out: Recovery, told: Told, labels: readonly string[]): void {
  told.take('ADetailer version')
  const units = unitsOf(told).slice(0, mostUnits)
  const names = new Set<string>()
  let at = 0
  for (const unit of units) {
    const model = unit.get('ad_model')
    if (model === undefined || model === '' || model.toLowerCase() === 'none') {
      out.lose(`adetailer.units[${at}]`, 'its detector is not told')
      continue
    }
    const path = `adetailer.units[${at}]`
    const label = labels[at]
    const own = label !== undefined && /^[\w .-]{1,40}$/.test(label) ? label : undefined
    const unique = uniqueName(own ?? stemOf(model), names)
    if (own !== undefined || unique !== stemOf(model)) out.keep(`${path}.name`, unique)
    out.keep(`${path}.ad_model`, model)
    recoverUnit(out, path, unit)
    at++
  }
  if (at === 0) recoverDetailer(out, told)
}

/** Maps of fields to texts, one a unit, in order. */
function unitsOf(told: Told): ReadonlyMap<string, string>[] {
  const units = new Map<number, Map<string, string>>()
  for (const key of told.keys()) {
    const match = /^ADetailer (.+?)(?: (\d{1,3})(?:st|nd|rd|th))?$/.exec(key)
    const field = fieldsByLabel.get(match?.[1] ?? '')
    if (match === null || field === undefined) continue
    const number = Number(match[2] ?? 1)
    const unit = units.get(number) ?? new Map<string, string>()
    units.set(number, unit.set(field, told.take(key) ?? ''))
  }
  return [...units].toSorted(([a], [b]) => a - b).map(([, unit]) => unit)
}

function recoverUnit(out: Recovery, path: string, unit: ReadonlyMap<string, string>): void {
  const controlled = checks['ad_controlnet_model']?.(unit.get('ad_controlnet_model')) === true
  const ratios = [unit.get('ad_mask_min_ratio') ?? 0, unit.get('ad_mask_max_ratio') ?? 1].map(
    Number,
  )
  for (const [field, written] of unit) {
    const check = checks[field]
    if (check === undefined || written === '') continue
    if (/^(None|Use same .*)$/.test(written) && check === name) continue
    if (field.startsWith('ad_controlnet_') && !controlled) continue
    if (field.endsWith('_ratio') && !((ratios[0] ?? 0) <= (ratios[1] ?? 1))) {
      out.lose(`${path}.${field}`, 'the least share is above the largest')
      continue
    }
    const value = valueOf(written, check)
    if (check(value)) out.keep(`${path}.${field}`, value)
    else out.lose(`${path}.${field}`, `"${written}" is not what a run file allows there`)
  }
  // The extension leaves this one out when it is off, not when it is the default.
  if (!unit.has('ad_inpaint_only_masked') && unit.has('ad_confidence'))
    out.keep(`${path}.ad_inpaint_only_masked`, false, 'told by not being there')
}

function valueOf(written: string, check: Check): unknown {
  if (check === flag) return /^(true|false)$/i.test(written) ? /^true$/i.test(written) : undefined
  return check(written) ? written : /\d/.test(written) ? Number(written) : undefined
}

/** SD.Next has a detailer of its own, with one set of settings for all its models. */
function recoverDetailer(out: Recovery, told: Told): void {
  const models = told.take('Detailer')
  const settings = [
    ['ad_steps', told.take('Detailer steps'), whole(1, 150)],
    ['ad_denoising_strength', told.take('Detailer strength'), above(0, 1)],
    ['ad_prompt', told.take('Detailer prompt'), text],
    ['ad_negative_prompt', told.take('Detailer negative'), text],
  ] as const
  if (models === undefined) return
  const why = 'SD.Next’s own detailer, as units of ADetailer'
  const names = [...new Set(models.split(',').map((one) => one.trim()))].slice(0, mostUnits)
  for (const [i, model] of names.filter((one) => text(one) && !/^none$/i.test(one)).entries()) {
    out.guess(`adetailer.units[${i}].ad_model`, model, why)
    for (const [field, written, check] of settings) {
      const value = written === undefined ? undefined : valueOf(written, check)
      if (check(value)) out.guess(`adetailer.units[${i}].${field}`, value, why)
    }
  }
}

function uniqueName(wanted: string, names: Set<string>): string {
  let unique = wanted
  for (let n = 2; names.has(unique); n++)
    unique = `${wanted.replaceAll(/[^\w .-]/g, ' ').slice(0, 36)} ${n}`
  names.add(unique)
  return unique
}

/** A unit's name when it has none of its own. */
function stemOf(model: string): string {
  return model.replace(/^.*[\\/]/, '').replace(/\.[a-z]+$/i, '')
}
