import { stageContract } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { img2img } from '../src/index.js'

stageContract(
  { describe, it },
  {
    stage: img2img,
    shared: { prompt: 'a red cube on a table', model: 'base' },
    config: { denoising_strength: 0.5, vae: 'soft', scheduler: 'Karras' },
    bad: [
      { denoising_strength: 1.1 },
      { resize_mode: 'squeeze' },
      { width: 64, height: 640 },
      { resize_by: 2, width: 512 },
      { init_images: [] },
    ],
  },
)
