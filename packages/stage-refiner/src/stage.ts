import {
  defineStage,
  type Forecast,
  Hires,
  Img2Img,
  type Intent,
  Phase,
  type PlanView,
  Refiner,
  type Stage,
  Txt2Img,
} from '@stagewright/core'
import { hiresTarget } from '@stagewright/core/sampling'
import type { z } from 'zod'

import { type RefinerConfig, refinerConfig } from './config.js'
import { refinerErrors, refinerNotes } from './errors.js'
import { isLatent } from './latent.js'
import { checkOtherModel, refinerModel } from './models.js'
import { needsOf } from './needs.js'
import { hiresNotes, shareNotes } from './notes.js'
import { hiresRequest, passOf, settle, switchOf } from './pass.js'
import { refinerSteps } from './share.js'

const flatKeys = [
  'hr_scale',
  'hr_resize_x',
  'hr_resize_y',
  'hr_upscaler',
  'hr_second_pass_steps',
  'denoising_strength',
  'hr_sampler_name',
  'hr_scheduler',
  'hr_prompt',
  'hr_negative_prompt',
  'hr_cfg',
  'hr_distilled_cfg',
  'hr_checkpoint_name',
  'hr_additional_modules',
]

/** The refiner model and the high-res second pass. Where the call right before it can carry them it is merged into
 *  that call; else the second pass is an img2img call of its own on each picture, with the same result for pixel
 *  upscalers.
 *  @shape n pictures → n pictures; with `enable_hr` enlarged to the target, on the backend's grid
 *  @unit `refiner_switch_at` 0–1 exclusive; `denoising_strength` above 0 to 1; exactly
 *  `hr_second_pass_steps || steps` steps run
 *  @throws {StagePlanError} SW_REFINER_SAME_MODEL, SW_REFINER_LATENT_MODE, SW_PLAN_SLOT_NOT_CARRIED
 *  @source WebUI modules/processing.py (hires), modules/sd_samplers_common.py (refiner) */
export const refiner: Stage<'refiner', z.input<typeof refinerConfig>, never> = defineStage({
  name: 'refiner',
  phase: Phase.Refine,
  consumes: 'images',
  config: refinerConfig,
  misnomers: {
    hires: 'hires lives in the section refiner: refiner: { enable_hr: true, hr_scale: 2 }',
    hires_fix: 'hires lives in the section refiner: refiner: { enable_hr: true, hr_scale: 2 }',
    refiner_checkpoint: 'write refiner_model_name',
  },
  flat: {
    enabled: ['refiner_enabled', 'enable_hr'],
    keys: {
      refiner_enabled: 'refiner_enabled',
      enable_hr: 'enable_hr',
      ...Object.fromEntries(flatKeys.map((key) => [key, { to: key, when: 'enable_hr' }])),
      refiner_model_name: { to: 'refiner_model_name', when: 'refiner_enabled' },
      refiner_switch_at: { to: 'refiner_switch_at', when: 'refiner_enabled' },
    },
    zeroIsUnset: ['hr_resize_x', 'hr_resize_y'],
  },
  enabled: (config) => config.enable_hr || config.refiner_enabled,
  plan: (given, view) => {
    const { config, notes } = settle(given)
    checkOtherModel(config, view)
    const intent = config.enable_hr ? hiresIntent(config, view) : refineIntent(config, view)
    return { ...intent, notes: [...notes, ...(intent.notes ?? [])] }
  },
  execute: ({ config, each, call, onGrid }, images) =>
    each(images, async (image) => {
      const made = await call(
        Img2Img,
        hiresRequest(config, image, hiresTarget(config, image, onGrid)),
      )
      // What comes later starts from the settings of the generating call, as when this pass is merged into it.
      return made.map((one) => Object.freeze({ ...one, settings: image.settings }))
    }),
})

/** A refiner without a second pass rides on the call before it. */
function refineIntent(config: RefinerConfig, view: PlanView): Intent<RefinerConfig> {
  const steps = view.input[0]?.settings?.steps ?? 0
  const share = refinerSteps(config, steps, 1)
  // How many steps an img2img pass runs depends on its own denoising strength.
  const counted = view.previous?.operation === Txt2Img.name
  return {
    config,
    contribute: { previous: [Refiner.with(switchOf(config))] },
    models: refinerModel(config),
    needs: needsOf(config, 'merged'),
    notes: counted ? shareNotes(share, steps) : [],
    why: counted
      ? `the refiner renders ${share} of ${steps} steps`
      : `the refiner takes over at ${config.refiner_switch_at} of the pass`,
  }
}

function hiresIntent(config: RefinerConfig, view: PlanView): Intent<RefinerConfig> {
  const { previous } = view
  const passFits =
    !config.refiner_enabled || previous?.carries(Refiner, config.refiner_pass) !== false
  const carried = previous?.carries(Hires) === true
  const canMerge = carried && passFits
  // Asked for where nothing carries it, it is refused as such.
  const merged =
    config.hr_strategy === 'merged'
      ? canMerge || !carried
      : config.hr_strategy === 'auto' && canMerge
  const output: Forecast = view.input.map((picture) => {
    const { width, height } = hiresTarget(config, picture, view.onGrid)
    return { ...picture, width, height, marks: picture.marks?.filter((mark) => mark !== 'masked') }
  })
  const settings = view.input[0]?.settings
  const steps = config.hr_second_pass_steps || (settings?.steps ?? 0)
  const acts = config.refiner_enabled && config.refiner_pass !== 'first'
  const share = refinerSteps(config, steps, config.denoising_strength)
  const base = config.hr_checkpoint_name ?? settings?.model
  const second = [...(base === undefined ? [] : [base]), ...(acts ? refinerModel(config) : [])]
  const first = config.refiner_enabled && config.refiner_pass !== 'second'
  const notes = [...hiresNotes(config, view, output), ...(acts ? shareNotes(share, steps) : [])]
  const words = acts ? [`the refiner renders ${share} of ${steps} hires steps`] : []
  const refine = config.refiner_enabled ? [Refiner.with(switchOf(config))] : []
  const common = { config, output, notes, needs: needsOf(config, merged ? 'merged' : 'own') }
  if (merged) {
    return {
      ...common,
      contribute: { previous: [Hires.with(passOf(config)), ...refine] },
      models: [...(first ? refinerModel(config) : []), ...second],
      why: [`${previous?.stage ?? 'the call before'} carries the hires pass`, ...words].join('; '),
    }
  }
  const host = previous?.stage ?? 'given pictures'
  const reason = canMerge
    ? 'hr_strategy: own'
    : passFits
      ? `${host} cannot carry hires`
      : `with hires, ${host} cannot have the refiner on the ${config.refiner_pass} pass`
  if (isLatent(config.hr_upscaler) && config.hr_upscaler !== 'Latent')
    throw refinerErrors.SW_REFINER_LATENT_MODE({
      stage: view.stage,
      upscaler: config.hr_upscaler,
      reason,
    })
  return {
    ...common,
    notes:
      config.hr_strategy === 'merged'
        ? [...notes, refinerNotes.SW_NOTE_HIRES_APART({ reason })]
        : notes,
    call: { operation: Img2Img, times: view.input.length, generating: true },
    contribute: { ...(first ? { previous: refine } : {}), ...(acts ? { own: refine } : {}) },
    models: second,
    why: [`a call of its own: ${reason}`, ...words].join('; '),
  }
}
