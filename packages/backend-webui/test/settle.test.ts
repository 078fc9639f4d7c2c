import { getEventListeners } from 'node:events'

import { startFakeWebui } from '@stagewright/fake-webui'
import { describe, expect, test } from 'vitest'

import { webui } from '../src/index.js'

const body = (id: string) => ({
  prompt: 'a pier',
  width: 64,
  height: 64,
  steps: 2,
  seed: 1,
  force_task_id: `stagewright-${id}`,
})

/** A client that goes away while the server is at its job. */
function leave(url: string, id: string): AbortController {
  const gone = new AbortController()
  fetch(`${url}/sdapi/v1/txt2img`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body(id)),
    signal: gone.signal,
  }).catch(() => undefined)
  return gone
}

describe.each(['a1111', 'forge', 'sdnext'] as const)(
  'a call that a lost program began on %s',
  (dialect) => {
    test('is waited for until the server is done with it', async () => {
      await using fake = await startFakeWebui({ dialect, tinyPictures: true })
      fake.faults.add({ kind: 'stall', at: 'during', step: 1 })
      await using backend = webui({ url: fake.url, pollInterval: 5 })
      await backend.describe()
      const gone = leave(fake.url, 'one')
      await fake.until(({ job }) => job !== '')
      gone.abort()
      let over = false
      const settled = backend.settle?.('one').then((how) => {
        over = true
        return how
      })
      const looks = () => fake.requests.filter(({ path }) => path.endsWith('/progress')).length
      await fake.until(() => looks() > 4)
      expect(over).toBe(false)
      fake.faults.release()
      expect(await settled).toBe('over')
    })

    test('that the server never got, or that failed there, is over at once', async () => {
      await using fake = await startFakeWebui({ dialect, tinyPictures: true })
      await using backend = webui({ url: fake.url, pollInterval: 5 })
      expect(await backend.settle?.('never')).toBe('over')
      fake.faults.add({ kind: 'nan' })
      await fetch(`${fake.url}/sdapi/v1/txt2img`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body('failed')),
      })
      expect(await backend.settle?.('failed')).toBe('over')
    })
  },
)

test('a job that died on SD.Next, which goes on telling of it, is waited for no longer than a model may load', async () => {
  await using fake = await startFakeWebui({ dialect: 'sdnext', tinyPictures: true })
  await using backend = webui({ url: fake.url, pollInterval: 5, timeouts: { load: 40 } })
  fake.faults.add({ kind: 'model_missing' })
  await fetch(`${fake.url}/sdapi/v1/txt2img`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body('died')),
  })
  expect(fake.state.job).not.toBe('')
  expect(await backend.settle?.('died')).toBe('unknown')
})

test('many calls are settled on one signal with one listener, which is gone when they are over', async () => {
  await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
  await using backend = webui({ url: fake.url, pollInterval: 5 })
  await backend.describe()
  const { signal } = new AbortController()
  const settled = Promise.all(
    Array.from({ length: 20 }, async (_, i) => backend.settle?.(`call-${i}`, signal)),
  )
  await fake.until(() => fake.requests.some(({ path }) => path === '/internal/progress'))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  expect(await settled).toEqual(Array(20).fill('over'))
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test('a server without progress cannot be asked what became of a call', async () => {
  await using fake = await startFakeWebui({ dialect: 'sdcpp', tinyPictures: true })
  await using backend = webui({ url: fake.url })
  expect(await backend.settle?.('one')).toBe('unknown')
})

test('tells who it is, with the hashes that the server knows by now', async () => {
  await using fake = await startFakeWebui({ dialect: 'a1111', tinyPictures: true })
  await using backend = webui({ url: fake.url })
  const { identity } = await backend.describe()
  expect(identity).toMatchObject({ dialect: 'a1111', server: fake.url })
  const { sha256 } = (
    (await (await fetch(`${fake.url}/sdapi/v1/sd-models`)).json()) as { sha256: string | null }[]
  ).find((one) => one.sha256 !== null) ?? { sha256: null }
  expect(Object.values(identity?.hashes?.['model'] ?? {})).toEqual(sha256 === null ? [] : [sha256])
})
