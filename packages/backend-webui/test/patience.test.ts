import type { ServerResponse } from 'node:http'
import { createRequire } from 'node:module'

import { Agent, request } from 'undici'
import { expect, test } from 'vitest'

import { httpTransport } from '../src/http/http-transport.js'
import { call, failure, picture, turn, txt2imgAnswer } from './generate-call.js'
import { ManualClock } from './manual-clock.js'
import { answer, wireServer } from './wire-server.js'

/** The library's own clock: its `tick` lets time pass for its limits alone. */
const library = createRequire(import.meta.url)('undici/lib/util/timers.js') as {
  tick(milliseconds: number): void
}

const path = '/sdapi/v1/txt2img'

test('a picture that takes ten minutes is waited for, where the HTTP library gives up after five', async () => {
  const open: ServerResponse[] = []
  await using server = await wireServer({ [path]: (_, response) => void open.push(response) })
  const agent = new Agent()
  const usual = failure(request(`${server.url}${path}`, { method: 'POST', dispatcher: agent }))
  await server.nth(path, 1)
  await using client = httpTransport({ baseUrl: server.url, clock: new ManualClock() })
  const ours = client.generate(path, {}, call())
  await server.nth(path, 2)
  for (let seconds = 0; seconds < 600; seconds++) {
    library.tick(1000)
    await turn()
  }
  expect((await usual).message).toContain('Headers Timeout')
  answer(open[1]!, 200, txt2imgAnswer(picture))
  expect((await ours).images[0]).toHaveLength(picture.length)
  await agent.destroy()
})
