import { randomUUID } from 'node:crypto'
import { once } from 'node:events'

import { Txt2Img } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { describe, expect, test } from 'vitest'

import { webui, type WebuiBackend } from '../src/index.js'
import { failure } from './generate-call.js'
import { lists } from './lists.js'
import { sampling } from './stub-server.js'
import { answer, type Route, wireServer } from './wire-server.js'

const slow = '/sdapi/v1/samplers'

const call = (backend: WebuiBackend, signal: AbortSignal) =>
  backend.call(
    Txt2Img,
    { ...sampling, steps: 2, batch_size: 1 },
    { id: randomUUID(), stage: 'txt2img', signal, contributions: [], progress: () => {} },
  )

describe('the lists that several calls wait for', () => {
  test('are read once, also where the call that began is cancelled', async () => {
    await using fake = await startFakeWebui({ dialect: 'a1111', tinyPictures: true })
    await using backend = webui({ url: fake.url, dialect: 'a1111', pollInterval: 10 })
    fake.faults.add({ kind: 'stall', match: { path: slow } })
    const reads = () => fake.requests.filter(({ path }) => path === slow).length
    const [first, others] = [new AbortController(), new AbortController()]
    const began = call(backend, first.signal)
    const waiting = [call(backend, others.signal), call(backend, others.signal)]
    await fake.until(() => reads() === 1)
    first.abort(new Error('cancelled'))
    expect(await failure(began)).toMatchObject({ message: 'cancelled' })
    fake.faults.release()
    for (const { images } of await Promise.all(waiting)) expect(images).toHaveLength(1)
    expect(reads()).toBe(1)
  })

  test('are left by each at its own cancel, and given up with the last', async () => {
    const held: Parameters<Route>[0][] = []
    let open = false
    await using server = await wireServer({
      ...Object.fromEntries(
        Object.entries(lists.a1111).map(([path, body]): [string, Route] => [
          path,
          (_, response) => answer(response, 200, body),
        ]),
      ),
      [slow]: (received, response) => {
        if (open) answer(response, 200, lists.a1111[slow])
        else held.push(received)
      },
    })
    await using backend = webui({ url: server.url, dialect: 'a1111' })
    const [one, two] = [new AbortController(), new AbortController()]
    const calls = [call(backend, one.signal), call(backend, two.signal)]
    const { socket } = await server.nth(slow, 1)
    const closed = once(socket, 'close')
    one.abort(new Error('one has gone'))
    expect(await failure(calls[0]!)).toMatchObject({ message: 'one has gone' })
    expect(socket.destroyed).toBe(false)
    two.abort(new Error('two has gone'))
    expect(await failure(calls[1]!)).toMatchObject({ message: 'two has gone' })
    await closed
    open = true
    expect((await backend.describe()).resources['sampler']).toContain('Euler')
    expect(server.count(slow)).toBe(2)
  })
})
