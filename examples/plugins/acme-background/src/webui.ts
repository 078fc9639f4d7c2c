import { type WebuiHandler, webuiHandler } from '@stagewright/backend-webui'

import { RemoveBackground, type RemoveBackgroundRequest } from './operation.js'

/** @source stable-diffusion-webui-rembg, `scripts/api.py`: `POST /rembg` answers `{ image }` */
const rembg: WebuiHandler<RemoveBackgroundRequest> = webuiHandler(
  RemoveBackground,
  async ({ image, model, alpha_matting }, ctx) => {
    const { images } = await ctx.generate('/rembg', {
      input_image: await image.bytes(),
      model,
      return_mask: false,
      alpha_matting,
    })
    return { images: images.map((bytes) => ctx.picture(bytes, image)) }
  },
)

export const handlers: readonly WebuiHandler[] = [rembg]
