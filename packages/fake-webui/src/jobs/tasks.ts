/** What `/internal/progress` knows of jobs by their `force_task_id`. */
export class Tasks {
  readonly #pending: string[] = []
  #current: string | undefined
  readonly #finished: string[] = []

  add(id: string): void {
    this.#pending.push(id)
  }

  start(id: string): void {
    const at = this.#pending.indexOf(id)
    if (at >= 0) this.#pending.splice(at, 1)
    this.#current = id
  }

  /** Not reached by a job that raised: its task stays the current one until another starts. */
  finish(id: string): void {
    if (this.#current === id) this.#current = undefined
    this.#finished.push(id)
    if (this.#finished.length > 16) this.#finished.shift()
  }

  get pending(): readonly string[] {
    return this.#pending
  }

  get current(): string | undefined {
    return this.#current
  }

  get finished(): readonly string[] {
    return this.#finished
  }

  status(id: string): { active: boolean; queued: boolean; completed: boolean } {
    return {
      active: this.#current === id,
      queued: this.#pending.includes(id),
      completed: this.#finished.includes(id),
    }
  }
}
