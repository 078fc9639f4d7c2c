import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

import type { ActiveFault } from '../faults/fault.js'
import type { Clock } from '../jobs/clock.js'

export interface Prepared {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Compressed, as the Python servers do above 1000 bytes for a client that accepts it. */
export function compressed(reply: Prepared, accepts: string): Prepared {
  if (reply.body.length <= 1000 || !/\bgzip\b/u.test(accepts)) return reply
  return {
    ...reply,
    headers: { ...reply.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' },
    body: gzipSync(reply.body, { level: 1 }),
  }
}

/** Writes the reply, or what a fault leaves of it. */
export async function send(
  response: ServerResponse,
  { status, headers, body }: Prepared,
  faults: readonly ActiveFault[],
  clock: Clock,
): Promise<void> {
  const truncate = faults.find(({ fault }) => fault.kind === 'truncate')?.fault
  const slow = faults.find(({ fault }) => fault.kind === 'slow')?.fault
  response.writeHead(status, {
    ...headers,
    ...(status === 204 ? {} : { 'content-length': String(body.length) }),
  })
  if (status === 204) {
    response.end()
    return
  }
  if (truncate !== undefined) {
    response.write(body.subarray(0, truncate.bytes ?? body.length >> 1))
    // Out of the buffers first, so that the client gets the part.
    await nextTurn()
    await nextTurn()
    response.socket?.end()
    return
  }
  if (slow !== undefined) {
    const parts = 10
    const size = Math.max(1, Math.ceil(body.length / parts))
    for (let at = 0; at < body.length; at += size) {
      response.write(body.subarray(at, at + size))
      await clock.sleep(((slow.seconds ?? 1) * 1000) / parts)
    }
    response.end()
    return
  }
  response.end(body)
}

/** Ends a connection without a reply. */
export function hangUp(response: ServerResponse, reset: boolean): void {
  const { socket } = response
  if (socket === null) return
  if (reset) socket.resetAndDestroy()
  else socket.destroy()
}
