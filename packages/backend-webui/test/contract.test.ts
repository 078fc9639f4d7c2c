import { type FakeWebui, startFakeWebui } from '@stagewright/fake-webui'
import { backendContract } from '@stagewright/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'

import { type DialectName, dialectNames, webui, type WebuiBackend } from '../src/index.js'

const exempt: Partial<Record<DialectName, Readonly<Record<string, string>>>> = {
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
        exempt: exempt[dialect] ?? {},
      },
    )
  })
}
