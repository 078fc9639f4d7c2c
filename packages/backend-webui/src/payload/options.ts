import type { Passthrough, Sampling } from '@stagewright/core'

import { given, type Payload } from '../dialects/dialect.js'
import { owned } from '../inventory/read.js'
import { answerErrors } from '../result/errors.js'
import type { BodyPart } from '../transport.js'
import { checkpointTitle, type Encoding, known, mismatch } from './encoding.js'
import { merged } from './merge.js'

/** Fields of a request that an option of the same name outdoes, unless it stands at its default.
 *  @source WebUI modules/sd_samplers_common.py: Sampler.initialize */
const outdone = ['s_churn', 's_tmin', 's_tmax', 's_noise'] as const

type Chosen = Pick<Sampling, 'model' | 'vae' | 'additional_modules' | 'clip_skip'>

/** `override_settings`: the user's own keys, the model that is pinned for the run, and `explicit` settings, those whose
 *  key the server has: an unknown key is a crash on some servers.
 *  @throws {PipelineError} SW_WEBUI_OPTION_OWNED, SW_WEBUI_OPTION_UNKNOWN */
export function optionsOf(
  encoding: Encoding,
  request: Chosen & Pick<Passthrough, 'override_settings' | (typeof outdone)[number]>,
  explicit: Payload = {},
): Payload {
  const { dialect, inventory } = encoding
  const user = request.override_settings ?? {}
  checkUser(encoding, user)
  if (!dialect.overrides) {
    if (Object.keys(user).length > 0) mismatch(encoding, 'override_settings', 'remove them')
    if (request.model !== undefined) known(encoding, 'model', request.model, 'model')
    return {}
  }
  const sent = merged(explicit, ...outdone.map((key) => given(key, request[key])))
  const there = Object.fromEntries(
    Object.entries(sent).filter(([key]) => Object.hasOwn(inventory.options, key)),
  )
  const settings: Record<string, BodyPart> = {
    ...(user as Record<string, BodyPart>),
    ...there,
    ...chosen(encoding, request),
  }
  return Object.keys(settings).length === 0 ? {} : { override_settings: settings }
}

function chosen(encoding: Encoding, request: Chosen): Payload {
  const { dialect } = encoding
  const { model, vae, additional_modules: modules, clip_skip: skip } = request
  const vaeName = vae === undefined ? undefined : known(encoding, 'vae', vae, 'vae')
  const files = modulesOf(encoding, modules, dialect.vae === 'module' ? vaeName : undefined)
  return {
    ...(model === undefined
      ? {}
      : { sd_model_checkpoint: checkpointTitle(encoding, model, 'model') }),
    ...(vaeName === undefined || dialect.vae !== 'option' ? {} : { sd_vae: vaeName }),
    ...(files === undefined ? {} : { forge_additional_modules: files }),
    ...(skip === undefined || dialect.clipSkip !== 'option'
      ? {}
      : { CLIP_stop_at_last_layers: skip }),
  }
}

/** Where VAEs are modules, `vae` takes the place of other VAEs: those of its folder. */
function modulesOf(
  encoding: Encoding,
  modules: readonly string[] | undefined,
  vae: string | undefined,
): readonly string[] | undefined {
  if (modules === undefined && vae === undefined) return undefined
  const { dialect, inventory } = encoding
  if (dialect.vae !== 'module') {
    mismatch(encoding, 'additional_modules', 'remove them, or use Forge')
    return undefined
  }
  const names = (modules ?? []).map((name, i) =>
    known(encoding, 'module', name, `additional_modules[${i}]`),
  )
  if (vae === undefined || vae === 'Automatic' || names.includes(vae)) return names
  const folder = inventory.folders.get(vae)
  const others = names.filter(
    (name) => folder === undefined || inventory.folders.get(name) !== folder,
  )
  return [...others, vae]
}

function checkUser({ dialect, inventory, lenient, warn }: Encoding, user: object): void {
  const own = owned(dialect)
  const keys = Object.keys(user)
  const taken = keys.filter((key) => own.has(key))
  if (taken.length > 0) throw answerErrors.SW_WEBUI_OPTION_OWNED({ keys: taken })
  if (!dialect.overrides) return
  const unknown = keys.filter((key) => !Object.hasOwn(inventory.options, key))
  if (unknown.length === 0) return
  const error = answerErrors.SW_WEBUI_OPTION_UNKNOWN({ keys: unknown })
  if (!lenient) throw error
  warn(error.message)
}

/** What every img2img-like call says explicitly, so that a server's settings cannot change its meaning; "None" enlarges
 *  by Lanczos. @source WebUI modules/images.py: resize_image */
export const redrawOptions: Payload = Object.freeze({
  upscaler_for_img2img: 'None',
  img2img_color_correction: false,
  return_mask: false,
  return_mask_composite: false,
})
