import { setMaxListeners } from 'node:events'

interface Reading<T> {
  readonly value: Promise<T>
  readonly controller: AbortController
  waiting: number
  settled: boolean
}

/** A read for all who ask, kept once it is there. Each who waits leaves at its own abort; the read itself is given up
 *  only when all have left. One that fails is not kept: the next who asks tries again. */
export class SharedRead<T> {
  readonly #read: (signal: AbortSignal) => Promise<T>
  #latest: Reading<T> | undefined

  constructor(read: (signal: AbortSignal) => Promise<T>) {
    this.#read = read
  }

  /** What was read last, or is being read; `fresh` always reads anew.
   *  @throws the reason of `signal`, or what the read fails with */
  async get(signal: AbortSignal | undefined, fresh = false): Promise<T> {
    signal?.throwIfAborted()
    const reading = (fresh ? undefined : this.#latest) ?? this.#start()
    reading.waiting += 1
    try {
      return await unlessAborted(reading.value, signal)
    } finally {
      reading.waiting -= 1
      if (reading.waiting === 0 && !reading.settled) {
        this.#forget(reading)
        reading.controller.abort(signal?.reason)
      }
    }
  }

  #start(): Reading<T> {
    const controller = new AbortController()
    setMaxListeners(0, controller.signal)
    const value = this.#read(controller.signal)
    const reading: Reading<T> = { value, controller, waiting: 0, settled: false }
    this.#latest = reading
    const settle = () => {
      reading.settled = true
    }
    value.then(settle, () => {
      settle()
      this.#forget(reading)
    })
    return reading
  }

  #forget(reading: Reading<T>): void {
    if (this.#latest === reading) this.#latest = undefined
  }
}

async function unlessAborted<T>(value: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return value
  let leave = () => {}
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason as Error)
  })
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([value, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
