import { type FakeWebui, startFakeWebui } from '@stagewright/fake-webui'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { journeys, journeySuite } from '@stagewright/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'

import { webui, type WebuiBackend } from '../src/index.js'

const stages = { txt2img, img2img, refiner, upscale, adetailer }
const models = ['sd_xl_base_1.0', 'dreamshaper_8', 'sd_xl_refiner_1.0']

const slow = 'a thousand runs over HTTP take minutes, and the order of stages is not the server’s'
const subsets = journeys.filter(({ id }) => id.startsWith('subsets/')).map(({ id }) => [id, slow])

/** Journeys with a second checkpoint, which SD.Next takes from its own settings only. */
const refined = [
  'full',
  'refiner-hires-adetailer',
  't+r',
  't+r+h',
  't+i+r',
  't+i+r+h+u+a',
  'rh/pass-first-on-i',
  'rh/pass-both-on-i',
  'third-party/r+h',
  'hand-made/a-not-last',
  'hand-made/two-a',
  'hand-made/second-terminal',
  'hand-made/traits-changed',
  'hand-made/order-twice',
].map((id) => [id, 'SD.Next takes no refiner in a request: refused before any call'])

const exempt = {
  a1111: subsets,
  forge: subsets,
  reforge: subsets,
  sdnext: [
    ...subsets,
    ...refined,
    ['t-4/subseed+i', 'SD.Next makes no variations: refused before any call'],
    ['h/checkpoint/merged', 'SD.Next’s high-res pass has no checkpoint of its own: refused'],
  ],
}

// sd-server's grid of 64 gives other sizes, and most stages are refused there: see wire.test.ts.
for (const dialect of ['a1111', 'forge', 'reforge', 'sdnext'] as const) {
  describe(`on ${dialect}`, () => {
    let fake: FakeWebui | undefined
    let backend: WebuiBackend | undefined
    beforeAll(async () => {
      fake = await startFakeWebui({ dialect, models: models.map((name) => `${name}.safetensors`) })
      backend = webui({ url: fake.url, pollInterval: 10 })
    })
    afterAll(async () => {
      await backend?.[Symbol.asyncDispose]()
      await fake?.close()
    })
    const names = dialect === 'sdnext' ? { face: 'face-yolo8n', hands: 'hand_yolov8n' } : {}
    journeySuite(
      { describe, it },
      {
        title: `journeys over HTTP on ${dialect}`,
        stages,
        names,
        backend: () => backend,
        exempt: Object.fromEntries(exempt[dialect]),
      },
    )
  })
}
