import { webui } from '@stagewright/backend-webui'
import { type DialectName, type FakeWebui, startFakeWebui } from '@stagewright/fake-webui'
import { backendContract } from '@stagewright/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'

import { type Pool, pool } from '../../src/index.js'

const pools: readonly { of: string; title: string; dialects: readonly DialectName[] }[] = [
  { of: 'two Forge servers', title: 'a pool', dialects: ['forge', 'forge'] },
  { of: 'an A1111 and an sd-server', title: 'a mixed pool', dialects: ['a1111', 'sdcpp'] },
]

describe.each(pools)('a pool of $of', ({ title, dialects }) => {
  let fakes: FakeWebui[] = []
  let both: Pool | undefined
  beforeAll(async () => {
    fakes = await Promise.all(dialects.map((dialect) => startFakeWebui({ dialect })))
    both = pool(fakes.map(({ url }) => webui({ url, pollInterval: 10 })))
  })
  afterAll(async () => {
    await both?.[Symbol.asyncDispose]()
    await Promise.all(fakes.map((fake) => fake.close()))
  })
  backendContract(
    { describe, it },
    { title, backend: () => both as Pool, refiner: 'sd_xl_refiner_1.0' },
  )
})
