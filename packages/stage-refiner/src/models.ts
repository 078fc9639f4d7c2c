import type { PlanView } from '@stagewright/core'

import type { RefinerConfig } from './config.js'
import { refinerErrors } from './errors.js'

/** The refiner's checkpoint, as a list of models to load. */
export function refinerModel(config: RefinerConfig): string[] {
  return config.refiner_model_name === undefined ? [] : [config.refiner_model_name]
}

/** Refuses a refiner that is the model of its own pass, under whatever name: servers skip it in silence.
 *  @throws {StagePlanError} SW_REFINER_SAME_MODEL
 *  @source WebUI modules/sd_samplers_common.py: apply_refiner; lllyasviel/stable-diffusion-webui-forge#742 */
export function checkOtherModel(config: RefinerConfig, view: PlanView): void {
  const { refiner_model_name: name, refiner_pass: pass } = config
  if (!config.refiner_enabled || name === undefined) return
  const bases = view.input.map(({ settings }) => settings?.model)
  const second = config.hr_checkpoint_name === undefined ? bases : [config.hr_checkpoint_name]
  const passes = config.enable_hr
    ? [...(pass === 'second' ? [] : bases), ...(pass === 'first' ? [] : second)]
    : bases
  const known = (one: string): string => stem(view.canonical('model', one))
  const same = passes.find((model) => model !== undefined && known(model) === known(name))
  if (same !== undefined)
    throw refinerErrors.SW_REFINER_SAME_MODEL({ stage: view.stage, refiner: name, model: same })
}

/** A checkpoint's name without folder, hash and ending: the WebUI takes all of these for one. */
function stem(name: string): string {
  return name
    .replace(/ \[[0-9a-f]+\]$/i, '')
    .replace(/^.*[\\/]/, '')
    .replace(/\.(safetensors|ckpt|gguf|sft|pt|pth)$/i, '')
    .toLowerCase()
}
