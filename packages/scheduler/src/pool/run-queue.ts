import type { Backend } from '@stagewright/core'

import { poolErrors } from './errors.js'
import type { GroupState } from './policy.js'
import { modelsKey } from './policy.js'
import type { Servers } from './servers.js'

/** A run that has not begun: small, so that thousands can wait. */
export interface RunDescriptor<T = unknown> {
  /** Unlike any other's that waits or is under way: a second one fails with SW_POOL_SAME_RUN. */
  readonly id: string
  /** Whose it is: a user, a sweep. Default: nobody's, "". */
  readonly owner?: string
  /** Checkpoints that its calls need, as far as known: runs on the same ones are begun together. */
  readonly models?: readonly string[]
  /** Makes it on the backend it is given, until the signal is aborted. */
  run(backend: Backend, signal: AbortSignal): Promise<T>
}

/** What became of a run. */
export type RunOutcome<T> =
  | { readonly id: string; readonly owner: string; readonly status: 'done'; readonly value: T }
  | {
      readonly id: string
      readonly owner: string
      readonly status: 'failed'
      readonly error: unknown
    }
  | { readonly id: string; readonly owner: string; readonly status: 'cancelled' }

export interface RunQueueOptions {
  /** How many descriptors are read ahead. Default 10,000. */
  readonly lookAhead?: number
  /** How many runs are under way for each server that is up. Default 2: one runs, one has its call ready. */
  readonly perServer?: number
  /** How many outcomes may wait to be read before no further run is begun. Default 1000. */
  readonly unread?: number
}

/** Runs on their way: iterate it for what becomes of them, in the order in which they end. Leaving the loop cancels the
 *  rest. */
export interface RunQueue<T> extends AsyncIterable<RunOutcome<T>> {
  /** Cancels a run, whether it waits, is under way, or has not been read yet. */
  cancel(id: string): void
  /** Cancels all runs of an owner: a sweep, a user. */
  cancelOwner(owner: string): void
  /** Cancels everything, and reads no further. */
  cancelAll(): void
  /** Runs that are read and wait, and that are under way. */
  readonly waiting: number
  readonly running: number
}

/** Begins runs as the servers get time for them. */
export function runQueue<T>(
  servers: Servers,
  as: (owner: string, job?: string) => Backend,
  descriptors: Iterable<RunDescriptor<T>> | AsyncIterable<RunDescriptor<T>>,
  options: RunQueueOptions = {},
): RunQueue<T> {
  const queue = new Queue<T>(servers, as, options)
  void queue.read(descriptors)
  return queue
}

class Queue<T> implements RunQueue<T> {
  readonly #servers: Servers
  readonly #as: (owner: string, job?: string) => Backend
  readonly #options: Required<RunQueueOptions>
  readonly #groups = new Map<string, Pending<T>>()
  /** By id, the group in which a run waits. */
  readonly #pending = new Map<string, Pending<T>>()
  readonly #active = new Map<string, Active>()
  readonly #outcomes: RunOutcome<T>[] = []
  readonly #cancelled = { ids: new Set<string>(), owners: new Set<string>(), all: false }
  #read = false
  #failure: { readonly error: unknown } | undefined
  #filling = false
  #wakeReader: () => void = () => {}
  #wakeIterator: () => void = () => {}
  #stopReading: () => void = () => {}
  readonly #leave: () => void

  constructor(
    servers: Servers,
    as: (owner: string, job?: string) => Backend,
    options: RunQueueOptions,
  ) {
    this.#servers = servers
    this.#as = as
    this.#options = { lookAhead: 10_000, perServer: 2, unread: 1000, ...options }
    const begin = (): void => this.#begin()
    const backlog = servers.dispatcher.addBacklog(() =>
      [...this.#groups.values()].map(({ models, runs }) => ({
        models,
        count: runs.size,
        kind: 'txt2img',
      })),
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

  async read(
    descriptors: Iterable<RunDescriptor<T>> | AsyncIterable<RunDescriptor<T>>,
  ): Promise<void> {
    try {
      // Which servers there are says how many runs are begun.
      await this.#servers.describe()
      const source = iteratorOf(descriptors)
      while (!this.#cancelled.all) {
        const next = await this.#nextOf(source)
        if (next === undefined || next.done === true) break
        this.#add(next.value)
        while (this.#isFull() && !this.#cancelled.all)
          await new Promise<void>((wake) => (this.#wakeReader = wake))
      }
      if (this.#cancelled.all) void Promise.resolve(source.return?.()).catch(() => {})
    } catch (error) {
      this.fail(error)
    }
    this.#read = true
    this.#begin()
    this.#wakeIterator()
    this.#leaveIfOver()
  }

  /** Undefined once everything is cancelled: a source may be silent for as long as it likes. */
  #nextOf(source: Source<T>): Promise<IteratorResult<RunDescriptor<T>> | undefined> {
    return new Promise((resolve, reject) => {
      this.#stopReading = () => resolve(undefined)
      Promise.resolve(source.next()).then(resolve, reject)
    })
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.cancelAll()
  }

  #isFull(): boolean {
    const { lookAhead, unread } = this.#options
    // Runs that are cancelled before they begin are outcomes at once.
    return this.waiting >= lookAhead || this.#outcomes.length >= Math.max(unread, lookAhead)
  }

  #leaveIfOver(): void {
    if (this.#read && this.waiting === 0 && this.running === 0) this.#leave()
  }

  cancel(id: string): void {
    const active = this.#active.get(id)
    if (active !== undefined) {
      active.controller.abort(new CancelledRun(id))
      return
    }
    const group = this.#pending.get(id)
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
    this.#stopReading()
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

  #add(descriptor: RunDescriptor<T>): void {
    const { id, owner = '', models = [] } = descriptor
    const { ids, owners, all } = this.#cancelled
    if (all || owners.has(owner) || ids.delete(id)) {
      this.#end({ id, owner, status: 'cancelled' })
      return
    }
    if (this.#pending.has(id) || this.#active.has(id)) {
      this.#end({ id, owner, status: 'failed', error: poolErrors.SW_POOL_SAME_RUN({ id }) })
      return
    }
    const key = `${owner}\n\n${modelsKey(models)}`
    const group = this.#groups.get(key) ?? {
      key,
      owner,
      models,
      since: this.#servers.now(),
      runs: new Map<string, RunDescriptor<T>>(),
    }
    if (group.runs.size === 0) {
      this.#groups.set(key, group)
      this.#servers.dispatcher.accounts.enter(owner)
    }
    group.runs.set(id, descriptor)
    this.#pending.set(id, group)
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
  ): { readonly group: Pending<T>; readonly server: string | undefined } | undefined {
    const { dispatcher } = this.#servers
    const groups = [...this.#groups.values()].map(
      ({ key, owner, models, runs, since }): GroupState => ({
        key,
        owner,
        models,
        able: this.#servers.having(models),
        count: runs.size,
        each: dispatcher.estimates.job('txt2img', models),
        since,
        overtaken: 0,
      }),
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
      const group = choice === undefined ? undefined : this.#groups.get(choice.group)
      if (group !== undefined) return { group, server }
    }
    // No server would take one: begun all the same where nothing is under way, so that it waits where it is told.
    const [any] = this.#groups.values()
    return this.#active.size > 0 || any === undefined
      ? undefined
      : { group: any, server: undefined }
  }

  #start(group: Pending<T>, server: string | undefined): void {
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

  #take(group: Pending<T>, id: string): void {
    group.runs.delete(id)
    this.#pending.delete(id)
    if (group.runs.size === 0) {
      this.#groups.delete(group.key)
      this.#servers.dispatcher.accounts.leave(group.owner)
    }
    this.#wakeReader()
  }

  #end(outcome: RunOutcome<T>): void {
    this.#outcomes.push(outcome)
    this.#wakeIterator()
    this.#leaveIfOver()
  }

  #cancelWhere(is: (owner: string) => boolean): void {
    for (const group of [...this.#groups.values()].filter(({ owner }) => is(owner)))
      for (const id of group.runs.keys()) {
        this.#take(group, id)
        this.#end({ id, owner: group.owner, status: 'cancelled' })
      }
    for (const [id, { owner, controller }] of this.#active)
      if (is(owner)) controller.abort(new CancelledRun(id))
  }
}

type Source<T> = AsyncIterator<RunDescriptor<T>, unknown> | Iterator<RunDescriptor<T>, unknown>

function iteratorOf<T>(
  source: Iterable<RunDescriptor<T>> | AsyncIterable<RunDescriptor<T>>,
): Source<T> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}

/** The reason of the signal of a run that is cancelled. */
class CancelledRun extends Error {
  override readonly name = 'AbortError'

  constructor(id: string) {
    super(`the run ${id} was cancelled`)
  }
}

interface Pending<T> {
  readonly key: string
  readonly owner: string
  readonly models: readonly string[]
  readonly since: number
  readonly runs: Map<string, RunDescriptor<T>>
}

interface Active {
  readonly owner: string
  readonly models: readonly string[]
  /** For which server it was begun; its calls go where they go. */
  readonly server: string | undefined
  readonly controller: AbortController
}
