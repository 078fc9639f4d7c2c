import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

import { dialects, type DialectName } from './data/dialects.js'
import { loraFiles } from './data/files.js'
import type { Fault } from './faults/fault.js'
import { Handling } from './http/handling.js'
import type { IgnoredRequest, RecordedRequest } from './http/record.js'
import { systemClock } from './jobs/clock.js'
import type { FakeWebuiOptions } from './options.js'
import { painter } from './pictures/painter.js'
import { scriptsFor } from './scripts/installed.js'
import { snapshot, type Snapshot } from './snapshot.js'
import { World } from './world.js'

/** A running fake server. */
export interface FakeWebui {
  /** `http://127.0.0.1:53123`, without a slash at the end. */
  readonly url: string
  readonly dialect: DialectName
  /** Every request but those of the control plane, in the order of arrival. */
  readonly requests: readonly RecordedRequest[]
  /** By request: what a real server would have ignored. Only requests that have something. */
  readonly ignored: readonly IgnoredRequest[]
  /** What the server remembers now. */
  readonly state: Snapshot
  readonly faults: {
    add(...faults: readonly Fault[]): void
    clear(): void
    /** Lets everything that stalls go on. */
    release(): void
  }
  /** Resolves when the state fulfils `holds`. */
  until(holds: (state: Snapshot) => boolean): Promise<void>
  /** Ends the process, as far as a client can tell: connections die, the port is closed, memory is lost. */
  crash(): Promise<void>
  /** Listens again, on the same port. */
  restart(): Promise<void>
  /** Forgets requests, faults, options and models: as just started. */
  reset(): void
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a server on the loopback interface that answers like the WebUI of that dialect, and draws its pictures.
 *  @throws {Error} when the port is taken */
export async function startFakeWebui(options: FakeWebuiOptions): Promise<FakeWebui> {
  const dialect = dialects[options.dialect]
  if (dialect === undefined) throw new TypeError(`unknown dialect "${options.dialect as string}"`)
  const clock = options.clock ?? systemClock
  const painting = painter(options.tinyPictures === true)
  const world = new World(
    dialect,
    { ...options, loras: options.loras ?? (options.dialect === 'sdcpp' ? [] : loraFiles) },
    clock,
    painting,
    scriptsFor(options),
  )
  world.faults.add(...(options.faults ?? []))
  const host = options.host ?? '127.0.0.1'
  let port = options.port ?? 0
  const sockets = new Set<Socket>()
  let listening: ReturnType<typeof createServer> | undefined

  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const server = createServer((request: IncomingMessage, response: ServerResponse) => {
        void handling.handle(request, response)
      })
      // Generations take minutes; a client that waits is not a slow client.
      server.requestTimeout = 0
      server.headersTimeout = 0
      if (dialect.name === 'sdcpp') server.keepAliveTimeout = 5000
      server.on('connection', (socket) => {
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
        socket.on('error', () => {})
      })
      server.once('error', reject)
      server.listen(port, host, () => {
        port = (server.address() as AddressInfo).port
        listening = server
        resolve()
      })
    })

  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      const server = listening
      listening = undefined
      if (server === undefined) {
        resolve()
        return
      }
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })

  const fake: FakeWebui = {
    get url() {
      return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`
    },
    dialect: options.dialect,
    get requests() {
      return handling.requests
    },
    get ignored() {
      return handling.ignored
    },
    get state() {
      return snapshot(world, listening !== undefined)
    },
    faults: {
      add: (...faults) => world.faults.add(...faults),
      clear: () => world.faults.clear(),
      release: () => world.faults.release(),
    },
    until: (holds) => world.until(() => holds(snapshot(world, listening !== undefined))),
    crash: async () => {
      await stop()
      world.restart()
    },
    restart: async () => {
      if (listening === undefined) await listen()
      world.changed()
    },
    reset: () => handling.reset(),
    close: async () => {
      if (world.closed) return
      world.closed = true
      world.nativeJobs.stop()
      world.faults.release()
      world.changed()
      await stop()
      await painting.dispose()
    },
    [Symbol.asyncDispose]: () => fake.close(),
  }
  const handling = new Handling(world, fake)
  await listen()
  return fake
}
