import type { ExtrasRequest, StageImage } from '@stagewright/core'
import { type FakeWebui, startFakeWebui } from '@stagewright/fake-webui'
import { backendContract } from '@stagewright/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'

import { type DialectName, dialectNames, webui, type WebuiBackend } from '../src/index.js'

const exempt: Partial<Record<DialectName, Readonly<Record<string, string>>>> = {
  sdnext: {
    'backend/seeds/largest':
      'SD.Next takes a seed of 0 for none: it is refused here, see refused-settings.test.ts',
    'backend/seeds/count-up':
      'SD.Next takes variation seeds and does nothing with them: they are refused here',
  },
  sdcpp: {
    'backend/seeds/count-up':
      'sd-server has no variation seeds, and refuses them here; plain seeds are counted in describe.test.ts',
  },
}

for (const dialect of dialectNames) {
  describe(`on ${dialect}`, () => {
    let fake: FakeWebui | undefined
    let backend: WebuiBackend | undefined
    beforeAll(async () => {
      fake = await startFakeWebui({ dialect })
      backend = webui({ url: fake.url, pollInterval: 10 })
    })
    afterAll(async () => {
      await backend?.[Symbol.asyncDispose]()
      await fake?.close()
    })
    backendContract(
      { describe, it },
      {
        title: `webui on ${dialect}`,
        backend: () => backend as WebuiBackend,
        refiner: 'sd_xl_refiner_1.0',
        ...(dialect === 'sdnext' ? { detector: 'face-yolo8n' } : {}),
        // It enlarges nothing without diffusion: that is done here.
        ...(dialect === 'sdcpp' ? { requests: { upscale: resampled } } : {}),
        exempt: exempt[dialect] ?? {},
      },
    )
  })
}

const resampled = (image: StageImage): ExtrasRequest => ({
  mode: 'extras',
  image,
  where: 'client',
  resize_mode: 0,
  upscaling_resize: 2,
  upscaling_crop: true,
  upscaler_1: 'Lanczos',
  extras_upscaler_2_visibility: 0,
  gfpgan_visibility: 0,
  codeformer_visibility: 0,
  codeformer_weight: 0,
})
