import { stageContract } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { txt2img } from '../src/index.js'

stageContract(
  { describe, it },
  {
    stage: txt2img,
    shared: { prompt: 'a red cube on a table', model: 'base' },
    config: { width: 256, height: 320, n_iter: 2, batch_size: 2, vae: 'soft', scheduler: 'Karras' },
    bad: [{ prompt: '' }, { width: 63 }, { seed: 2 ** 32 }, { steps: 1.5 }, { hr_scale: 2 }],
  },
)
