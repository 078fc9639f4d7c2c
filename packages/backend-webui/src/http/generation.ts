import { isPipelineError, type PipelineError } from '@stagewright/core/errors'

import { errors } from '../errors.js'
import type { GenerateAnswer, GenerateOptions } from '../transport.js'
import { gatewayStatuses, parsed, wireRefusal } from './answer-errors.js'
import { AnswerScanner } from './answer-scanner.js'
import { type EncodedBody, wholeBody } from './body-encoder.js'
import { pause } from './clock.js'
import { isPassing, type Wire } from './connection-errors.js'
import { exchange, type Exchange, type Head } from './exchange.js'
import { readAnswer, scanError } from './generated-answer.js'
import { headersFor, type Link, lostIfGone, refuseClosed, wireOf } from './link.js'
import { deferred } from './lock.js'
import { poll, type Polled } from './progress.js'
import { Gatherer, once, pauseBefore } from './reads.js'
import { verdictOf } from './reconcile.js'
import { Watchdog } from './watchdog.js'

export interface GenerationInput {
  readonly link: Link
  readonly path: string
  readonly body: EncodedBody
  readonly options: GenerateOptions
  readonly pollInterval: number
}

type Attempt =
  | { readonly kind: 'answered'; readonly answer: GenerateAnswer }
  | { readonly kind: 'not sent'; readonly error: PipelineError }
  /** No answer, and the server may be at work: `watchdog` still watches. */
  | { readonly kind: 'broken'; readonly error: PipelineError; readonly watchdog: Watchdog }

type Stop =
  | { readonly why: 'aborted' }
  | { readonly why: 'stall' | 'total'; readonly after: number }

const tries = 3
const errorTextBytes = 2 ** 20

/** One generation under the lock: sent, watched, stopped where it must be, and never sent twice unless the first surely
 *  does not run. */
export class Generation {
  readonly #input: GenerationInput
  readonly #link: Link
  readonly #wire: Wire
  readonly #warnings: string[] = []
  readonly #stopped = deferred<Stop>()
  #onPoll: (polled: Polled) => void = () => {}
  /** Whether no job ran just before ours was sent: only then is the global route's job ours, and no queue before it. */
  #wasIdle = false

  constructor(input: GenerationInput) {
    this.#input = input
    this.#link = input.link
    this.#wire = wireOf(input.link, 'POST', input.path)
  }

  async run(): Promise<GenerateAnswer> {
    const { signal } = this.#input.options
    const { clock, limits } = this.#link
    const onAbort = () => this.#stopped.resolve({ why: 'aborted' })
    signal.addEventListener('abort', onAbort, { once: true })
    const timer = clock.setTimeout(
      () => this.#stopped.resolve({ why: 'total', after: limits.total }),
      limits.total,
    )
    try {
      return await this.#attempts()
    } finally {
      clock.clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #attempts(): Promise<GenerateAnswer> {
    const { signal, interrupt, progress, expectsLoad } = this.#input.options
    const asks = progress === 'global' ? interrupt : progress === 'task' && expectsLoad
    let repeated = false
    for (let connects = 1; ;) {
      if (asks) {
        const before = await poll(this.#link, 'global', '')
        this.#wasIdle = typeof before === 'object' && before.state === 'gone'
      }
      signal.throwIfAborted()
      const attempt = await this.#attempt()
      if (attempt.kind === 'answered') return attempt.answer
      if (attempt.kind === 'not sent') {
        if (connects === tries || !isPassing(attempt.error))
          throw lostIfGone(attempt.error, this.#link)
        await pause(this.#link.clock, pauseBefore(connects, undefined, this.#link), signal)
        connects += 1
        continue
      }
      await this.#reconcile(attempt.error, attempt.watchdog)
      if (repeated) throw attempt.error
      repeated = true
      this.#warnings.push(
        `the connection broke during ${this.#wire.route}, and the server knows nothing of the task any more: it was sent once more`,
      )
    }
  }

  async #attempt(): Promise<Attempt> {
    const { path, body, options, pollInterval } = this.#input
    const link = this.#link
    const scanner = new AnswerScanner(link.limits)
    const refusal = new Gatherer(errorTextBytes, { cut: true })
    const sent = exchange(
      link.generations,
      link.origin,
      {
        method: 'POST',
        path: link.prefix + path,
        headers: headersFor(link, body),
        body: wholeBody(body) ?? body.stream(),
        own: true,
      },
      (head) => {
        if (!isPictures(head)) return refusal
        const length = announcedLength(head)
        if (length !== undefined) scanner.announce(length)
        return scanner
      },
    )
    const watchdog = new Watchdog(link, options, {
      interval: pollInterval,
      onStall: (after) => this.#stopped.resolve({ why: 'stall', after }),
      onPoll: (polled) => this.#onPoll(polled),
    })
    const settled = sent.done.then(
      (head) => ({ head }),
      (error: unknown) => ({ error }),
    )
    let watching = false
    try {
      const first = await Promise.race([settled, this.#stopped.promise])
      if ('why' in first) return await this.#wind(first, watchdog, sent, settled)
      if (options.signal.aborted) throw options.signal.reason
      if ('error' in first) {
        const error = scanError(first.error, this.#wire, scanner.pictures)
        refuseClosed(link)
        if (!sent.sent()) return { kind: 'not sent', error }
        link.contacted = true
        if (isPipelineError(first.error) || error.code !== 'SW_WEBUI_BROKEN') throw error
        if (sent.answering()) throw this.#lost('the connection broke while they were sent', error)
        watching = true
        return { kind: 'broken', error, watchdog }
      }
      link.contacted = true
      if (isPictures(first.head)) {
        const answer = readAnswer(first.head, scanner.end(), this.#wire, this.#link)
        watchdog.finish()
        return {
          kind: 'answered',
          answer: {
            ...answer,
            warnings: this.#warnings,
            untilStep: this.#wasIdle || watchdog.queued ? watchdog.untilStep : undefined,
          },
        }
      }
      const error = this.#refused(first.head, link.auth.redact(refusal.text()))
      if (!gatewayStatuses.has(first.head.status) || !isPipelineError(error)) throw error
      watching = true
      return { kind: 'broken', error, watchdog }
    } finally {
      if (!watching) watchdog.stop()
    }
  }

  /** Ends a generation that must not go on, and throws why. The picture that an interrupted one still answers with is
   *  half made: it is thrown away with the answer. */
  async #wind(
    stop: Stop,
    watchdog: Watchdog,
    sent: Exchange,
    settled: Promise<unknown>,
  ): Promise<never> {
    watchdog.stop()
    const over = new AbortController()
    void settled.then(() => over.abort())
    const { clock, limits } = this.#link
    const late = clock.setTimeout(() => over.abort(), limits.cancel)
    const interrupted = sent.sent() && (await this.#interrupt(watchdog, over.signal))
    if (interrupted && !over.signal.aborted) await aborted(over.signal)
    clock.clearTimeout(late)
    sent.abandon(new Error('cancelled'))
    throw this.#stopError(stop, interrupted)
  }

  /** Interrupts our own task: only while it is the one that runs, for the route stops whoever's job it is. */
  async #interrupt(watchdog: Watchdog, over: AbortSignal): Promise<boolean> {
    if (!this.#input.options.interrupt) return false
    while (!over.aborted) {
      const seen = await watchdog.look()
      if (over.aborted) return false
      const ours = watchdog.source === 'task' || this.#wasIdle
      if (typeof seen === 'object' && seen.state === 'running' && ours) {
        const route = { method: 'POST', path: '/sdapi/v1/interrupt' } as const
        const answer = await once(this.#link, route).catch(() => undefined)
        return answer !== undefined && answer.head.status < 300
      }
      if (typeof seen !== 'object' || seen.state !== 'queued') return false
      await pause(this.#link.clock, this.#input.pollInterval, over)
    }
    return false
  }

  /** After a broken connection: waits until the server has no such task any more. Returns when it may be repeated. */
  async #reconcile(broken: PipelineError, watchdog: Watchdog): Promise<void> {
    const judge = verdictOf({ link: this.#link, wire: this.#wire, error: broken, watchdog })
    const verdict = deferred<PipelineError | 'repeat'>()
    const hear = (polled: Polled) => {
      const judged = judge(polled)
      if (judged !== undefined) verdict.resolve(judged)
    }
    this.#onPoll = hear
    const ends = [verdict.promise, this.#stopped.promise]
    try {
      if (watchdog.source === 'none') hear(await this.#reachable())
      const end = await Promise.race(ends)
      if (end === 'repeat') return
      if (!('why' in end)) throw end
      watchdog.stop()
      const over = new AbortController()
      const interrupted = end.why === 'aborted' && (await this.#interrupt(watchdog, over.signal))
      throw this.#stopError(end, interrupted)
    } finally {
      watchdog.stop()
      this.#onPoll = () => {}
    }
  }

  /** Where no progress route is: whether anything listens at all. */
  async #reachable(): Promise<Polled> {
    for (let attempt = 1; attempt <= tries; attempt++) {
      const polled = await poll(this.#link, 'global', '')
      if (polled !== 'refused') return 'unavailable'
      await pause(
        this.#link.clock,
        pauseBefore(attempt, undefined, this.#link),
        this.#input.options.signal,
      )
    }
    return 'refused'
  }

  #refused({ status, headers }: Head, text: string): Error {
    const { server, route } = this.#wire
    if (status === 429) return errors.SW_WEBUI_RATE_LIMITED_AFTER_WORK({ server, route })
    const refusal = wireRefusal({ status, headers, text }, this.#wire, {
      auth: this.#link.auth,
      sentBytes: this.#input.body.length,
    })
    return refusal ?? this.#input.options.onError(status, parsed(text), text)
  }

  #stopError(stop: Stop, interrupted: boolean): unknown {
    const { signal } = this.#input.options
    if (stop.why === 'aborted') return signal.reason
    const { server, route } = this.#wire
    const seconds = stop.after / 1000
    return stop.why === 'stall'
      ? errors.SW_WEBUI_STALLED({ server, route, seconds, interrupted })
      : errors.SW_WEBUI_TIMED_OUT({ server, route, seconds, interrupted })
  }

  #lost(reason: string, cause: PipelineError): PipelineError {
    const { server, route } = this.#wire
    return errors.SW_WEBUI_RESULT_LOST({ server, route, reason }, { cause })
  }
}

function isPictures({ status, headers }: Head): boolean {
  return status >= 200 && status < 300 && !/^text\/html\b/i.test(headers['content-type'] ?? '')
}

/** Of the decompressed body, where that can be known. */
function announcedLength({ headers }: Head): number | undefined {
  const { 'content-length': length, 'content-encoding': encoding = 'identity' } = headers
  return length !== undefined && encoding === 'identity' ? Number.parseInt(length, 10) : undefined
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
