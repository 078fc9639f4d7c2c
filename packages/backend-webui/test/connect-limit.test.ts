import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import process from 'node:process'
import { Worker } from 'node:worker_threads'

import { describe, expect, test } from 'vitest'

import { httpTransport } from '../src/http/http-transport.js'
import { call, failure } from './generate-call.js'
import { EagerClock } from './manual-clock.js'

// Windows refuses what finds no room in the queue.
describe.skipIf(process.platform === 'win32')('an attempt to connect that nobody answers', () => {
  test.each(['a read', 'a generation'])(
    'ends %s after its limit, and is told apart from a refusal',
    async (what) => {
      await using server = await deafServer()
      await using client = httpTransport({
        baseUrl: server.url,
        clock: new EagerClock(),
        limits: { connect: 100 },
      })
      const error = await failure(
        what === 'a read'
          ? client.get('/sdapi/v1/options')
          : client.generate('/sdapi/v1/txt2img', {}, call()),
      )
      expect(error).toMatchObject({
        code: 'SW_WEBUI_UNREACHABLE',
        message: expect.stringContaining('no answer to the attempt to connect'),
        cause: { code: 'UND_ERR_CONNECT_TIMEOUT' },
      })
    },
  )
})

/** Listens in a thread that never takes a connection, its queue of waiting ones full: the next attempt is not answered. */
async function deafServer() {
  const listening = `
    const { parentPort } = require('node:worker_threads')
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const worker = new Worker(listening, { eval: true })
  const [port] = (await once(worker, 'message')) as [number]
  const waiting: Socket[] = []
  for (let i = 0; i < 8; i++) waiting.push(connect(port, '127.0.0.1').on('error', () => {}))
  await once(waiting[0]!, 'connect')
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of waiting) socket.destroy()
      await worker.terminate()
    },
  }
}
