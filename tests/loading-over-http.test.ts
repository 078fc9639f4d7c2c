import type { RunEvent } from '@stagewright/core'
import { manualClock } from '@stagewright/fake-webui'
import { expect, test } from 'vitest'

import { scene } from './faulty-server.js'

test.each(['a1111', 'forge', 'sdnext'] as const)(
  'while %s loads a model the progress says so, stands at 0 and is no stall',
  async (dialect) => {
    const clock = manualClock()
    await using there = await scene({
      dialect,
      clock,
      latency: { scale: 1, modelLoad: 500, step: 0, megapixel: 0 },
      client: { timeouts: { stall: 5000 } },
    })
    const { fake } = there
    fake.faults.add({ kind: 'stall', at: 'during', step: 2 })
    const seen: RunEvent[] = []
    const observe = (event: RunEvent): void => {
      if (event.type !== 'stage-progress' || event.stage !== 'txt2img') return
      seen.push(event)
      if (event.loading === true) void clock.advance(500_000)
      else fake.faults.release()
    }
    const stopped = new AbortController()
    const { error } = await there.run({
      signal: stopped.signal,
      observers: [
        observe,
        (event) => {
          if (event.type === 'call-finished') stopped.abort()
        },
      ],
    })
    expect(error?.code).toBe('SW_RUN_CANCELLED')
    const at = { type: 'stage-progress', stage: 'txt2img' }
    expect(seen[0]).toEqual({ ...at, fraction: expect.closeTo(0, 1), loading: true })
    expect(seen.slice(1).filter((event) => 'loading' in event)).toEqual([])
    expect(seen.at(-1)).toEqual({ ...at, fraction: 1 })
    expect(fake.state.loads[0]?.seconds).toBe(500)
  },
)
