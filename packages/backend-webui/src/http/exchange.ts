import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

import type { Dispatcher } from 'undici'

/** One request to be sent. */
export interface Outgoing {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | AsyncIterable<Uint8Array>
  /** The connection is its own: no keep-alive, so none that the server is about to close. */
  readonly own?: boolean
}

export interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** Takes the decompressed body as it arrives, and copies what it keeps: a chunk's memory is used again. Throwing ends
 *  the exchange with that error. */
export interface Sink {
  push(chunk: Buffer): void
}

export interface Exchange {
  /** Rejects with what the library or the sink threw. */
  readonly done: Promise<Head>
  /** Whether a connection stood, so that bytes may have been sent. */
  readonly sent: () => boolean
  /** Whether the answer's head has arrived. */
  readonly answering: () => boolean
  /** Ends it; `done` rejects with the reason. */
  abandon(reason: Error): void
}

/** An encoding that the server was not asked for and that is not known here. */
export class UnknownEncoding extends Error {}

/** A compressed answer that ends within its compression. */
export class CutCompression extends Error {
  readonly bytes: number

  constructor(bytes: number) {
    super(`cut off after ${bytes} bytes`)
    this.bytes = bytes
  }
}

/** Sends one request through undici, without a stream between the socket and the sink. */
export function exchange(
  dispatcher: Dispatcher,
  origin: string,
  outgoing: Outgoing,
  open: (head: Head) => Sink,
): Exchange {
  let controller: Dispatcher.DispatchController | undefined
  let abandoned: Error | undefined
  let head: Head | undefined
  let body: Body | undefined
  let settle!: { resolve: (head: Head) => void; reject: (reason: unknown) => void }
  const done = new Promise<Head>((resolve, reject) => {
    settle = { resolve, reject }
  })
  const abandon = (reason: Error) => {
    abandoned ??= reason
    body?.destroy()
    controller?.abort(reason)
    settle.reject(reason)
  }
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(given) {
      controller = given
      if (abandoned !== undefined) given.abort(abandoned)
    },
    onResponseStart(given, status, headers) {
      if (status < 200) return
      head = { status, headers: flat(headers) }
      const sink = open(head)
      body = bodyOf(head.headers['content-encoding'], sink, given, abandon)
    },
    onResponseData(given, chunk) {
      try {
        body?.push(chunk)
      } catch (error) {
        given.abort(error as Error)
        settle.reject(error)
      }
    },
    onResponseEnd() {
      body?.end(() => {
        if (head !== undefined) settle.resolve(head)
      })
    },
    onResponseError(_, error) {
      body?.destroy()
      settle.reject(abandoned ?? error)
    },
  }
  try {
    dispatcher.dispatch(
      {
        origin,
        method: outgoing.method,
        path: outgoing.path,
        headers: { ...outgoing.headers },
        body: (outgoing.body ?? null) as Buffer | null,
        headersTimeout: 0,
        bodyTimeout: 0,
        idempotent: false,
        ...(outgoing.own === true ? { reset: true } : {}),
      },
      handler,
    )
  } catch (error) {
    settle.reject(error)
  }
  return {
    done,
    sent: () => controller !== undefined,
    answering: () => head !== undefined,
    abandon,
  }
}

interface Body {
  push(chunk: Buffer): void
  end(done: () => void): void
  destroy(): void
}

/** `identity` is asked for always; a proxy may compress all the same. */
function bodyOf(
  encoding: string | undefined,
  sink: Sink,
  controller: Dispatcher.DispatchController,
  fail: (reason: Error) => void,
): Body {
  const name = (encoding ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity')
    return { push: (chunk) => sink.push(chunk), end: (done) => done(), destroy: () => {} }
  const inflate = decompressor(name)
  let bytes = 0
  inflate.on('data', (chunk: Buffer) => {
    try {
      sink.push(chunk)
    } catch (error) {
      inflate.destroy()
      fail(error as Error)
    }
  })
  inflate.on('error', (error: NodeJS.ErrnoException) =>
    fail(error.code === 'Z_BUF_ERROR' ? new CutCompression(bytes) : error),
  )
  inflate.on('drain', () => controller.resume())
  return {
    push: (chunk) => {
      bytes += chunk.length
      if (!inflate.write(Buffer.from(chunk))) controller.pause()
    },
    end: (done) => {
      inflate.once('end', done)
      inflate.end()
    },
    destroy: () => inflate.destroy(),
  }
}

function decompressor(name: string) {
  if (name === 'gzip' || name === 'x-gzip') return createGunzip()
  if (name === 'deflate') return createInflate()
  if (name === 'br') return createBrotliDecompress()
  throw new UnknownEncoding(name)
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}
