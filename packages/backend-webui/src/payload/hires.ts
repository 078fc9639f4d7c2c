import { Hires, type HiresPass, onGrid, type Txt2ImgRequest } from '@stagewright/core'
import { hiresTarget } from '@stagewright/core/sampling'

import type { Payload } from '../dialects/dialect.js'
import { checkpointTitle, type Encoding, known, refuseSettings } from './encoding.js'
import { samplerFields } from './sampling.js'

/** The high-res pass on a txt2img request. Its names are checked: the WebUI resolves no alias here, and fails on an
 *  unknown one after the first pass is done. */
export function hiresOf(encoding: Encoding, request: Txt2ImgRequest, pass: HiresPass): Payload {
  const { dialect } = encoding
  const { lacks, encode } = dialect.hires
  const { hr_cfg: cfg, ...others } = pass
  refuseSettings(encoding, Hires.name, cfg === request.cfg_scale ? others : pass)
  const checked: HiresPass = {
    ...pass,
    hr_upscaler: known(encoding, 'hires_upscaler', pass.hr_upscaler, 'hr_upscaler'),
    ...samplerOf(encoding, pass),
    ...(pass.hr_additional_modules === undefined
      ? {}
      : { hr_additional_modules: modulesOf(encoding, pass.hr_additional_modules) }),
  }
  const fields = encode({
    pass: checked,
    steps: request.steps,
    cfg_scale: request.cfg_scale,
    sampler_name: known(encoding, 'sampler', request.sampler_name, 'sampler_name'),
    distilled_cfg_scale: request.distilled_cfg_scale,
    target: targetOf(encoding, request, pass),
    checkpoint: (name) => checkpointTitle(encoding, name, 'hr_checkpoint_name'),
  })
  return Object.fromEntries(
    Object.entries(fields).filter(([key]) => !lacks.some((lacking) => lacking === key)),
  )
}

/** What a server's settings must not change about the pass. */
export const hiresOptions: Payload = Object.freeze({ use_old_hires_fix_width_height: false })

/** The pass's size, as the stage forecasts it. */
export function targetOf(
  { dialect: { grid } }: Pick<Encoding, 'dialect'>,
  { width, height }: { readonly width: number; readonly height: number },
  pass: Pick<HiresPass, 'hr_scale' | 'hr_resize_x' | 'hr_resize_y'>,
): { readonly width: number; readonly height: number } {
  const first = { width: onGrid(width, grid), height: onGrid(height, grid) }
  const target = hiresTarget(pass, first, (pixels) => onGrid(pixels, grid))
  return { width: target.width, height: target.height }
}

function samplerOf(encoding: Encoding, pass: HiresPass): Partial<HiresPass> {
  const { hr_sampler_name: sampler, hr_scheduler: scheduler } = pass
  if (sampler === undefined)
    return scheduler === undefined
      ? {}
      : { hr_scheduler: known(encoding, 'scheduler', scheduler, 'hr_scheduler') }
  const named = samplerFields(encoding, sampler, scheduler ?? 'Automatic')
  const { sampler_name: name } = named
  return {
    ...(typeof name === 'string' ? { hr_sampler_name: name } : {}),
    ...(scheduler === undefined
      ? {}
      : { hr_scheduler: known(encoding, 'scheduler', scheduler, 'hr_scheduler') }),
  }
}

function modulesOf(encoding: Encoding, modules: readonly string[]): string[] {
  return modules.map((name, i) =>
    name === 'Use same choices'
      ? name
      : known(encoding, 'module', name, `hr_additional_modules[${i}]`),
  )
}
