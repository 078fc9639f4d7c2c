/** One at a time, in the order of arrival: the servers' one lock around everything that generates. */
export class FifoLock {
  #tail: Promise<void> = Promise.resolve()
  #waiting = 0

  constructor(private readonly changed: () => void) {}

  /** How many wait or work. */
  get size(): number {
    return this.#waiting
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#tail
    let release = (): void => {}
    this.#tail = new Promise((resolve) => {
      release = resolve
    })
    this.#waiting++
    this.changed()
    await before
    try {
      return await work()
    } finally {
      this.#waiting--
      release()
      this.changed()
    }
  }
}
