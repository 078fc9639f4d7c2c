import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { releaseLock, takeLock } from '../disk/holder.js'

/** Milliseconds between two looks at what another process does. */
const interval = 100

/** Lets one at a time work on what has the same key: within this process, and among those that share the folder. */
export class SingleFlight {
  readonly #folder: string
  readonly #here = new Map<string, Promise<unknown>>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Works under the key. Others who want the same wait until it is over, then ask `again`, and work themselves where
   *  that gives nothing (because the first one failed). */
  async once<T>(
    key: string,
    work: () => Promise<T>,
    again: () => Promise<T | undefined>,
    signal: AbortSignal,
  ): Promise<T> {
    for (;;) {
      const other = this.#here.get(key)
      if (other === undefined) return this.#fly(key, work, again, signal)
      await raced(other, signal)
      const found = await again()
      if (found !== undefined) return found
    }
  }

  async #fly<T>(
    key: string,
    work: () => Promise<T>,
    again: () => Promise<T | undefined>,
    signal: AbortSignal,
  ): Promise<T> {
    const flight = this.#locked(key, work, again, signal)
    this.#here.set(key, flight)
    try {
      return await flight
    } finally {
      this.#here.delete(key)
    }
  }

  async #locked<T>(
    key: string,
    work: () => Promise<T>,
    again: () => Promise<T | undefined>,
    signal: AbortSignal,
  ): Promise<T> {
    await mkdir(this.#folder, { recursive: true })
    const path = join(this.#folder, key)
    while ((await takeLock(path)) !== undefined) await setTimeout(interval, undefined, { signal })
    try {
      // Also without having waited: another may have finished since this one looked.
      return (await again()) ?? (await work())
    } finally {
      await releaseLock(path)
    }
  }
}

/** Waits for the promise to settle, however it ends, or for the signal. */
async function raced(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  let leave = (): void => undefined
  const left = new Promise<void>((resolve) => {
    leave = resolve
    signal.addEventListener('abort', leave, { once: true })
  })
  await Promise.race([promise.catch(() => undefined), left])
  signal.removeEventListener('abort', leave)
  signal.throwIfAborted()
}
