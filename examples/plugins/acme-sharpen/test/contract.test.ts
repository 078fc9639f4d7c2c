import { stageContract } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { sharpen } from '../src/index.js'

stageContract(
  { describe, it },
  {
    stage: sharpen,
    config: { sigma: 1.2, amount: 3 },
    bad: [{ sigma: 0 }, { amount: 11 }, { strength: 1 }],
  },
)
