import { Client, Pool } from 'undici'

import { Auth, type Credentials, parseBaseUrl } from '../auth.js'
import type { Transport } from '../transport.js'
import { encodeBody } from './body-encoder.js'
import { type Clock, systemClock } from './clock.js'
import { directReading } from './direct-reading.js'
import { Generation } from './generation.js'
import { defaultLimits, type Limits } from './limits.js'
import { type Link, refuseClosed } from './link.js'
import { Lock } from './lock.js'
import { read } from './reads.js'

export interface HttpTransportOptions {
  /** `http://` or `https://`; a path is kept as a prefix; credentials in it are used as `auth` and never shown. */
  readonly baseUrl: string
  readonly auth?: Credentials | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Milliseconds between two polls of a generation's progress. Default 500. */
  readonly pollInterval?: number | undefined
  readonly clock?: Clock | undefined
  /** 0 ≤ x < 1: the jitter of retries. */
  readonly random?: (() => number) | undefined
}

/** sd-server gives each idle connection a thread of its eight for five seconds. */
const idleMilliseconds = 2_000
const longestIdle = 4_000
const readConnections = 2

/** The client of one server: one generation at a time, a few reads beside it.
 *  @throws {PipelineError} SW_WEBUI_BASE_URL, SW_WEBUI_CREDENTIALS */
export function httpTransport(options: HttpTransportOptions): Transport & AsyncDisposable {
  const { baseUrl, origin, prefix, credentials } = parseBaseUrl(options.baseUrl)
  const limits: Limits = { ...defaultLimits, ...options.limits }
  const settings = {
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idleMilliseconds,
    keepAliveMaxTimeout: longestIdle,
    connect: { timeout: limits.connect },
  }
  const reads = new Pool(origin, { ...settings, connections: readConnections })
  // A connection of its own for each generation: one that the server was about to close would leave it unknown
  // whether the generation had begun.
  const connect = {
    ...settings.connect,
    ...(origin.startsWith('http:') ? { onread: directReading() } : {}),
  }
  const generations = new Client(origin, { ...settings, connect })
  const link: Link = {
    server: baseUrl,
    origin,
    prefix,
    auth: new Auth(options.auth ?? credentials),
    limits,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    reads,
    generations,
    contacted: false,
    closed: false,
  }
  const lock = new Lock()
  const pollInterval = options.pollInterval ?? 500
  return {
    baseUrl,
    get: (path, how) => read(link, { method: 'GET', path }, how),
    post: (path, body, how) => read(link, { method: 'POST', path, body }, how),
    async generate(path, body, how) {
      refuseClosed(link)
      const encoded = encodeBody(body)
      const release = await lock.acquire(how.signal)
      try {
        const input = { link, path, body: encoded, options: how, pollInterval }
        return await new Generation(input).run()
      } finally {
        release()
      }
    },
    async [Symbol.asyncDispose]() {
      link.closed = true
      await Promise.all([reads.destroy(), generations.destroy()])
    },
  }
}
