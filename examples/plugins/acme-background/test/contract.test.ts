import { stageContract } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { RemoveBackground, removeBackground } from '../src/index.js'

stageContract(
  { describe, it },
  {
    stage: removeBackground,
    config: { model: 'u2net' },
    bad: [{ model: '' }, { alpha_matting: 'yes' }, { modle: 'u2net' }],
    resources: { model: false },
    operations: [RemoveBackground],
  },
)
