import {
  type CallResult,
  Hires,
  type HiresPass,
  Img2Img,
  type Img2ImgRequest,
  Refiner,
  type StageImage,
  type Txt2ImgRequest,
} from '@stagewright/core'
import { samplingOf, set } from '@stagewright/core/sampling'

import { unsupported } from '../payload/encoding.js'
import { targetOf } from '../payload/hires.js'
import { img2img, txt2img } from './generate.js'
import { Job } from './job.js'

/** A high-res pass whose first pass alone has a refiner, on a server that would go on with the refiner: the first pass
 *  as one call, then the second on each picture without it, with the noise and the steps that it would have had. */
export async function twoPasses(
  job: Job,
  request: Txt2ImgRequest,
  pass: HiresPass,
): Promise<CallResult> {
  const { host, ctx, operation } = job
  const latent = pass.hr_upscaler === 'Latent' || pass.hr_upscaler.startsWith('Latent (')
  if (latent && pass.hr_upscaler !== 'Latent')
    throw unsupported(
      job.encoding.dialect,
      `${pass.hr_upscaler} with refiner_pass: first`,
      'use the upscaler "Latent", or one that is not latent',
    )
  const contributions = ctx.contributions.filter(({ slot }) => slot !== Hires.name)
  const others = contributions.filter(
    ({ slot, on }) => slot !== Refiner.name && on.includes(Img2Img.name),
  )
  const part = (from: number, share: number, carried: typeof contributions) =>
    new Job(
      host,
      { ...ctx, contributions: carried, progress: (f, now) => ctx.progress(from + share * f, now) },
      operation,
      request,
      job.loads,
    )
  const first = await txt2img(part(0, 0.5, contributions), request)
  const images: StageImage[] = []
  const warnings = [...(first.warnings ?? [])]
  const share = 0.5 / first.images.length
  for (const [i, image] of first.images.entries()) {
    const second = part(0.5 + i * share, share, others)
    const made = await img2img(second, secondRequest(job, request, pass, image, latent))
    warnings.push(...(made.warnings ?? []))
    images.push(...made.images.map((one) => Object.freeze({ ...one, settings: image.settings })))
  }
  return { images, before: { [Hires.name]: first.images }, warnings: [...new Set(warnings)] }
}

function secondRequest(
  job: Job,
  request: Txt2ImgRequest,
  pass: HiresPass,
  image: StageImage,
  latent: boolean,
): Img2ImgRequest {
  const settings = image.settings ?? samplingOf(request)
  const sides = pass.hr_resize_x > 0 && pass.hr_resize_y > 0
  return {
    ...samplingOf({
      ...settings,
      ...targetOf(job.encoding, request, pass),
      seed: image.seed,
      prompt: pass.hr_prompt ?? settings.prompt,
      negative_prompt: pass.hr_negative_prompt ?? settings.negative_prompt,
      steps: pass.hr_second_pass_steps || settings.steps,
      ...set({
        model: pass.hr_checkpoint_name,
        sampler_name: pass.hr_sampler_name,
        scheduler: pass.hr_scheduler,
        cfg_scale: pass.hr_cfg,
        distilled_cfg_scale: pass.hr_distilled_cfg,
        additional_modules: pass.hr_additional_modules,
      }),
    }),
    images: [image],
    batch_size: 1,
    denoising_strength: pass.denoising_strength,
    resize_mode: latent ? 3 : sides ? 1 : 0,
    img2img_fix_steps: true,
    initial_noise_multiplier: 1,
    ...(latent ? {} : { upscaler_for_img2img: pass.hr_upscaler }),
  }
}
