import type { SdUpscaleRequest } from '@stagewright/core'

import type { Payload } from '../dialects/dialect.js'
import { supportOf } from '../dialects/support.js'
import { type Encoding, known, unsupported } from './encoding.js'
import { merged } from './merge.js'
import { optionsOf, redrawOptions } from './options.js'
import { pictureBytes } from './picture.js'
import { samplingFields } from './sampling.js'
import { detailerOff } from './scripts.js'

/** The body of an img2img with the script "SD upscale": the request's size is the tile's. Always-on scripts run on each
 *  tile, so ADetailer is switched off. @source reference §7 */
export async function sdUpscaleBody(
  encoding: Encoding,
  request: SdUpscaleRequest,
): Promise<Payload> {
  const { dialect } = encoding
  if (!dialect.sdUpscale)
    throw unsupported(dialect, 'mode: sd_upscale', supportOf(dialect.name, 'sd_upscale')?.how)
  const upscaler = known(encoding, 'upscaler', request.upscaler_1, 'upscaler_1')
  const { tile_width: width, tile_height: height } = request
  return merged(
    samplingFields(encoding, { ...request, width, height }, 1),
    {
      init_images: [await pictureBytes(encoding, request.image)],
      resize_mode: 0,
      denoising_strength: request.denoising_strength,
      script_name: 'SD upscale',
      // The first argument belongs to a label of the page, and is always null.
      script_args: [null, request.tile_overlap, upscaler, request.upscaling_resize],
    },
    optionsOf(encoding, request, { ...redrawOptions, img2img_fix_steps: false }),
    detailerOff(encoding),
  )
}
