import type { IncomingMessage, ServerResponse } from 'node:http'

import { type ActiveFault, type Fault, type FaultKind } from '../faults/fault.js'
import { routesFor } from '../routes/table.js'
import { beforeRoutes } from '../sdcpp/wire.js'
import type { World } from '../world.js'
import { checkAuth } from './auth.js'
import { Answer, errorReply, HttpError } from './errors.js'
import type { Exchange, Ignored, Reply } from './exchange.js'
import { allowed, found } from './match.js'
import { RateLimit } from './rate-limit.js'
import { type IgnoredRequest, type Mutable, type RecordedRequest, redacted } from './record.js'
import type { Route } from './route.js'
import { compressed, hangUp, type Prepared, send } from './send.js'
import { staged } from './staged.js'
import { badJson } from './validate.js'

/** What a fault may do to the whole server. */
export interface Process {
  crash(): Promise<void>
  restart(): Promise<void>
}

/** A connection that is gone: nothing more is to be written. */
class Gone extends Error {}

/** Takes requests in, keeps them, and answers them: the way from socket to route and back. */
export class Handling {
  requests: Mutable<RecordedRequest>[] = []
  ignored: IgnoredRequest[] = []
  readonly #routes: readonly Route[]
  readonly #limit: RateLimit | undefined
  #ids = 0

  constructor(
    readonly world: World,
    readonly process: Process,
  ) {
    this.#routes = routesFor(world, this)
    const { rateLimit } = world.options
    if (rateLimit !== undefined && world.dialect.name === 'sdnext')
      this.#limit = new RateLimit(rateLimit, world.clock)
  }

  reset(): void {
    this.requests = []
    this.ignored = []
    this.world.reset()
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { world } = this
    const started = world.clock.now()
    const url = new URL(request.url ?? '/', 'http://fake')
    const path = url.pathname
    const raw = await bodyOf(request).catch(() => undefined)
    if (raw === undefined) return
    const control = path.startsWith('/__fake/')
    const record: Mutable<RecordedRequest> = {
      id: ++this.#ids,
      method: request.method ?? 'GET',
      path,
      query: Object.fromEntries(url.searchParams),
      headers: redacted(request.headers),
      body: parsed(raw),
      status: undefined,
      faults: [],
    }
    if (!control) {
      this.requests.push(record)
      world.changed()
    }
    const active = control ? [] : world.faults.take(record)
    record.faults = active.map(({ fault }) => fault.kind)
    const { epoch } = world
    const outliving: Promise<void>[] = []
    const ignored: Ignored[] = []
    const exchange: Exchange = {
      id: record.id,
      method: record.method,
      path,
      query: url.searchParams,
      headers: request.headers,
      raw,
      body: record.body,
      ignored,
      faults: active,
      ignore: (field, why) => {
        ignored.push({ field, why })
      },
      suffers: (kind) => active.some(({ fault }) => fault.kind === kind),
      during: async (step) => {
        await this.#at('during', active, response, step)
        // The process that began this work is dead.
        if (world.epoch !== epoch) throw new Gone()
      },
      outlive: (work) => {
        outliving.push(work)
      },
    }
    try {
      await this.#at('before', active, response)
      const reply = await this.#answer(exchange, active)
      await this.#at('after', active, response)
      if (ignored.length > 0) this.ignored.push({ id: record.id, path, fields: ignored })
      const prepared = this.#prepared(reply, exchange, started, control)
      record.status = prepared.status
      world.changed()
      if (response.destroyed) return
      if (world.dialect.name === 'sdcpp') response.sendDate = false
      await send(response, prepared, active, world.clock)
    } catch (error) {
      if (!(error instanceof Gone)) hangUp(response, false)
    } finally {
      void Promise.all(outliving).then(() => world.faults.done(active))
    }
  }

  async #answer(exchange: Exchange, active: readonly ActiveFault[]): Promise<Reply> {
    const { world } = this
    const instead = (at: 'before' | 'after'): Reply | undefined => {
      const one = active.find(
        ({ fault }) =>
          (fault.kind === 'answer' || fault.kind === 'html') && (fault.at ?? 'before') === at,
      )
      return one === undefined ? undefined : staged(one.fault)
    }
    const before = instead('before')
    if (before !== undefined) return before
    try {
      const reply = await this.#routed(exchange)
      if (world.options.strict === true && exchange.ignored.length > 0)
        throw new Answer(500, {
          error: 'FakeWebuiStrict',
          detail: 'a real server would have ignored a part of this request without a word',
          ignored: exchange.ignored,
        })
      if (!exchange.path.startsWith('/__fake/')) this.#limit?.spend(exchange.path)
      return instead('after') ?? reply
    } catch (error) {
      if (error instanceof Gone) throw error
      return errorReply(error, world.dialect)
    }
  }

  async #routed(exchange: Exchange): Promise<Reply> {
    const { world } = this
    const { method, path } = exchange
    const match = found(this.#routes, method, path)
    const others = allowed(this.#routes, path)
    if (world.dialect.name === 'sdcpp' && !path.startsWith('/__fake/')) {
      await beforeRoutes(exchange, world)
      if (match === undefined) throw new Answer(404)
      return match.handle(exchange, world)
    }
    const route = match ?? others[0]
    if (route === undefined || (route.by === 'api' && world.options.apiEnabled === false))
      throw new Answer(404, { detail: 'Not Found' })
    if (match === undefined)
      throw new HttpError(405, 'Method Not Allowed', {
        allow: others.map((one) => one.method).join(', '),
      })
    if (match.by === 'api')
      checkAuth(world.options.auth, exchange.headers.authorization, world.dialect)
    if (
      method === 'POST' &&
      exchange.raw.length > 0 &&
      typeof exchange.body === 'string' &&
      !isJson(exchange.raw)
    )
      throw badJson(world.dialect, 0)
    return match.handle(exchange, world)
  }

  /** Lets happen what happens at this point of a request. */
  async #at(
    point: NonNullable<Fault['at']>,
    active: readonly ActiveFault[],
    response: ServerResponse,
    step = 1,
  ): Promise<void> {
    const { world } = this
    for (const one of active) {
      const { fault } = one
      const usual = defaultPoint[fault.kind]
      if (usual === undefined || (fault.at ?? usual) !== point) continue
      if (point === 'during' && step !== (fault.step ?? 1)) continue
      switch (fault.kind) {
        case 'delay':
          await world.clock.sleep((fault.seconds ?? 1) * 1000)
          break
        case 'stall':
          await world.until(
            () => one.released || (point === 'during' && world.progress.interrupted),
          )
          break
        case 'drop':
        case 'reset':
          if (!response.writableEnded) hangUp(response, fault.kind === 'reset')
          // A client that is gone does not stop the work.
          if (point !== 'during') throw new Gone()
          break
        case 'crash':
          await this.process.crash()
          if (fault.seconds !== undefined) void this.#restartAfter(fault.seconds)
          throw new Gone()
        default:
      }
    }
  }

  async #restartAfter(seconds: number): Promise<void> {
    await this.world.clock.sleep(seconds * 1000)
    if (!this.world.closed) await this.process.restart()
  }

  #prepared(reply: Reply, exchange: Exchange, started: number, control: boolean): Prepared {
    const { dialect, clock } = this.world
    const { status = 200 } = reply
    const close = dialect.name === 'sdcpp' && status >= 400
    const body = Buffer.from(
      reply.text ?? ('json' in reply && reply.json !== undefined ? JSON.stringify(reply.json) : ''),
    )
    const { ignored } = exchange
    const headers: Record<string, string> = {
      ...(reply.json === undefined
        ? reply.text === undefined
          ? {}
          : { 'content-type': 'text/plain; charset=utf-8' }
        : { 'content-type': 'application/json' }),
      ...(dialect.name === 'sdcpp' ? sdcppHeaders(exchange, close) : {}),
      ...(dialect.name === 'forge' || dialect.name === 'sdcpp'
        ? {}
        : { 'x-process-time': String((clock.now() - started) / 1000) }),
      ...(ignored.length > 0 ? { 'x-fake-ignored': listed(ignored) } : {}),
      ...reply.headers,
    }
    const prepared = { status, headers, body }
    if (control || dialect.name === 'sdcpp' || dialect.name === 'sdnext') return prepared
    return compressed(prepared, exchange.headers['accept-encoding']?.toString() ?? '')
  }
}

/** Where a fault strikes when it does not say; the others are asked for by name. */
const defaultPoint: Partial<Record<FaultKind, NonNullable<Fault['at']>>> = {
  delay: 'before',
  stall: 'before',
  drop: 'before',
  reset: 'before',
  crash: 'during',
}

function sdcppHeaders({ headers }: Exchange, close: boolean): Record<string, string> {
  return {
    ...(close ? { connection: 'close' } : { 'keep-alive': 'timeout=5, max=100' }),
    'access-control-allow-origin': headers.origin ?? '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': '*',
    'access-control-allow-headers': '*',
  }
}

/** Header values are Latin-1: what is not is written as JSON does. */
function listed(ignored: readonly Ignored[]): string {
  return ignored
    .map(({ field }) => field)
    .join(', ')
    .replaceAll(/[^\u0020-\u007e]/gu, '?')
    .slice(0, 4000)
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function parsed(raw: Buffer): unknown {
  if (raw.length === 0) return undefined
  try {
    return JSON.parse(raw.toString('utf8')) as unknown
  } catch {
    return raw.toString('utf8')
  }
}

function isJson(raw: Buffer): boolean {
  try {
    JSON.parse(raw.toString('utf8'))
    return true
  } catch {
    return false
  }
}
