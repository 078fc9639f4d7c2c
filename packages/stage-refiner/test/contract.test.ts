import { stageContract } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { refiner } from '../src/index.js'

const hires = { enable_hr: true, hr_upscaler: 'R-ESRGAN 4x+', denoising_strength: 0.4 }
const bad = [
  { enable_hr: true, hr_scale: 2, hr_resize_x: 512 },
  { refiner_enabled: true },
  { refiner_enabled: true, refiner_model_name: 'None' },
  { refiner_enabled: true, refiner_model_name: 'other', refiner_switch_at: 1 },
  { refiner_enabled: true, refiner_model_name: 'contract_model.safetensors [31e35c80fc]' },
]
const resources = {
  hr_upscaler: 'hires_upscaler',
  refiner_model_name: 'model',
  hr_checkpoint_name: 'model',
  hr_sampler_name: 'sampler',
  hr_scheduler: 'scheduler',
}

describe('merged into the call before it', () => {
  stageContract(
    { describe, it },
    { stage: refiner, config: hires, bad, resources: { refiner_model_name: false } },
  )
})

describe('as a call of its own', () => {
  stageContract(
    { describe, it },
    {
      stage: refiner,
      config: {
        ...hires,
        hr_strategy: 'own',
        refiner_enabled: true,
        refiner_model_name: 'other',
        hr_checkpoint_name: 'second',
        hr_sampler_name: 'Euler a',
        hr_scheduler: 'Karras',
      },
      resources: { ...resources, hr_upscaler: 'upscaler' },
      bad,
    },
  )
})

describe('as a second model alone', () => {
  stageContract(
    { describe, it },
    {
      stage: refiner,
      config: { refiner_enabled: true, refiner_model_name: 'other' },
      // Those of the high-res pass, which is off here, reach no call.
      resources: {
        ...Object.fromEntries(Object.keys(resources).map((path) => [path, false as const])),
        refiner_model_name: 'model',
      },
    },
  )
})
