import { setMaxListeners } from 'node:events'

interface Held {
  readonly signal: AbortSignal
  readonly release: () => void
  users: number
}

/** Follows each signal with one listener, however many calls and reads wait for it at once, and lets go of it after the
 *  last: a composer may use one signal for a long run. */
export class SharedSignals {
  readonly #held = new WeakMap<AbortSignal, Held>()

  /** Does the work with a signal that is aborted when the given one is, with the same reason. */
  async during<T>(given: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    given.throwIfAborted()
    const held = this.#held.get(given) ?? this.#hold(given)
    held.users += 1
    try {
      return await work(held.signal)
    } finally {
      held.users -= 1
      if (held.users === 0) {
        held.release()
        this.#held.delete(given)
      }
    }
  }

  #hold(given: AbortSignal): Held {
    const controller = new AbortController()
    const { signal } = controller
    setMaxListeners(0, signal)
    const onAbort = () => controller.abort(given.reason)
    given.addEventListener('abort', onAbort, { once: true })
    const release = () => given.removeEventListener('abort', onAbort)
    const held = { signal, release, users: 0 }
    this.#held.set(given, held)
    return held
  }
}
