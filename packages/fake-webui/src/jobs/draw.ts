import type { Txt2ImgRequest } from '@stagewright/core'

import type { RedrawRequest } from '../pictures/painter.js'
import { type Picture, plain } from '../pictures/picture.js'
import { modelName } from './checkpoints.js'
import { drawsNanBlack, type Job } from './job.js'

/** The fields of a job that decide a drawing, for the pictures `from`…`from + count` of it. */
export function drawing(job: Job, from: number, count: number, steps: number): Txt2ImgRequest {
  const { values, world, base, sampler } = job
  const { settings } = world
  const modules = settings['forge_additional_modules']
  const vae = settings['sd_vae']
  const clip = values.clip_skip ?? settings['CLIP_stop_at_last_layers']
  return {
    prompt:
      values.disable_extra_networks === true ? withoutTags(job.prompts[from]!) : job.prompts[from]!,
    negative_prompt: job.negatives[from]!,
    model: modelName(base),
    ...(typeof vae === 'string' && vae !== 'Automatic' && world.dialect.name !== 'forge'
      ? { vae }
      : {}),
    ...(Array.isArray(modules) && modules.length > 0
      ? { additional_modules: modules.map(String) }
      : {}),
    ...(typeof clip === 'number' && clip > 1 ? { clip_skip: clip } : {}),
    sampler_name: sampler.sampler,
    scheduler: sampler.scheduler,
    // An interrupted pass shows the noise that is left; the renderer wants one step at least.
    steps: Math.max(1, steps),
    cfg_scale: values.cfg_scale,
    ...(values.distilled_cfg_scale === undefined
      ? {}
      : { distilled_cfg_scale: values.distilled_cfg_scale }),
    width: job.width,
    height: job.height,
    seed: job.seeds[from]!,
    subseed: job.subseeds[from]!,
    subseed_strength: values.subseed_strength,
    ...(values.restore_faces === true ? { restore_faces: true } : {}),
    ...(values.tiling === true ? { tiling: true } : {}),
    batch_size: count,
  }
}

/** As `drawing`, for a redrawing of pictures. */
export function redrawing(job: Job, from: number, count: number, steps: number): RedrawRequest {
  const { values, world } = job
  const upscaler = world.settings['upscaler_for_img2img']
  return {
    ...drawing(job, from, count, steps),
    denoising_strength: Math.min(1, values.denoising_strength),
    resize_mode: values.resize_mode,
    // How many steps run was settled by the caller.
    img2img_fix_steps: true,
    ...(typeof upscaler === 'string' && upscaler !== '' && upscaler !== 'None'
      ? { upscaler_for_img2img: upscaler }
      : {}),
    mask_blur: values.mask_blur ?? values.mask_blur_x,
    mask_round: values.mask_round,
    inpainting_fill: values.inpainting_fill,
    inpaint_full_res: values.inpaint_full_res,
    inpaint_full_res_padding: values.inpaint_full_res_padding,
    // Already applied to the mask's pixels.
    inpainting_mask_invert: 0,
  }
}

/** NaN makes black pictures where the server does not look for it. */
export async function blackened(job: Job, pictures: readonly Picture[]): Promise<Picture[]> {
  if (!job.exchange.suffers('nan') || !drawsNanBlack(job.world)) return [...pictures]
  return Promise.all(pictures.map(({ width, height }) => plain(width, height, '#000000')))
}

function withoutTags(prompt: string): string {
  return prompt.replaceAll(/<(lora|lyco|hypernet):[^>]*>/gu, '')
}
