import type {
  HiresPass,
  Img2ImgRequest,
  Passthrough,
  RefinerSwitch,
  Sampling,
} from '@stagewright/core'
import { hiresTarget, samplingOf, seedAt } from '@stagewright/core/sampling'

import type { Pool, Watch } from './pool.js'
import { stepsRun } from './redraw.js'
import type { Raster, Rendering } from './rendering.js'
import { type Fit, resize } from './resize.js'

/** What a pass over a whole picture is asked for; img2img and hires are both one of these. */
export type Pass = Sampling &
  Passthrough &
  Pick<
    Img2ImgRequest,
    'denoising_strength' | 'resize_mode' | 'img2img_fix_steps' | 'upscaler_for_img2img'
  >

/** The size that this backend makes of a wanted one. */
export function onEight(pixels: number): number {
  return Math.max(8, Math.floor(pixels / 8) * 8)
}

/** The settings of the i-th picture of a batch. */
export function ofBatch<S extends Sampling>(request: S, i: number): S {
  return { ...request, ...seedAt(request, i) }
}

/** What decides a rendering, out of a request, at its real size. */
export function rendering(
  from: Sampling & Passthrough,
  width: number,
  height: number,
  steps: number,
  refiner: RefinerSwitch | undefined,
): Rendering {
  return {
    ...samplingOf(from),
    steps,
    width,
    height,
    restore_faces: from.restore_faces,
    tiling: from.tiling,
    refiner:
      refiner === undefined
        ? undefined
        : {
            checkpoint: refiner.refiner_checkpoint,
            share: shareOf(refiner, steps),
          },
  }
}

/** Runs a pass over a picture: resized to the pass's size, then redrawn. Merged hires and an own img2img call both
 *  come through here, so they give the same pixels. */
export async function passOver(
  input: Raster,
  pass: Pass,
  refiner: RefinerSwitch | undefined,
  pool: Pool,
  watch: Watch,
): Promise<Raster> {
  const [width, height] = [onEight(pass.width), onEight(pass.height)]
  const { fit, upscaler } = resizing(pass)
  const started = await resize(input, width, height, upscaler, fit, pool, watch)
  const steps = stepsRun(pass.steps, pass.denoising_strength, pass.img2img_fix_steps)
  return pool.run(
    'redraw',
    {
      input: started,
      settings: rendering(pass, width, height, steps, refiner),
      strength: pass.denoising_strength,
      steps,
    },
    watch,
  )
}

/** `resize_mode` in this backend's words. */
export function resizing(pass: Pick<Pass, 'resize_mode' | 'upscaler_for_img2img'>): {
  readonly fit: Fit
  readonly upscaler: string
} {
  const fit = ({ 1: 'crop', 2: 'fill' } as const)[pass.resize_mode as 1 | 2] ?? 'stretch'
  const given = pass.upscaler_for_img2img ?? ''
  return {
    fit,
    upscaler:
      pass.resize_mode === 3
        ? given.toLowerCase().startsWith('latent')
          ? given
          : 'Latent'
        : given,
  }
}

/** The img2img pass that a hires slot stands for.
 *  @source WebUI modules/processing.py, StableDiffusionProcessingTxt2Img.sample_hr_pass */
export function hiresPass(request: Sampling & Passthrough, hires: HiresPass): Pass {
  const first = { width: onEight(request.width), height: onEight(request.height) }
  const { width, height, crop } = hiresTarget(hires, first, onEight)
  const latent = hires.hr_upscaler.toLowerCase().startsWith('latent')
  const modules = hires.hr_additional_modules
  return {
    ...request,
    prompt: hires.hr_prompt || request.prompt,
    negative_prompt: hires.hr_negative_prompt || request.negative_prompt,
    cfg_scale: hires.hr_cfg ?? request.cfg_scale,
    distilled_cfg_scale: hires.hr_distilled_cfg ?? request.distilled_cfg_scale,
    sampler_name: hires.hr_sampler_name ?? request.sampler_name,
    scheduler: hires.hr_scheduler ?? request.scheduler,
    model: hires.hr_checkpoint_name ?? request.model,
    additional_modules:
      modules === undefined || modules.includes('Use same choices')
        ? request.additional_modules
        : modules,
    steps: hires.hr_second_pass_steps || request.steps,
    width,
    height,
    denoising_strength: hires.denoising_strength,
    resize_mode: latent ? 3 : crop ? 1 : 0,
    img2img_fix_steps: true,
    upscaler_for_img2img: hires.hr_upscaler,
  }
}

/** The refiner's share of a pass: its steps after the switch. Noise falls faster than steps run, so by noise it
 *  takes over sooner. */
function shareOf(
  { refiner_switch_at: at, refiner_switch_by }: RefinerSwitch,
  steps: number,
): number {
  const by = refiner_switch_by === 'noise' ? at * at : at
  return (steps - Math.floor(steps * by)) / steps
}
