import { Hires, Refiner, Txt2Img, type Txt2ImgRequest } from '@stagewright/core'

import type { Payload } from '../dialects/dialect.js'
import { type Encoding, refuseSettings } from './encoding.js'
import { hiresOf, hiresOptions } from './hires.js'
import { merged } from './merge.js'
import { optionsOf } from './options.js'
import { refinerOf, refinerOptions } from './refiner.js'
import { samplingFields } from './sampling.js'
import { detailerOff, scriptsOf } from './scripts.js'

/** The body of `POST /sdapi/v1/txt2img`. */
export function txt2imgBody(encoding: Encoding, request: Txt2ImgRequest): Payload {
  const hires = Hires.from(encoding.contributions)
  const refiner = Refiner.from(encoding.contributions)
  const second = hires !== undefined
  refuseSettings(encoding, Txt2Img.name, request)
  return merged(
    samplingFields(encoding, request, request.batch_size),
    hires === undefined ? {} : hiresOf(encoding, request, hires),
    refiner === undefined ? {} : refinerOf(encoding, refiner),
    optionsOf(encoding, request, {
      ...(second ? hiresOptions : {}),
      ...(refiner === undefined ? {} : refinerOptions(refiner, second)),
    }),
    detailerOff(encoding),
    scriptsOf(encoding, request),
  )
}
