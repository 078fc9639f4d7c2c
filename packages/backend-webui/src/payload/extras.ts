import { type ExtrasRequest, Upscale } from '@stagewright/core'

import { given, type Payload } from '../dialects/dialect.js'
import { supportOf } from '../dialects/support.js'
import { type Encoding, known, refuseSettings, unsupported } from './encoding.js'
import { pictureBytes } from './picture.js'

/** The body of `POST /sdapi/v1/extra-single-image`. "None" enlarges nothing and answers 200: it is refused. */
export async function extrasBody(encoding: Encoding, request: ExtrasRequest): Promise<Payload> {
  const { dialect } = encoding
  const { extras } = dialect
  if (extras === undefined)
    throw unsupported(dialect, 'upscale', supportOf(dialect.name, 'upscaler')?.how)
  const upscaler = known(encoding, 'upscaler', request.upscaler_1, 'upscaler_1')
  if (upscaler.toLowerCase() === 'none')
    throw unsupported(dialect, 'upscale with the upscaler "None"', 'name an upscaler')
  const factor = request.upscaling_resize ?? 2
  refuseSettings(encoding, Upscale.name, request)
  const second = request.upscaler_2
  return {
    image: await pictureBytes(encoding, request.image),
    resize_mode: request.resize_mode,
    ...(request.resize_mode === 0
      ? { upscaling_resize: factor }
      : {
          ...given('upscaling_resize_w', request.upscaling_resize_w),
          ...given('upscaling_resize_h', request.upscaling_resize_h),
          upscaling_crop: request.upscaling_crop,
        }),
    upscaler_1: upscaler,
    ...(second === undefined
      ? {}
      : {
          upscaler_2: known(encoding, 'upscaler', second, 'upscaler_2'),
          extras_upscaler_2_visibility: request.extras_upscaler_2_visibility,
        }),
    ...(extras.restorers
      ? {
          gfpgan_visibility: request.gfpgan_visibility,
          codeformer_visibility: request.codeformer_visibility,
          codeformer_weight: request.codeformer_weight,
        }
      : {}),
  }
}
