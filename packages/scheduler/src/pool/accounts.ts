/** Server time that each owner was given, loads included: what fairness is counted in. An owner who comes anew, or back,
 *  starts no lower than the one of those present who was given least: nobody saves up. */
export class Accounts {
  readonly #owners = new Map<string, Account>()
  #present = 0

  /** With what their running jobs are expected to take. */
  charged(owner: string): number {
    const account = this.#owners.get(owner)
    return account === undefined ? 0 : account.given + account.reserved
  }

  /** Of those who wait or run. */
  all(): { readonly owner: string; readonly chargedMs: number }[] {
    return [...this.#owners]
      .filter(([, { jobs }]) => jobs > 0)
      .map(([owner, { given }]) => ({ owner, chargedMs: given }))
  }

  /** A job, or a queue of them, has come. */
  enter(owner: string): void {
    const account = this.#owners.get(owner) ?? { jobs: 0, given: 0, reserved: 0 }
    this.#owners.set(owner, account)
    if (account.jobs === 0) {
      const others = [...this.#owners.values()].filter(({ jobs }) => jobs > 0)
      if (others.length > 0)
        account.given = Math.max(account.given, Math.min(...others.map(({ given }) => given)))
      this.#present += 1
    }
    account.jobs += 1
  }

  /** It has left: done, cancelled, or begun. */
  leave(owner: string): void {
    const account = this.#owners.get(owner)
    if (account === undefined) return
    account.jobs -= 1
    if (account.jobs > 0) return
    this.#present -= 1
    // Nobody is there to be compared with: who comes next is new, and old names are not kept for ever.
    if (this.#present === 0) this.#owners.clear()
    else if (this.#owners.size > mostOwners) this.#owners.delete(owner)
  }

  /** A job has begun that is expected to take so long. */
  reserve(owner: string, ms: number): void {
    const account = this.#owners.get(owner)
    if (account !== undefined) account.reserved += ms
  }

  /** It has ended, and took so long. */
  settle(owner: string, reserved: number, took: number): void {
    const account = this.#owners.get(owner)
    if (account === undefined) return
    account.reserved -= reserved
    account.given += took
  }
}

const mostOwners = 1000

interface Account {
  jobs: number
  given: number
  reserved: number
}
