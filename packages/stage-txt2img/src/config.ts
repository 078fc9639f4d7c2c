import {
  heightField,
  passthroughFields,
  samplingFields,
  seedField,
  subseedField,
  widthField,
} from '@stagewright/core/sampling'
import { z } from 'zod'

/** The section `txt2img`. Names are the WebUI API's, defaults its page's. */
export const txt2imgConfig = z.object({
  ...samplingFields,
  width: widthField.default(512),
  height: heightField.default(512),
  seed: seedField.default(-1),
  subseed: subseedField.default(0),
  ...passthroughFields,
})

export type Txt2ImgConfig = z.output<typeof txt2imgConfig>
