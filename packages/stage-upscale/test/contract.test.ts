import { stageContract } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { upscale } from '../src/index.js'

describe('mode: extras', () => {
  stageContract(
    { describe, it },
    {
      stage: upscale,
      config: { upscaler_1: 'R-ESRGAN 4x+', upscaler_2: 'Lanczos', upscaling_resize: 1.5 },
      resources: { upscaler_1: 'upscaler', upscaler_2: 'upscaler' },
      bad: [
        {},
        { upscaler_1: 'None' },
        { upscaler_1: 'Lanczos', tile_width: 512 },
        { upscaler_1: 'Lanczos', upscaling_resize: 2, upscaling_resize_w: 512 },
      ],
    },
  )
})

describe('mode: sd_upscale', () => {
  stageContract(
    { describe, it },
    {
      stage: upscale,
      config: {
        mode: 'sd_upscale',
        upscaler_1: 'R-ESRGAN 4x+',
        sampler_name: 'Euler a',
        scheduler: 'Karras',
      },
      bad: [
        { mode: 'sd_upscale', upscaler_1: 'Lanczos', upscaling_resize: 5 },
        { mode: 'sd_upscale', upscaler_1: 'Lanczos', upscaler_2: 'Nearest' },
        { mode: 'sd_upscale', upscaler_1: 'Lanczos', where: 'client' },
      ],
    },
  )
})
