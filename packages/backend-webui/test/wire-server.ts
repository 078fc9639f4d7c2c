import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  readonly socket: Socket
}

export type Route = (received: Received, response: ServerResponse) => void

export interface WireServer extends AsyncDisposable {
  readonly url: string
  readonly received: Received[]
  /** Resolves with the n-th request (from 1) to a path. */
  nth(path: string, n: number): Promise<Received>
  /** How many came to a path. */
  count(path: string): number
}

/** A real server on loopback whose routes misbehave as told. The query is not part of a route's path. */
export async function wireServer(routes: Readonly<Record<string, Route>>): Promise<WireServer> {
  const received: Received[] = []
  const waiting: { path: string; n: number; resolve: (one: Received) => void }[] = []
  const at = (path: string) => received.filter((one) => one.path === path)
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => {})
    response.on('error', () => {})
    request.on('end', () => {
      const path = (request.url ?? '').replace(/\?.*$/, '')
      const one: Received = {
        method: request.method ?? '',
        path,
        headers: request.headers,
        body: Buffer.concat(chunks),
        socket: request.socket,
      }
      received.push(one)
      const route = routes[path]
      if (route === undefined) answer(response, 404, { detail: 'Not Found' })
      else route(one, response)
      for (const wait of waiting) {
        const found = at(wait.path)[wait.n - 1]
        if (found !== undefined) wait.resolve(found)
      }
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    count: (path) => at(path).length,
    nth: (path, n) =>
      new Promise((resolve) => {
        const found = at(path)[n - 1]
        if (found === undefined) waiting.push({ path, n, resolve })
        else resolve(found)
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<string> {
  const server = await wireServer({})
  await server[Symbol.asyncDispose]()
  return server.url
}
