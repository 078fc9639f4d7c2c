/** Server time that each owner was given, loads included: what fairness is counted in. An owner who comes anew, or back,
 *  starts level with the one who was given least: nobody saves up. */
export class Accounts {
  readonly #charged = new Map<string, number>()
  /** Jobs of each owner that wait or run. */
  readonly #jobs = new Map<string, number>()

  charged(owner: string): number {
    return this.#charged.get(owner) ?? 0
  }

  /** Of those who wait or run. */
  all(): { readonly owner: string; readonly chargedMs: number }[] {
    return [...this.#jobs.keys()].map((owner) => ({ owner, chargedMs: this.charged(owner) }))
  }

  enter(owner: string): void {
    const jobs = this.#jobs.get(owner) ?? 0
    if (jobs === 0) {
      const others = [...this.#jobs.keys()].map((one) => this.charged(one))
      const level = others.length === 0 ? 0 : Math.min(...others)
      this.#charged.set(owner, Math.max(this.charged(owner), level))
    }
    this.#jobs.set(owner, jobs + 1)
  }

  leave(owner: string): void {
    const jobs = (this.#jobs.get(owner) ?? 0) - 1
    if (jobs > 0) this.#jobs.set(owner, jobs)
    else this.#jobs.delete(owner)
    // Nobody is there to be compared with: who comes next is new, and old names are not kept for ever.
    if (this.#jobs.size === 0) this.#charged.clear()
  }

  charge(owner: string, ms: number): void {
    this.#charged.set(owner, this.charged(owner) + ms)
  }
}
