import type { PipelineError } from '@stagewright/core'

import type { Dispatcher } from './dispatcher.js'
import { poolErrors } from './errors.js'
import type { JobSpec, Placement } from './job.js'
import type { Member } from './member.js'
import { onAbort } from './on-abort.js'

interface Waiting {
  able: ReadonlySet<string>
  readonly reject: (error: PipelineError) => void
  /** A server is up that may be able to do it. */
  readonly offer: (member: Member) => void
}

interface Hooks {
  readonly dispatcher: Dispatcher
  /** The first has come, or the last one gone. */
  readonly onSomebody: () => void
  readonly onChange: () => void
}

/** Calls that wait for a server. */
export class WaitingCalls {
  readonly #hooks: Hooks
  readonly #all = new Set<Waiting>()

  constructor(hooks: Hooks) {
    this.#hooks = hooks
  }

  get size(): number {
    return this.#all.size
  }

  /** Resolves when a server is there for a job.
   *  @throws what the signal, or whoever rejects, gives as the reason */
  place(
    spec: JobSpec,
    isAble: (member: Member) => boolean,
    signal: AbortSignal,
  ): Promise<Placement> {
    const { dispatcher, onSomebody, onChange } = this.#hooks
    return new Promise((resolve, reject) => {
      let over = false
      let unfollow = (): void => {}
      const end = (): void => {
        over = true
        unfollow()
        if (this.#all.delete(waiting) && this.#all.size === 0) onSomebody()
      }
      const refuse = (error: Error): void => {
        if (!ticket.cancel()) return
        end()
        reject(error)
      }
      const waiting: Waiting = {
        able: spec.able,
        reject: refuse,
        offer: (member) => {
          if (waiting.able.has(member.name) || !isAble(member)) return
          waiting.able = new Set([...waiting.able, member.name])
          ticket.allow(waiting.able)
        },
      }
      const ticket = dispatcher.submit(spec, (placement) => {
        end()
        resolve(placement)
      })
      if (over) return
      this.#all.add(waiting)
      unfollow = onAbort(signal, () => {
        refuse(signal.reason as Error)
        onChange()
      })
      if (this.#all.size === 1) onSomebody()
      onChange()
    })
  }

  /** Those that can do with this server need no longer wait for the others. */
  offer(member: Member): void {
    for (const waiting of this.#all) waiting.offer(member)
  }

  /** Gives up those for which no server is left. */
  giveUp(isGone: (server: string) => boolean, ms: number): void {
    for (const { able, reject } of this.#all)
      if ([...able].every(isGone))
        reject(
          poolErrors.SW_POOL_GAVE_UP({
            servers: [...able],
            seconds: Math.round(ms / 1000),
            stopsRun: true,
          }),
        )
  }

  rejectAll(error: PipelineError): void {
    for (const { reject } of this.#all) reject(error)
  }
}
