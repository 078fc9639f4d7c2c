import { stageContract } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { ControlNet, controlnet } from '../src/index.js'

const unit = { image: 'pose.png', model: 'openpose', module: 'openpose_full' }

stageContract(
  { describe, it },
  {
    stage: controlnet,
    config: { units: [unit] },
    bad: [{ units: [] }, { units: [{ model: 'openpose' }] }, { units: [{ ...unit, weight: 3 }] }],
    resources: { 'units.0.model': 'controlnet_model', 'units.0.module': 'controlnet_module' },
    pictures: { 'pose.png': { width: 64, height: 96 } },
    slots: [ControlNet],
  },
)
