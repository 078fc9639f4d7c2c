import { Img2Img, type Img2ImgRequest, Refiner, type StageImage } from '@stagewright/core'
import { executedSteps } from '@stagewright/core/sampling'

import { type Dialect, given, type Payload } from '../dialects/dialect.js'
import { type Encoding, known, mismatch, refuseSettings } from './encoding.js'
import { merged } from './merge.js'
import { optionsOf, redrawOptions } from './options.js'
import { maskBytes, pictureBytes } from './picture.js'
import { refinerOf, refinerOptions } from './refiner.js'
import { samplingFields } from './sampling.js'
import { detailerOff, scriptsOf } from './scripts.js'

/** The body of `POST /sdapi/v1/img2img`: one picture `batch_size` times, or as many pictures. High-res fields are never
 *  in it: they are ignored, or worse, honoured. */
export async function img2imgBody(encoding: Encoding, request: Img2ImgRequest): Promise<Payload> {
  const { dialect } = encoding
  const refiner = Refiner.from(encoding.contributions)
  const pictures = await Promise.all(request.images.map((one) => pictureBytes(encoding, one)))
  checkRedraw(encoding, request)
  return merged(
    samplingFields(encoding, request, request.batch_size),
    {
      init_images: pictures,
      denoising_strength: request.denoising_strength,
      ...stepsOf(dialect, request),
      ...resizeOf(encoding, request),
      ...(dialect.img2img.noise
        ? given('initial_noise_multiplier', request.initial_noise_multiplier)
        : {}),
      ...(dialect.fields.imageCfg ? given('image_cfg_scale', request.image_cfg_scale) : {}),
    },
    request.mask === undefined ? {} : await maskFields(encoding, request, request.mask),
    refiner === undefined ? {} : refinerOf(encoding, refiner),
    optionsOf(encoding, request, {
      ...redrawOptions,
      img2img_fix_steps: request.img2img_fix_steps || dialect.img2img.exactSteps === true,
      ...upscalerOption(encoding, request),
      ...(refiner === undefined ? {} : refinerOptions(refiner, false)),
    }),
    detailerOff(encoding),
    scriptsOf(encoding, request),
  )
}

/** Where a server executes as many steps as it is told, it is told as many as others would execute. */
function stepsOf({ img2img }: Dialect, request: Img2ImgRequest): Payload {
  return img2img.exactSteps !== true || request.img2img_fix_steps
    ? {}
    : { steps: executedSteps(request) }
}

/** How the picture comes to the size asked for. */
function resizeOf(encoding: Encoding, request: Img2ImgRequest): Payload {
  const { resizeModes, upscaler } = encoding.dialect.img2img
  const { resize_mode: mode, upscaler_for_img2img: name } = request
  if (resizeModes.length === 0) return {}
  return {
    // A lenient request may ask for one that the server lacks.
    resize_mode: resizeModes[mode] ?? resizeModes[0] ?? 0,
    ...(upscaler === 'resize_name'
      ? {
          resize_name:
            name === undefined ? 'None' : known(encoding, 'upscaler', name, 'upscaler_for_img2img'),
        }
      : {}),
  }
}

function upscalerOption(encoding: Encoding, request: Img2ImgRequest): Payload {
  const { upscaler_for_img2img: name } = request
  if (name === undefined || encoding.dialect.img2img.upscaler !== 'option') return {}
  const own = known(encoding, 'upscaler', name, 'upscaler_for_img2img')
  if (!Object.hasOwn(encoding.inventory.options, 'upscaler_for_img2img'))
    mismatch(encoding, 'a choice of upscaler in img2img', 'set hr_strategy: merged after txt2img')
  return { upscaler_for_img2img: own }
}

/** What would be ignored of a redraw. */
function checkRedraw(encoding: Encoding, request: Img2ImgRequest): void {
  const { img2img } = encoding.dialect
  const [first] = request.images
  const { resize_mode: mode } = request
  if (img2img.upscaler === 'none' && request.upscaler_for_img2img !== undefined)
    mismatch(encoding, 'a choice of upscaler in img2img', 'set hr_strategy: merged after txt2img')
  refuseSettings(encoding, Img2Img.name, request)
  if (img2img.resizeModes.length === 0 && (mode === 1 || mode === 2) && !sameAspect(first, request))
    mismatch(encoding, `resize_mode: ${mode === 1 ? 'crop' : 'fill'}`, 'give a size of its aspect')
  const fixed =
    img2img.exactSteps === true || Object.hasOwn(encoding.inventory.options, 'img2img_fix_steps')
  if (!fixed && request.img2img_fix_steps && request.denoising_strength < 1)
    encoding.warn(
      `${encoding.dialect.title} may run fewer than ${request.steps} steps: it has no img2img_fix_steps`,
    )
}

async function maskFields(
  encoding: Encoding,
  request: Img2ImgRequest,
  mask: StageImage,
): Promise<Payload> {
  const { maskFields: has } = encoding.dialect.img2img
  if (!has.includes('mask_blur') && (request.mask_blur ?? 0) > 0)
    encoding.warn('the mask is not blurred: the server cannot')
  return merged(
    { mask: await maskBytes(mask) },
    given('inpainting_mask_invert', request.inpainting_mask_invert),
    ...has.map((field) => given(field, request[field])),
  )
}

function sameAspect(
  picture: StageImage | undefined,
  to: { width: number; height: number },
): boolean {
  if (picture === undefined) return true
  const stretch = (picture.width * to.height) / (picture.height * to.width)
  return Math.abs(stretch - 1) < 0.02
}
