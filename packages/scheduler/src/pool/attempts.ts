import { type CallContext, isPipelineError, PipelineError } from '@stagewright/core'

import { type Evidence, poolErrors } from './errors.js'
import { shortReason } from './member.js'
import { isTurnedAway, type Verdict, verdictOn, wasAtIt } from './verdict.js'

/** What became of a call so far: who was at it when they failed, and who refused it. */
export class Attempts {
  /** Servers that it is not asked of again, with what they said. */
  readonly refusedBy = new Map<string, unknown>()
  readonly #id: string
  readonly #made = new Map<string, number>()
  readonly #turnedAwayBy = new Set<string>()
  readonly #evidence: Evidence[] = []
  readonly #most: number

  /** @param most servers that may fail at it */
  constructor(id: string, most: number) {
    this.#id = id
    this.#most = most
  }

  /** What the next attempt on a server is known by there. */
  idOn(server: string): string {
    return attemptId(this.#id, (this.#made.get(server) ?? 0) + 1)
  }

  /** A server that was gone before it came never knew it: the next one may go by its id. */
  failed(server: string, error: unknown): void {
    if (wasAtIt(error)) this.#made.set(server, (this.#made.get(server) ?? 0) + 1)
  }

  /** Who is to blame for an error. A server that says what it can do and turns the call away once more goes on so. */
  verdict(server: string, error: unknown): Verdict {
    if (!isTurnedAway(error)) return verdictOn(error)
    if (this.#turnedAwayBy.has(server)) return 'elsewhere'
    this.#turnedAwayBy.add(server)
    return 'server'
  }

  /** The server itself failed. */
  blame(server: string, error: unknown): void {
    if (!wasAtIt(error)) return
    const code = isPipelineError(error) ? error.code : 'unknown'
    const at = new Date().toISOString()
    this.#evidence.push({ server, at, code, message: shortReason(error) })
  }

  /** What it ends with when nobody is left to ask: what the last server said, with the others' answers where there are. */
  refused(last: unknown): unknown {
    if (this.refusedBy.size < 2 || !isPipelineError(last)) return last
    const { code, kind, hint, details } = last
    const told = [...this.refusedBy].map(([server, error]) => `- ${server}: ${shortReason(error)}`)
    const message = `${told.length} servers refused it:\n${told.join('\n')}`
    return new PipelineError({
      code,
      kind,
      message,
      hint,
      details,
      cause: last,
    })
  }

  /** That it is not tried any more, once enough servers failed at it. */
  quarantined(
    { stage }: Pick<CallContext, 'stage'>,
    { kind: operation, owner }: { readonly kind: string; readonly owner: string },
    cause: unknown,
  ) {
    const evidence = this.#evidence
    if (evidence.length < this.#most) return undefined
    const servers = evidence.map(({ server }) => server)
    const told = evidence.map(({ server, at, message }) => `${server} at ${at}: ${message}`)
    const details = { stage, operation, owner, servers, told, evidence }
    return poolErrors.SW_POOL_JOB_QUARANTINED(details, { cause })
  }
}

/** Every id that a call may have on a server. */
export function attemptIds(id: string, most: number): string[] {
  return Array.from({ length: most }, (_, i) => attemptId(id, i + 1))
}

/** A call that is made again on the same server is another one there. */
function attemptId(id: string, attempt: number): string {
  return attempt === 1 ? id : `${id}.${attempt}`
}
