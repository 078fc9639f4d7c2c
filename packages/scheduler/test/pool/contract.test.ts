import { webui } from '@stagewright/backend-webui'
import { type FakeWebui, startFakeWebui } from '@stagewright/fake-webui'
import { backendContract } from '@stagewright/testkit'
import { afterAll, beforeAll, describe, it } from 'vitest'

import { type Pool, pool } from '../../src/index.js'

describe('a pool of two Forge servers', () => {
  let fakes: FakeWebui[] = []
  let both: Pool | undefined
  beforeAll(async () => {
    fakes = await Promise.all([1, 2].map(() => startFakeWebui({ dialect: 'forge' })))
    both = pool(fakes.map(({ url }) => webui({ url, pollInterval: 10 })))
  })
  afterAll(async () => {
    await both?.[Symbol.asyncDispose]()
    await Promise.all(fakes.map((fake) => fake.close()))
  })
  backendContract(
    { describe, it },
    { title: 'a pool', backend: () => both as Pool, refiner: 'sd_xl_refiner_1.0' },
  )
})

describe('a pool of an A1111 and an sd-server', () => {
  let fakes: FakeWebui[] = []
  let both: Pool | undefined
  beforeAll(async () => {
    fakes = await Promise.all([
      startFakeWebui({ dialect: 'a1111' }),
      startFakeWebui({ dialect: 'sdcpp' }),
    ])
    both = pool(fakes.map(({ url }) => webui({ url, pollInterval: 10 })))
  })
  afterAll(async () => {
    await both?.[Symbol.asyncDispose]()
    await Promise.all(fakes.map((fake) => fake.close()))
  })
  backendContract(
    { describe, it },
    { title: 'a mixed pool', backend: () => both as Pool, refiner: 'sd_xl_refiner_1.0' },
  )
})
