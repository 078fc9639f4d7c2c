import { onGrid, type Passthrough, type Sampling } from '@stagewright/core'

import { given, type Payload } from '../dialects/dialect.js'
import { answerErrors } from '../result/errors.js'
import { type Encoding, known, mismatch } from './encoding.js'
import { lorasOf } from './loras.js'

/** The fields that all generating requests share, by the dialect's names; every default is written out, nothing of a
 *  feature that the server lacks. */
export function samplingFields(
  encoding: Encoding,
  request: Sampling & Passthrough,
  batch: number,
): Payload {
  const { dialect } = encoding
  const { fields } = dialect
  if (!fields.distilledCfg && request.distilled_cfg_scale !== undefined)
    mismatch(encoding, 'distilled_cfg_scale', 'remove it, or use Forge')
  const styles = (request.styles ?? []).map((name, i) =>
    known(encoding, 'style', name, `styles[${i}]`),
  )
  const { prompt, negative_prompt, lora } = lorasOf(encoding, request)
  return {
    prompt,
    negative_prompt,
    ...given('lora', lora),
    ...(styles.length > 0 ? { styles } : {}),
    seed: request.seed,
    ...(fields.subseed
      ? { subseed: request.subseed, subseed_strength: request.subseed_strength }
      : {}),
    ...besideOptions(
      samplerFields(encoding, request.sampler_name, request.scheduler),
      request.override_settings,
    ),
    steps: request.steps,
    cfg_scale: request.cfg_scale,
    ...(fields.distilledCfg ? given('distilled_cfg_scale', request.distilled_cfg_scale) : {}),
    width: onGrid(request.width, dialect.grid),
    height: onGrid(request.height, dialect.grid),
    batch_size: batch,
    ...(fields.scripts ? { n_iter: 1 } : {}),
    ...(dialect.clipSkip === 'field' ? given('clip_skip', request.clip_skip) : {}),
    ...extras(encoding, request),
  }
}

/** Sampler and schedule as the server takes them, "Automatic" included. */
export function samplerFields(encoding: Encoding, sampler: string, scheduler: string): Payload {
  const { dialect, inventory } = encoding
  const name = known(encoding, 'sampler', sampler, 'sampler_name')
  const schedule = known(encoding, 'scheduler', scheduler, 'scheduler')
  const automatic = schedule.toLowerCase() === 'automatic'
  const { combinedSamplers: combined } = inventory
  if (combined !== undefined) {
    const both = `${name} ${schedule}`
    if (!automatic && !combined.has(both))
      mismatch(encoding, `${name} with ${schedule}`, `choose one of its samplers that ends so`)
    return { sampler_name: automatic || !combined.has(both) ? name : both }
  }
  const own = dialect.schedulers[schedule] ?? schedule
  return dialect.sampler(name, automatic ? undefined : own)
}

/** Where a schedule is an option by the field's name, the kinds that `scheduler` leaves at their default are the user's
 *  to set; the one that it names is not.
 *  @throws {PipelineError} SW_WEBUI_OPTION_OWNED */
function besideOptions(fields: Payload, options: Passthrough['override_settings'] = {}): Payload {
  const both = Object.keys(fields).filter((key) => Object.hasOwn(options, key))
  const taken = both.filter((key) => fields[key] !== 'default')
  if (taken.length > 0) throw answerErrors.SW_WEBUI_OPTION_OWNED({ keys: taken })
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !both.includes(key)))
}

/** Fields that are sent only when set; those that a page's setting would otherwise decide are sent as off. */
function extras(encoding: Encoding, request: Passthrough): Payload {
  const { fields } = encoding.dialect
  return {
    ...(fields.restoreFaces ? { restore_faces: request.restore_faces ?? false } : {}),
    ...(fields.tiling ? { tiling: request.tiling ?? false } : {}),
    ...(fields.sampling
      ? {
          ...given('eta', request.eta),
          ...given('s_churn', request.s_churn),
          ...given('s_min_uncond', request.s_min_uncond),
          ...given('s_noise', request.s_noise),
          ...given('s_tmax', request.s_tmax),
          ...given('s_tmin', request.s_tmin),
          ...given('disable_extra_networks', request.disable_extra_networks),
          ...given('seed_resize_from_w', request.seed_resize_from_w),
          ...given('seed_resize_from_h', request.seed_resize_from_h),
        }
      : {}),
  }
}
