/** One holder at a time, first come first served. Returns what releases it.
 *  Waiting ends with the signal's reason when it is aborted. */
export class Lock {
  #last: Promise<void> = Promise.resolve()

  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    const before = this.#last
    const { promise, resolve: release } = deferred<void>()
    this.#last = before.then(() => promise)
    try {
      await orAborted(before, signal)
    } catch (error) {
      release()
      throw error
    }
    return release
  }
}

/** A promise with its ends in hand. */
export function deferred<T>(): {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (reason: unknown) => void
} {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** The promise, or the signal's reason if that comes first. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = deferred<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
