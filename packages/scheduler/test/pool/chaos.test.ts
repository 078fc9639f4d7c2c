import { createPipeline } from '@stagewright/core'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { expect, it } from 'vitest'

import type { RunDescriptor } from '../../src/index.js'
import { fakes, poolOf } from './servers.js'

it('loses nothing and makes no result twice, while servers die and come back under 60 runs', async () => {
  const servers = await fakes({ a: {}, b: {}, c: {} })
  const all = Object.values(servers)
  // The kills are the test's, not the jobs'.
  const together = poolOf(servers, { quarantineAfter: 10 })
  const runs = Array.from({ length: 60 }, (_, i): RunDescriptor<string[]> => ({
    id: `run ${i}`,
    owner: `owner ${i % 2}`,
    run: async (backend, signal) => {
      const { images } = await createPipeline({ backend, stages: [txt2img, upscale] }).run(
        {
          prompt: `picture ${i}`,
          width: 64,
          height: 64,
          steps: 2,
          seed: i,
          txt2img: {},
          upscale: { upscaler_1: 'Lanczos', upscaling_resize: 2 },
        },
        { signal },
      )
      return images.map(({ digest }) => digest)
    },
  }))
  const ids: string[] = []
  const digests: string[] = []
  let next = 0
  let dead: (typeof all)[number] | undefined
  for await (const outcome of together.runs(runs)) {
    ids.push(outcome.id)
    if (outcome.status === 'done') digests.push(...outcome.value)
    // Every few results another one dies, and the one before it comes back.
    if (ids.length % 6 !== 0) continue
    await dead?.restart()
    dead = all[next++ % all.length]
    await dead?.crash()
  }
  expect(ids.toSorted()).toEqual(runs.map(({ id }) => id).toSorted())
  expect(digests).toHaveLength(60)
  expect(new Set(digests).size).toBe(60)
  const { moved, done, queued, running } = together.status()
  expect(moved).toBeGreaterThan(0)
  // Two calls a run: what was finished was not made again.
  expect({ done, queued, running }).toEqual({ done: 120, queued: 0, running: 0 })
})
