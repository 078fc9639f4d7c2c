import { type Fault, startFakeWebui } from '@stagewright/fake-webui'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

const portrait = `
prompt: "a portrait of a fisherman"
seed: 7
steps: 2
txt2img: { width: 128, height: 128 }
adetailer: { units: [{ name: face, ad_model: face_yolov8n.pt }] }
`
const means = 'nothing found, or the detector failed (out of memory, perhaps): see the server’s log'

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
  await place.put('portrait.yaml', portrait)
})
afterEach(() => place[Symbol.asyncDispose]())

describe.each(['a1111', 'forge', 'reforge'] as const)('a detailer on %s', (dialect) => {
  test.each<[string, Fault]>([
    ['runs out of memory', { kind: 'oom', match: { stage: 'adetailer' } }],
    ['fails', { kind: 'detector_error', match: { stage: 'adetailer' } }],
    ['finds nothing', { kind: 'nothing', match: { stage: 'adetailer' } }],
  ])(
    'that %s answers 200 with the picture as it was, and the run says no more than it knows',
    async (_, fault) => {
      await using fake = await startFakeWebui({
        dialect,
        tinyPictures: true,
        faults: [{ ...fault, times: Infinity }],
      })
      const argv = ['run', 'portrait.yaml', '--backend', fake.url]
      const { code, out } = await place.cli(argv)
      expect([code, out]).toEqual([
        0,
        expect.stringContaining(`adetailer: face: unchanged in 1 (${means})`),
      ])
      const { lines } = await place.cli([...argv, '--json'])
      expect(lines).toContainEqual(
        expect.objectContaining({
          type: 'call-finished',
          stage: 'adetailer',
          unchanged: true,
          unchanged_means: means,
        }),
      )
      expect(lines).toContainEqual(
        expect.objectContaining({
          type: 'stage-finished',
          outcome: 'unchanged',
          summary: [`face: unchanged in 1 (${means})`],
        }),
      )
      const details = fake.requests.filter(({ path }) => path === '/sdapi/v1/img2img')
      expect(details.map(({ status }) => status)).toEqual([200, 200])
    },
  )

  test('that works says what it changed', async () => {
    await using fake = await startFakeWebui({ dialect, tinyPictures: true })
    const { out } = await place.cli(['run', 'portrait.yaml', '--backend', fake.url])
    expect(out).toContain('adetailer: face: changed in 1')
  })
})
