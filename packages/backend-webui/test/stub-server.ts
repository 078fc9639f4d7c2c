import {
  type CallContext,
  type CallResult,
  Detail,
  type DetailRequest,
  type ExtrasRequest,
  Img2Img,
  type Img2ImgRequest,
  type Operation,
  type PipelineError,
  type Sampling,
  type StageImage,
  stageImage,
  Txt2Img,
  type Txt2ImgRequest,
  Upscale,
} from '@stagewright/core'

import { type DialectName, overTransport, type Transport, type WebuiOptions } from '../src/index.js'
import type { BodyPart, GenerateAnswer, GenerateOptions } from '../src/transport.js'
import { lists } from './lists.js'
import { png } from './pictures.js'

type Json = Readonly<Record<string, BodyPart>>

/** What a stubbed server answers to a generating post: parts of an answer, or a status with a body. */
export type Reply =
  | Partial<Pick<GenerateAnswer, 'images' | 'body' | 'warnings' | 'untilStep'>>
  | { readonly status: number; readonly said: unknown }

export interface StubOptions extends Omit<WebuiOptions, 'url'> {
  /** Answers to reads, in place of the dialect's; undefined: there is no such route. */
  readonly reads?: Readonly<Record<string, unknown>>
  /** How many reads fail first. */
  readonly down?: number
  readonly reply?: (body: Json, path: string, nth: number) => Reply
}

/** A backend over a transport that answers from memory: each generating post and what it carried is kept. */
export function stubServer(dialect: DialectName, options: StubOptions = {}) {
  const posts: { path: string; body: Json; options: GenerateOptions }[] = []
  const reads: string[] = []
  const known = { ...lists[dialect], ...options.reads }
  const transport: Transport = {
    baseUrl: 'http://stub',
    get: (path) => {
      reads.push(path)
      if (reads.length <= (options.down ?? 0)) return Promise.reject(new Error('down'))
      const body = known[path]
      return Promise.resolve(body === undefined ? undefined : { status: 200, body })
    },
    post: () => Promise.resolve(undefined),
    generate: (path, body, how) => {
      const json = body as Json
      posts.push({ path, body: json, options: how })
      const reply = options.reply?.(json, path, posts.length - 1) ?? {}
      if ('said' in reply) {
        const text = JSON.stringify(reply.said)
        return Promise.reject(how.onError(reply.status, reply.said, text))
      }
      const images = reply.images ?? pictures(json)
      return Promise.resolve({ status: 200, images, body: {}, headers: {}, warnings: [], ...reply })
    },
  }
  const backend = overTransport(transport, { dialect, ...options })
  const call = <R>(operation: Operation<R>, request: R, context: Partial<CallContext> = {}) =>
    backend.call(operation, request, {
      id: globalThis.crypto.randomUUID(),
      stage: operation.name,
      signal: new AbortController().signal,
      contributions: [],
      progress: () => {},
      ...context,
    })
  return {
    backend,
    posts,
    reads,
    call,
    txt2img: (changes: Partial<Txt2ImgRequest> = {}, context: Partial<CallContext> = {}) =>
      call(Txt2Img, { ...sampling, batch_size: 1, ...changes }, context),
    img2img: (changes: Partial<Img2ImgRequest> = {}, context: Partial<CallContext> = {}) =>
      call(Img2Img, { ...redraw, ...changes }, context),
    extras: (changes: Partial<ExtrasRequest> = {}) => call(Upscale, { ...enlarge, ...changes }),
    detail: (changes: Partial<DetailRequest> = {}, context: Partial<CallContext> = {}) =>
      call(Detail, { ...unit, ...changes }, context),
    /** The body of the only post, without its random task id. */
    sent: (nth = 0): Record<string, BodyPart> => {
      const { force_task_id: _, ...body } = posts[nth]?.body ?? {}
      return body
    },
  }
}

/** What a call fails with. */
export async function failing(call: Promise<CallResult>): Promise<PipelineError> {
  try {
    await call
  } catch (error) {
    return error as PipelineError
  }
  throw new Error('it did not fail')
}

/** As many pictures as were asked for, of the size asked for. */
function pictures(body: Json): Uint8Array[] {
  const number = (key: string, otherwise: number) =>
    typeof body[key] === 'number' ? body[key] : otherwise
  const twice = body['enable_hr'] === true ? 2 : 1
  // The detailer hands back the picture at its own size, whatever it works at.
  const repairs = JSON.stringify(body['alwayson_scripts'] ?? '').includes('[true')
  const side = (key: string) => (repairs ? 64 : number(key, 64) * twice)
  const size = { width: side('width'), height: side('height') }
  return Array.from({ length: number('batch_size', 1) }, (_, i) =>
    png({ ...size, pixel: (x, y) => [(x + number('seed', 0) + i) & 255, y & 255, i] }),
  )
}

export const sampling: Sampling = {
  prompt: 'a red cube',
  negative_prompt: 'blurry',
  sampler_name: 'Euler',
  scheduler: 'Automatic',
  steps: 20,
  cfg_scale: 7,
  width: 64,
  height: 64,
  seed: 11,
  subseed: 0,
  subseed_strength: 0,
}

export function picture(init: Parameters<typeof png>[0] = {}): StageImage {
  const bytes = png({ width: 64, height: 64, ...init })
  return stageImage(bytes, { seed: 11, settings: sampling, lineage: ['txt2img'] })
}

const redraw: Img2ImgRequest = {
  ...sampling,
  images: [picture()],
  batch_size: 1,
  denoising_strength: 0.5,
  resize_mode: 0,
  img2img_fix_steps: false,
}

const enlarge: ExtrasRequest = {
  mode: 'extras',
  image: picture(),
  where: 'server',
  resize_mode: 0,
  upscaling_resize: 2,
  upscaling_crop: true,
  upscaler_1: 'Lanczos',
  extras_upscaler_2_visibility: 0,
  gfpgan_visibility: 0,
  codeformer_visibility: 0,
  codeformer_weight: 0,
}

const unit: DetailRequest = {
  ...sampling,
  image: picture(),
  unit: 'face',
  ad_model: 'face_yolov8n.pt',
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
