import { stageContract } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { myStage } from '../src/index.js'

// What every stage must do, whoever wrote it. Each test names its clause.
stageContract(
  { describe, it },
  {
    stage: myStage,
    config: { strength: 0.3, add_to_prompt: 'film grain', sampler_name: 'Euler a' },
    bad: [{ strength: 0 }],
  },
)
