import { stageContract } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { adetailer } from '../src/index.js'

const face = { name: 'face', ad_model: 'face_yolov8n.pt' }

stageContract(
  { describe, it },
  {
    stage: adetailer,
    config: {
      units: [
        { ...face, ad_checkpoint: 'other', ad_vae: 'soft', ad_sampler: 'Euler a' },
        { name: 'hands', ad_model: 'hand_yolov8n.pt', ad_scheduler: 'Karras' },
      ],
    },
    resources: {
      'units.0.ad_model': 'detector',
      'units.1.ad_model': 'detector',
      'units.0.ad_checkpoint': 'model',
      'units.0.ad_vae': 'vae',
      'units.0.ad_sampler': 'sampler',
      'units.1.ad_scheduler': 'scheduler',
    },
    bad: [
      {},
      { units: [] },
      { units: [{ name: 'face' }] },
      { units: [face, face] },
      { units: [{ ...face, ad_use_steps: true }] },
      { units: [{ ...face, ad_mask_k_largest: 2 }] },
      { units: [face], ad_model: 'face_yolov8n.pt' },
    ],
  },
)
