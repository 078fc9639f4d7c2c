import type { Descriptors, RunDescriptor } from './runs.js'

/** Descriptors one by one, until that is stopped: a source may be silent for as long as it likes. */
export class DescriptorSource<T> {
  readonly #iterator: AsyncIterator<RunDescriptor<T>, unknown> | Iterator<RunDescriptor<T>, unknown>
  #stopped = false
  #wake: () => void = () => {}

  constructor(descriptors: Descriptors<T>) {
    this.#iterator =
      Symbol.asyncIterator in descriptors
        ? descriptors[Symbol.asyncIterator]()
        : descriptors[Symbol.iterator]()
  }

  /** Undefined at the end, and once it is stopped. */
  next(): Promise<RunDescriptor<T> | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return resolve(undefined)
      // A promise of its own for each: one that all were raced with would remember every one of them.
      this.#wake = () => resolve(undefined)
      Promise.resolve(this.#iterator.next()).then(
        (next) => resolve(next.done === true ? undefined : next.value),
        reject,
      )
    })
  }

  /** The source is told, and not waited for. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#wake()
    void Promise.resolve(this.#iterator.return?.()).catch(() => {})
  }
}
