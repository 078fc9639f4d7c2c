import { onAbort } from './on-abort.js'

/** The promise, or the signal's reason if that comes first. */
export async function orAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise
  signal.throwIfAborted()
  let end: () => void = () => {}
  const aborted = new Promise<never>((_, reject) => {
    end = onAbort(signal, () => reject(signal.reason as Error))
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    end()
  }
}
