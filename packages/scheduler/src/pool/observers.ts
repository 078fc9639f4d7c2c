import type { PoolStatus } from './status.js'

/** Those who watch a pool. However much changes in one turn of the event loop, they are told once. */
export class Observers {
  readonly #status: () => PoolStatus
  readonly #told = new Set<(status: PoolStatus) => void>()
  /** Of this package's own, told at once. */
  readonly inner = new Set<() => void>()
  #due = false

  constructor(status: () => PoolStatus) {
    this.#status = status
  }

  add(told: (status: PoolStatus) => void): () => void {
    this.#told.add(told)
    return () => void this.#told.delete(told)
  }

  changed(): void {
    for (const act of this.inner) act()
    if (this.#due || this.#told.size === 0) return
    this.#due = true
    setImmediate(() => {
      this.#due = false
      this.#tell()
    })
  }

  close(): void {
    this.#tell()
    this.#told.clear()
  }

  #tell(): void {
    if (this.#told.size === 0) return
    const status = this.#status()
    for (const told of this.#told) {
      try {
        told(status)
      } catch {
        // Whoever watches can break nothing.
      }
    }
  }
}
