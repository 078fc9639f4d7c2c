import { post, type Route } from '../http/route.js'
import { extras, extrasBatch } from '../jobs/extras.js'
import { generate } from '../jobs/generate.js'

export const generationRoutes: readonly Route[] = [
  post('/sdapi/v1/txt2img', (exchange, world) => generate('txt2img', exchange, world)),
  post('/sdapi/v1/img2img', (exchange, world) => generate('img2img', exchange, world)),
  post('/sdapi/v1/extra-single-image', extras),
  post('/sdapi/v1/extra-batch-images', extrasBatch),
]
