import type { Accounts } from './accounts.js'
import { type GroupState, modelsKey } from './policy.js'
import type { RunDescriptor } from './runs.js'

/** Runs of one owner on the same models. */
export interface PendingGroup<T> {
  readonly key: string
  readonly owner: string
  readonly models: readonly string[]
  /** When the first of them came. */
  readonly since: number
  readonly runs: Map<string, RunDescriptor<T>>
}

/** Runs that have not begun, those that are alike together. Their owners wait with them. */
export class PendingRuns<T> {
  readonly #accounts: Accounts
  readonly #groups = new Map<string, PendingGroup<T>>()
  readonly #byId = new Map<string, PendingGroup<T>>()

  constructor(accounts: Accounts) {
    this.#accounts = accounts
  }

  get size(): number {
    return this.#byId.size
  }

  groups(): readonly PendingGroup<T>[] {
    return [...this.#groups.values()]
  }

  group(key: string): PendingGroup<T> | undefined {
    return this.#groups.get(key)
  }

  /** The group in which a run waits. */
  of(id: string): PendingGroup<T> | undefined {
    return this.#byId.get(id)
  }

  add(descriptor: RunDescriptor<T>, now: number): void {
    const { id, owner = '', models = [] } = descriptor
    const key = `${owner}\n\n${modelsKey(models)}`
    const known = this.#groups.get(key)
    const group = known ?? { key, owner, models, since: now, runs: new Map() }
    if (known === undefined) {
      this.#groups.set(key, group)
      this.#accounts.enter(owner)
    }
    group.runs.set(id, descriptor)
    this.#byId.set(id, group)
  }

  take(group: PendingGroup<T>, id: string): void {
    group.runs.delete(id)
    this.#byId.delete(id)
    if (group.runs.size > 0) return
    this.#groups.delete(group.key)
    this.#accounts.leave(group.owner)
  }

  /** As the policy sees them. */
  states(
    each: (models: readonly string[]) => number,
    able: (models: readonly string[]) => ReadonlySet<string>,
  ): GroupState[] {
    return this.groups().map(({ key, owner, models, runs, since }) => ({
      key,
      owner,
      models,
      able: able(models),
      count: runs.size,
      each: each(models),
      since,
      overtaken: 0,
    }))
  }
}
