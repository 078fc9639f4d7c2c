import type { Backend } from '@stagewright/core'

import { DescriptorSource } from './descriptor-source.js'
import { poolErrors } from './errors.js'
import { type PendingGroup, PendingRuns } from './pending-runs.js'
import type { Descriptors, RunDescriptor, RunOutcome, RunQueue, RunQueueOptions } from './runs.js'
import type { Servers } from './servers.js'

/** Begins runs as the servers get time for them. */
export function runQueue<T>(
  servers: Servers,
  as: (owner: string, job?: string) => Backend,
  descriptors: Descriptors<T>,
  options: RunQueueOptions = {},
): RunQueue<T> {
  const queue = new Queue<T>(servers, as, options)
  void queue.read(descriptors)
  return queue
}

/** What a run is taken to begin with. */
const kind = 'txt2img'

class Queue<T> implements RunQueue<T> {
  readonly #servers: Servers
  readonly #as: (owner: string, job?: string) => Backend
  readonly #options: Required<RunQueueOptions>
  readonly #pending: PendingRuns<T>
  readonly #active = new Map<string, Active>()
  readonly #outcomes: RunOutcome<T>[] = []
  readonly #cancelled = { ids: new Set<string>(), owners: new Set<string>(), all: false }
  #read = false
  #failure: { readonly error: unknown } | undefined
  #filling = false
  #wakeReader: () => void = () => {}
  #wakeIterator: () => void = () => {}
  #source: DescriptorSource<T> | undefined
  readonly #leave: () => void

  constructor(
    servers: Servers,
    as: (owner: string, job?: string) => Backend,
    options: RunQueueOptions,
  ) {
    this.#servers = servers
    this.#as = as
    this.#options = { lookAhead: 10_000, perServer: 2, unread: 1000, ...options }
    const { dispatcher } = servers
    this.#pending = new PendingRuns(dispatcher.accounts)
    const begin = (): void => this.#begin()
    const backlog = dispatcher.addBacklog(() =>
      this.#pending.groups().map(({ models, runs }) => ({ models, count: runs.size, kind })),
    )
    servers.queues.add(this)
    servers.observers.inner.add(begin)
    this.#leave = () => {
      backlog()
      servers.queues.delete(this)
      servers.observers.inner.delete(begin)
    }
  }

  get waiting(): number {
    return this.#pending.size
  }

  get running(): number {
    return this.#active.size
  }

  async read(descriptors: Descriptors<T>): Promise<void> {
    try {
      // Which servers there are says how many runs are begun.
      await this.#servers.describe()
      const source = new DescriptorSource(descriptors)
      this.#source = source
      if (this.#cancelled.all) source.stop()
      for (;;) {
        const one = await source.next()
        if (one === undefined) break
        this.#add(one)
        while (this.#isFull() && !this.#cancelled.all)
          await new Promise<void>((wake) => (this.#wakeReader = wake))
      }
    } catch (error) {
      this.fail(error)
    }
    this.#read = true
    this.#begin()
    this.#wakeIterator()
    this.#leaveIfOver()
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.cancelAll()
  }

  cancel(id: string): void {
    const active = this.#active.get(id)
    if (active !== undefined) {
      active.controller.abort(new CancelledRun(id))
      return
    }
    const group = this.#pending.of(id)
    if (group !== undefined) {
      this.#take(group, id)
      this.#end({ id, owner: group.owner, status: 'cancelled' })
    } else if (!this.#read) this.#cancelled.ids.add(id)
  }

  cancelOwner(owner: string): void {
    if (!this.#read) this.#cancelled.owners.add(owner)
    this.#cancelWhere((one) => one === owner)
  }

  cancelAll(): void {
    this.#cancelled.all = true
    this.#cancelWhere(() => true)
    this.#source?.stop()
    this.#wakeReader()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RunOutcome<T>, void> {
    try {
      for (;;) {
        const outcome = this.#outcomes.shift()
        if (outcome !== undefined) {
          this.#begin()
          this.#wakeReader()
          yield outcome
          continue
        }
        if (this.#read && this.waiting === 0 && this.running === 0) break
        await new Promise<void>((wake) => (this.#wakeIterator = wake))
      }
      if (this.#failure !== undefined) throw this.#failure.error
    } finally {
      this.cancelAll()
      this.#leave()
    }
  }

  #isFull(): boolean {
    const { lookAhead, unread } = this.#options
    // Runs that are cancelled before they begin are outcomes at once.
    return this.waiting >= lookAhead || this.#outcomes.length >= Math.max(unread, lookAhead)
  }

  #leaveIfOver(): void {
    if (this.#read && this.waiting === 0 && this.running === 0) this.#leave()
  }

  #add(descriptor: RunDescriptor<T>): void {
    const { id, owner = '' } = descriptor
    const { ids, owners, all } = this.#cancelled
    if (all || owners.has(owner) || ids.delete(id)) {
      this.#end({ id, owner, status: 'cancelled' })
      return
    }
    if (this.#pending.of(id) !== undefined || this.#active.has(id)) {
      this.#end({ id, owner, status: 'failed', error: poolErrors.SW_POOL_SAME_RUN({ id }) })
      return
    }
    this.#pending.add(descriptor, this.#servers.now())
    this.#begin()
  }

  /** Begins runs while there is room: for the server with the fewest under way, the one that it would choose. */
  #begin(): void {
    if (this.#filling) return
    this.#filling = true
    try {
      while (this.waiting > 0 && this.#outcomes.length < this.#options.unread) {
        const up = this.#servers.dispatcher.servers().map(({ id }) => id)
        if (this.#active.size >= Math.max(1, up.length) * this.#options.perServer) return
        const next = this.#choose(up)
        if (next === undefined) return
        this.#start(next.group, next.server)
      }
    } finally {
      this.#filling = false
    }
  }

  #choose(
    up: readonly string[],
  ): { readonly group: PendingGroup<T>; readonly server: string | undefined } | undefined {
    const { dispatcher } = this.#servers
    const groups = this.#pending.states(
      (models) => dispatcher.estimates.job(kind, models),
      (models) => this.#servers.having(models),
    )
    // What is under way will have loaded its models.
    const planned = new Map<string, readonly string[]>()
    const aimed = new Map<string, number>()
    for (const { server, models } of this.#active.values()) {
      if (server === undefined) continue
      if (models.length > 0) planned.set(server, models)
      aimed.set(server, (aimed.get(server) ?? 0) + 1)
    }
    const { perServer } = this.#options
    const order = up
      .filter((id) => (aimed.get(id) ?? 0) < perServer)
      .toSorted((a, b) => (aimed.get(a) ?? 0) - (aimed.get(b) ?? 0))
    for (const server of order) {
      const choice = dispatcher.suggest(groups, server, planned)
      const group = choice === undefined ? undefined : this.#pending.group(choice.group)
      if (group !== undefined) return { group, server }
    }
    // No server would take one: begun all the same where nothing is under way, so that it waits where it is told.
    const [any] = this.#pending.groups()
    return this.#active.size > 0 || any === undefined
      ? undefined
      : { group: any, server: undefined }
  }

  #start(group: PendingGroup<T>, server: string | undefined): void {
    const [descriptor] = group.runs.values()
    if (descriptor === undefined) return
    const { id } = descriptor
    const { owner, models } = group
    this.#take(group, id)
    const controller = new AbortController()
    this.#active.set(id, { owner, models, server, controller })
    const { signal } = controller
    const over = (outcome: RunOutcome<T>): void => {
      this.#active.delete(id)
      this.#end(outcome)
      this.#begin()
    }
    // In a turn of its own: a run may end, or ask for the next, at once.
    void Promise.resolve()
      .then(() => descriptor.run(this.#as(owner, id), signal))
      .then(
        (value) => over({ id, owner, status: 'done', value }),
        (error: unknown) =>
          over(
            signal.aborted
              ? { id, owner, status: 'cancelled' }
              : { id, owner, status: 'failed', error },
          ),
      )
  }

  #take(group: PendingGroup<T>, id: string): void {
    this.#pending.take(group, id)
    this.#wakeReader()
  }

  #end(outcome: RunOutcome<T>): void {
    this.#outcomes.push(outcome)
    this.#wakeIterator()
    this.#leaveIfOver()
  }

  #cancelWhere(is: (owner: string) => boolean): void {
    for (const group of this.#pending.groups().filter(({ owner }) => is(owner)))
      for (const id of group.runs.keys()) {
        this.#take(group, id)
        this.#end({ id, owner: group.owner, status: 'cancelled' })
      }
    for (const [id, { owner, controller }] of this.#active)
      if (is(owner)) controller.abort(new CancelledRun(id))
  }
}

/** The reason of the signal of a run that is cancelled. */
class CancelledRun extends Error {
  override readonly name = 'AbortError'

  constructor(id: string) {
    super(`the run ${id} was cancelled`)
  }
}

interface Active {
  readonly owner: string
  readonly models: readonly string[]
  /** For which server it was begun; its calls go where they go. */
  readonly server: string | undefined
  readonly controller: AbortController
}
