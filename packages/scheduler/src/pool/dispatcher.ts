import { Accounts } from './accounts.js'
import type { Clock } from './clock.js'
import { Estimates, type Guesses } from './estimates.js'
import { type Job, JobGroups } from './job-groups.js'
import type { Backlog, Ended, JobSpec, Placement, Ticket } from './job.js'
import { type Choice, choose, type GroupState, type ServerState } from './policy.js'

/** Keeps queue and servers, and starts on each free server the job that the policy chooses. Driven by what happens alone:
 *  it has no timer, and asks its clock only how late it is. */
export class Dispatcher {
  readonly accounts = new Accounts()
  readonly estimates: Estimates
  readonly #clock: Pick<Clock, 'now'>
  readonly #servers = new Map<string, Server>()
  readonly #groups = new JobGroups()
  readonly #each = (kind: string, models: readonly string[]) => this.estimates.job(kind, models)
  readonly #backlogs = new Set<Backlog>()
  #pumping = false

  constructor(clock: Pick<Clock, 'now'>, guesses: Guesses) {
    this.#clock = clock
    this.estimates = new Estimates(guesses)
  }

  /** Makes a server one that can be given jobs, with what is in its memory. */
  up(id: string, loaded: readonly string[]): void {
    const known = this.#servers.get(id)
    const now = this.#clock.now()
    if (known === undefined)
      this.#servers.set(id, { id, loaded, up: true, used: 0, idleSince: now, idle: 0 })
    else Object.assign(known, { loaded, up: true, idleSince: now })
    this.pump()
  }

  /** What is in a free server's memory, where it says so itself. */
  correct(id: string, loaded: readonly string[]): void {
    const server = this.#servers.get(id)
    if (server === undefined || server.running !== undefined || loaded.length === 0) return
    if (loaded.some((model) => !server.loaded.includes(model))) server.loaded = loaded
  }

  /** No further job for it. What runs there ends as it ends. */
  down(id: string): void {
    const server = this.#servers.get(id)
    if (server === undefined) return
    this.#countIdle(server)
    server.up = false
    server.loaded = []
  }

  /** `start` is called once, at once or later, when a server is there for it; `end` must follow. */
  submit(spec: JobSpec, start: (placement: Placement) => void): Ticket {
    let job: Job = { spec, since: spec.since ?? this.#clock.now(), start }
    let group = this.#groups.add(job)
    this.accounts.enter(spec.owner)
    this.pump()
    return {
      cancel: () => {
        if (!this.#groups.remove(group, job)) return false
        this.accounts.leave(spec.owner)
        return true
      },
      allow: (able) => {
        if (!this.#groups.remove(group, job)) return
        job = { ...job, spec: { ...spec, able } }
        group = this.#groups.add(job)
        this.pump()
      },
    }
  }

  /** Tells that a job has left its server, and gives the server the next one. */
  end({ server: id, at }: Placement, { loaded, loading, typical }: Ended): void {
    const server = this.#servers.get(id)
    const running = server?.running
    if (server === undefined || running === undefined) return
    const { spec, guessed } = running
    const took = this.#clock.now() - at
    server.running = undefined
    server.idleSince = this.#clock.now()
    if (server.up && loaded !== undefined) server.loaded = loaded
    if (typical) this.#learn(id, running, took, loading)
    this.accounts.settle(spec.owner, guessed, took)
    this.accounts.leave(spec.owner)
    this.pump()
  }

  /** Counts work that is not submitted yet; call the result to end that. */
  addBacklog(backlog: Backlog): () => void {
    this.#backlogs.add(backlog)
    return () => void this.#backlogs.delete(backlog)
  }

  /** Jobs that wait. */
  get queued(): number {
    return this.#groups.count
  }

  /** What waits, by group. */
  groups(): readonly GroupState[] {
    return this.#groups.states(this.#each)
  }

  servers(): readonly ServerState[] {
    return [...this.#servers.values()].filter(({ up }) => up).map((one) => this.#serverState(one))
  }

  isUp(id: string): boolean {
    return this.#servers.get(id)?.up === true
  }

  loadedOn(id: string): readonly string[] {
    return this.#servers.get(id)?.loaded ?? []
  }

  /** Milliseconds that a server was up and had no job. */
  idleOn(id: string): number {
    const server = this.#servers.get(id)
    if (server === undefined) return 0
    const now = server.running === undefined && server.up ? this.#clock.now() : server.idleSince
    return server.idle + now - server.idleSince
  }

  /** What would be chosen next among groups of the caller's own, were this server alone free.
   *  @param planned what servers will have loaded by then */
  suggest(
    groups: readonly GroupState[],
    server: string,
    planned: ReadonlyMap<string, readonly string[]>,
  ): Choice | undefined {
    const servers = this.servers().map((one) => ({
      ...one,
      free: one.id === server,
      loaded: planned.get(one.id) ?? one.loaded,
    }))
    return choose({ ...this.#state(), servers, groups, backlog: [] })
  }

  /** Gives free servers what is there for them. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      for (;;) {
        const choice = choose(this.#state())
        if (choice === undefined) return
        this.#place(choice)
      }
    } finally {
      this.#pumping = false
    }
  }

  #state() {
    return {
      servers: this.servers(),
      groups: this.groups(),
      backlog: [...this.#backlogs].flatMap((backlog) =>
        [...backlog()].map(({ models, count, kind }) => ({
          models,
          count,
          each: this.#each(kind, models),
        })),
      ),
      load: (id: string) => this.estimates.load(id),
      charged: (owner: string) => this.accounts.charged(owner),
    }
  }

  #place({ server: id, group: key, loads }: Choice): void {
    const server = this.#servers.get(id) as Server
    const { spec, start } = this.#groups.take(key, id, this.#each)
    const guessed = this.#each(spec.kind, spec.models) + loads.length * this.estimates.load(id)
    this.accounts.reserve(spec.owner, guessed)
    const at = this.#clock.now()
    this.#countIdle(server)
    server.running = { spec, loads, at, guessed }
    server.used = at
    const before = server.loaded
    // A job without a model leaves what is there; one with a model leaves its own.
    if (spec.models.length > 0) server.loaded = spec.models
    start({ server: id, loads, before, at })
  }

  #countIdle(server: Server): void {
    server.idle = this.idleOn(server.id)
    server.idleSince = this.#clock.now()
  }

  #learn(
    server: string,
    { spec, loads }: Running,
    took: number,
    loading: number | undefined,
  ): void {
    const count = Math.max(loads.length, loading === undefined ? 0 : 1)
    if (count === 0) {
      this.estimates.sawJob(spec.kind, spec.models, took)
      return
    }
    const usual = this.estimates.seenJob(spec.kind, spec.models)
    const loaded = loading ?? (usual === undefined ? undefined : Math.max(0, took - usual))
    if (loaded === undefined) return
    this.estimates.sawLoad(server, loaded / count)
    this.estimates.sawJob(spec.kind, spec.models, Math.max(0, took - loaded))
  }

  #serverState({ id, loaded, used, running }: Server): ServerState {
    const left =
      running === undefined ? 0 : Math.max(0, running.at + running.guessed - this.#clock.now())
    return { id, loaded, used, free: running === undefined, freeIn: left }
  }
}

interface Server {
  readonly id: string
  loaded: readonly string[]
  up: boolean
  used: number
  idleSince: number
  /** Until `idleSince`. */
  idle: number
  running?: Running | undefined
}

interface Running {
  readonly spec: JobSpec
  readonly loads: readonly string[]
  readonly at: number
  readonly guessed: number
}
