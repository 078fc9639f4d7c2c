import {
  defineStage,
  errors,
  type Forecast,
  type ImageBatch,
  Img2Img,
  type Img2ImgRequest,
  Phase,
  type PictureForecast,
  type PlanView,
  type Stage,
  type StageContext,
  type StageImage,
} from '@stagewright/core'
import {
  executedSteps,
  generatingNeeds,
  generatingNotes,
  passthroughOf,
  samplingOf,
  seedAt,
  set,
  settleSampler,
  sharedFields,
} from '@stagewright/core/sampling'
import type { z } from 'zod'

import { callsFor, type PlannedCall, type Source } from './calls.js'
import { type Img2ImgConfig, img2imgConfig } from './config.js'
import { img2imgErrors, img2imgNotes } from './errors.js'
import { checkMasks, maskReferences } from './masks.js'
import { outputSize, targetOf } from './target.js'

/** Redraws pictures: those of the stage before it, or `init_images`.
 *  @shape one in, one out, in order; times `n_iter`; as the first generating stage also times `batch_size`
 *  @unit `denoising_strength` 0–1; `int(min(d, 0.999)·steps)+1` steps run
 *  @throws {StagePlanError} SW_PLAN_NO_PICTURES without pictures, SW_IMG2IMG_… for sizes and masks that do not fit
 *  @source WebUI modules/processing.py; API `POST /sdapi/v1/img2img` */
export const img2img: Stage<
  'img2img',
  z.input<typeof img2imgConfig>,
  (typeof sharedFields)[number]
> = defineStage({
  name: 'img2img',
  phase: Phase.Transform,
  consumes: 'maybe',
  generates: true,
  config: img2imgConfig,
  inherits: sharedFields,
  inheritsWhenFirst: ['width', 'height', 'seed', 'subseed', 'n_iter'],
  misnomers: {
    inpaint: 'inpainting is img2img with a mask: img2img: { init_images: […], mask: … }',
  },
  flat: {
    enabled: ['img2img_enabled'],
    keys: { denoising_strength: 'denoising_strength', init_images: 'init_images' },
  },
  pictures: (config) => [
    ...(config.init_images ?? []).map((reference, i) => ({
      reference,
      path: `init_images[${i}]`,
      use: 'picture' as const,
    })),
    ...maskReferences(config).map((reference, i) => ({
      reference,
      path: typeof config.mask === 'string' ? 'mask' : `mask[${i}]`,
      use: 'mask' as const,
    })),
  ],
  plan: (given, view) => {
    const { config, notes } = settleSampler(given)
    const input = inputOf(config, view)
    const masks = maskReferences(config).flatMap((one) => view.pictures(one, 'mask'))
    const maskNotes = checkMasks(config, masks, input, view.stage)
    const targets = input.map((picture) => targetOf(config, picture, view.stage, view.onGrid))
    const calls = callsFor(config, input.map(sourceOf), view.first, masks.length <= 1)
    const output = calls.flatMap((call) => forecastOf(config, call, input, targets))
    const largest = targets.toSorted((a, b) => b.width * b.height - a.width * a.height)[0]
    const most = Math.max(...calls.map((call) => call.batch_size))
    const later = !view.first && config.n_iter > 1
    return {
      config,
      call: { operation: Img2Img, times: calls.length },
      models: config.model === undefined ? [] : [config.model],
      output,
      needs: generatingNeeds(config),
      notes: [
        ...notes,
        ...maskNotes,
        ...(largest === undefined
          ? []
          : generatingNotes(config, { ...largest, batch: most, multiple: view.onGrid(1) })),
        ...(later
          ? [img2imgNotes.SW_NOTE_LATER_N_ITER({ stage: view.stage, n_iter: config.n_iter })]
          : []),
      ],
      why: `${executedSteps(config)} of ${config.steps} steps run at denoising ${config.denoising_strength}`,
    }
  },
  execute: (ctx, images) => {
    const { config } = ctx
    const sources =
      images.length > 0 ? images : (config.init_images ?? []).flatMap((one) => ctx.pictures(one))
    const masks = maskReferences(config).flatMap((one) => ctx.pictures(one, 'mask'))
    const calls = callsFor(config, sources.map(sourceOf), ctx.first, masks.length <= 1)
    const groups = calls.map(({ pictures }) => pictures.map((at) => sources[at] as StageImage))
    return ctx.eachGroup(groups, (group, index) => {
      const call = calls[index] as PlannedCall
      const mask = masks.length > 1 ? masks[call.pictures[0] as number] : masks[0]
      return ctx.call(Img2Img, requestOf(ctx, call, group, mask))
    })
  },
})

/** The pictures that come in: from before, or those given. */
function inputOf(config: Img2ImgConfig, view: PlanView): Forecast {
  const given = (config.init_images ?? []).flatMap((reference) => view.pictures(reference))
  if (view.input.length > 0 && config.init_images !== undefined)
    throw img2imgErrors.SW_IMG2IMG_TWO_SOURCES({ stage: view.stage })
  const input = view.input.length > 0 ? view.input : given
  if (input.length === 0) throw errors.SW_PLAN_NO_PICTURES({ stage: view.stage })
  return input
}

function sourceOf(picture: StageImage | PictureForecast): Source {
  const { width, height, settings } = picture
  const seed = 'seed' in picture ? picture.seed : (settings?.seed ?? 0)
  return { width, height, seed, subseed: settings?.subseed ?? 0 }
}

function requestOf(
  ctx: StageContext<Img2ImgConfig>,
  call: PlannedCall,
  images: ImageBatch,
  mask: StageImage | undefined,
): Img2ImgRequest {
  const { config } = ctx
  const { seed, subseed, batch_size } = call
  const target = targetOf(config, images[0] as StageImage, ctx.stage, ctx.onGrid)
  return {
    ...samplingOf({ ...config, ...target, seed, subseed }),
    ...passthroughOf(config),
    images,
    batch_size,
    denoising_strength: config.denoising_strength,
    resize_mode: config.resize_mode,
    img2img_fix_steps: false,
    ...set({
      image_cfg_scale: config.image_cfg_scale,
      initial_noise_multiplier: config.initial_noise_multiplier,
    }),
    ...(mask === undefined ? {} : maskFields(config, mask)),
  }
}

function maskFields(config: Img2ImgConfig, mask: StageImage) {
  return {
    mask,
    mask_blur: config.mask_blur,
    ...set({ mask_round: config.mask_round }),
    inpainting_fill: config.inpainting_fill,
    inpaint_full_res: config.inpaint_full_res,
    inpaint_full_res_padding: config.inpaint_full_res_padding,
    inpainting_mask_invert: config.inpainting_mask_invert,
  }
}

function marksOf(config: Img2ImgConfig): string[] {
  return [
    ...(config.mask === undefined ? [] : ['masked']),
    ...(config.restore_faces === true ? ['restore_faces'] : []),
  ]
}

/** The pictures that one call will give. */
function forecastOf(
  config: Img2ImgConfig,
  call: PlannedCall,
  input: Forecast,
  targets: readonly { readonly width: number; readonly height: number }[],
): PictureForecast[] {
  return Array.from({ length: call.batch_size }, (_, i) => {
    const at = (call.pictures.length > 1 ? call.pictures[i] : call.pictures[0]) as number
    const picture = input[at] as PictureForecast
    const target = targets[at] as { width: number; height: number }
    const seeds = seedAt({ ...call, subseed_strength: config.subseed_strength }, i)
    return {
      ...outputSize(config, picture, target),
      settings: samplingOf({ ...config, ...target, ...seeds }),
      name: picture.name,
      marks: marksOf(config),
    }
  })
}
