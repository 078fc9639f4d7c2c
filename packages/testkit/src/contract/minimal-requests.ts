import {
  type CallContext,
  type CallResult,
  type Backend,
  type Contribution,
  Detail,
  type DetailRequest,
  type ExtrasRequest,
  Hires,
  Img2Img,
  type Img2ImgRequest,
  operation as operationOf,
  Refiner,
  type Sampling,
  type StageImage,
  Txt2Img,
  type Txt2ImgRequest,
  Upscale,
} from '@stagewright/core'

import type { BackendSubject } from './backend-subject.js'

/** The sampling fields of a request that any backend can take, at 64×96. */
export function sampling({ fields = {} }: BackendSubject): Sampling {
  return {
    prompt: 'a red cube on a table',
    negative_prompt: '',
    sampler_name: 'Euler',
    scheduler: 'Automatic',
    steps: 4,
    cfg_scale: 7,
    width: 64,
    height: 96,
    seed: 11,
    subseed: 0,
    subseed_strength: 0,
    ...fields,
  }
}

export function txt2img(
  subject: BackendSubject,
  changes: Partial<Txt2ImgRequest> = {},
): Txt2ImgRequest {
  return { ...sampling(subject), batch_size: 1, ...changes }
}

export function img2img(
  subject: BackendSubject,
  images: readonly StageImage[],
  changes: Partial<Img2ImgRequest> = {},
): Img2ImgRequest {
  return {
    ...sampling(subject),
    images,
    batch_size: images.length,
    denoising_strength: 0.5,
    resize_mode: 0,
    img2img_fix_steps: false,
    ...changes,
  }
}

function extras({ upscaler = 'Lanczos' }: BackendSubject, image: StageImage): ExtrasRequest {
  return {
    mode: 'extras',
    image,
    where: 'server',
    resize_mode: 0,
    upscaling_resize: 2,
    upscaling_crop: true,
    upscaler_1: upscaler,
    extras_upscaler_2_visibility: 0,
    gfpgan_visibility: 0,
    codeformer_visibility: 0,
    codeformer_weight: 0,
  }
}

function detail(subject: BackendSubject, image: StageImage): DetailRequest {
  return {
    ...sampling(subject),
    image,
    unit: 'face',
    ad_model: subject.detector ?? 'face_yolov8n.pt',
    ad_model_classes: '',
    ad_prompt: '',
    ad_negative_prompt: '',
    ad_confidence: 0.3,
    ad_mask_filter_method: 'Area',
    ad_mask_k: 0,
    ad_mask_min_ratio: 0,
    ad_mask_max_ratio: 1,
    ad_dilate_erode: 4,
    ad_x_offset: 0,
    ad_y_offset: 0,
    ad_mask_merge_invert: 'None',
    ad_mask_blur: 4,
    ad_denoising_strength: 0.4,
    ad_inpaint_only_masked: true,
    ad_inpaint_only_masked_padding: 32,
    ad_restore_face: false,
  }
}

/** A request of an operation that works on one picture, or on none; undefined where nobody knows what it takes. */
export function minimalRequest(
  subject: BackendSubject,
  operation: string,
  image: StageImage,
): unknown {
  const own = subject.requests?.[operation]
  if (own !== undefined) return own(image)
  switch (operation) {
    case Txt2Img.name:
      return txt2img(subject)
    case Img2Img.name:
      return img2img(subject, [image])
    case Upscale.name:
      return extras(subject, image)
    case Detail.name:
      return detail(subject, image)
    default:
      return undefined
  }
}

/** Contributions to core's slots, by slot. */
export function contributionsTo(subject: BackendSubject): Readonly<Record<string, Contribution>> {
  const { hires_upscaler: upscaler = 'Lanczos', refiner = 'contract_refiner' } = subject
  return {
    [Hires.name]: Hires.with({
      hr_scale: 2,
      hr_resize_x: 0,
      hr_resize_y: 0,
      hr_upscaler: upscaler,
      hr_second_pass_steps: 0,
      denoising_strength: 0.5,
    }),
    [Refiner.name]: Refiner.with({
      refiner_checkpoint: refiner,
      refiner_switch_at: 0.5,
      refiner_switch_by: 'steps',
      refiner_pass: 'both',
    }),
    ...subject.contributions,
  }
}

/** Asks a backend as the runner does. */
export function ask(
  backend: Backend,
  operation: string,
  request: unknown,
  context: Partial<CallContext> = {},
): Promise<CallResult> {
  return backend.call(operationOf<unknown>(operation), request, {
    id: globalThis.crypto.randomUUID(),
    stage: 'contract',
    signal: new AbortController().signal,
    contributions: [],
    progress: () => undefined,
    ...context,
  })
}
