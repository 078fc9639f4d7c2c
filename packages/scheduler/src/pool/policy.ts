/** What a free server should do next. Pure: no clock, no I/O, the same state gives the same choice. Times are
 *  milliseconds; deciding costs groups × servers, however many jobs wait. */

export interface ServerState {
  readonly id: string
  /** Checkpoints in its memory, as far as known; what it is loading counts as loaded. */
  readonly loaded: readonly string[]
  /** Whether it can be given a job now. A server that is down is not in the state at all. */
  readonly free: boolean
  /** How long its job will still take; 0 when it is free. */
  readonly freeIn: number
  /** When it was last given a job. */
  readonly used: number
}

/** Jobs that are alike: of one owner, on the same checkpoints, for the same servers. */
export interface GroupState {
  readonly key: string
  readonly owner: string
  /** Checkpoints that each of its jobs needs, in order; none for a job that needs no model. */
  readonly models: readonly string[]
  /** Ids of the servers that can do it. */
  readonly able: ReadonlySet<string>
  readonly count: number
  /** How long one of its jobs takes on a server that has its models. */
  readonly each: number
  /** When its oldest job arrived. */
  readonly since: number
  /** Work of jobs that arrived later and went first, since the group was last served. */
  readonly overtaken: number
}

export interface PolicyState {
  readonly servers: readonly ServerState[]
  readonly groups: readonly GroupState[]
  /** Work that is still to come and cannot be chosen yet: counts for what pays back. */
  readonly backlog: readonly Pick<GroupState, 'models' | 'count' | 'each'>[]
  /** How long a server takes to load one checkpoint. */
  readonly load: (server: string) => number
  /** By owner: server time charged so far, loads included. */
  readonly charged: (owner: string) => number
}

export interface Choice {
  readonly server: string
  readonly group: string
  /** Checkpoints to be loaded for it. */
  readonly loads: readonly string[]
}

/** How far one owner may get ahead of another that waits, in loads of what the other needs: less switches oftener, more
 *  lets the other wait longer. */
export const fairness = 4
/** How much later work may go before a job that needs a load, in loads for each server that could do it. */
export const patience = 4
/** A second copy of a model must save this many loads on top of its own. */
export const payBack = 0.5

/** The next job for any free server; undefined when all had better wait.
 *  1. An owner who is more than `fairness` loads behind goes first, where something of theirs can be done.
 *  2. Warm: a job whose models are there, the owner with the least charge first, then the oldest; unless a job that
 *     nobody has the model for was overtaken by more than `patience` loads.
 *  3. A model that no server has: the one with the most work.
 *  4. A second copy, when what is queued for the servers that have it would wait longer than the load and half of it. */
export function choose(state: PolicyState): Choice | undefined {
  const free = state.servers.filter((server) => server.free)
  if (free.length === 0 || state.groups.length === 0) return undefined
  const work = workByModels(state)
  const owed = free.flatMap((server) => candidates(server, state, work, true))
  return best(owed) ?? best(free.flatMap((server) => candidates(server, state, work, false)))
}

/** Whether loading a group's models once more ends its queue sooner, by more than it costs.
 *  @param work what is queued for these models */
export function paysBack(
  group: Pick<GroupState, 'each'>,
  holders: readonly Pick<ServerState, 'freeIn'>[],
  work: number,
  load: number,
): boolean {
  const busy = holders.reduce((sum, { freeIn }) => sum + freeIn, 0)
  const lastStarts = (busy + work) / holders.length - group.each
  return lastStarts > load * (1 + payBack)
}

export function missing(models: readonly string[], { loaded }: Pick<ServerState, 'loaded'>) {
  return models.filter((model) => !loaded.includes(model))
}

interface Candidate extends Choice {
  /** Smaller is better, entry by entry. */
  readonly rank: readonly number[]
}

function candidates(
  server: ServerState,
  state: PolicyState,
  work: ReadonlyMap<string, number>,
  fair: boolean,
): Candidate[] {
  const able = state.groups.filter((group) => group.able.has(server.id))
  const allowed = fair ? withinLag(able, server, state) : able
  const load = state.load(server.id)
  const waiting = able.filter((group) => isDue(group, server, state))
  const unused = server.loaded.length === 0 ? 0 : (work.get(modelsKey(server.loaded)) ?? 0)
  return allowed.flatMap((group): Candidate[] => {
    const loads = missing(group.models, server)
    const of = { server: server.id, group: group.key, loads }
    if (loads.length === 0) {
      if (waiting.some(({ since }) => since < group.since)) return []
      // A job that needs no model goes where least is queued for what is loaded.
      const blocks = group.models.length === 0 ? unused : 0
      // Of several, the one used last: what it says it has loaded was seen there.
      return [{ ...of, rank: [0, state.charged(group.owner), group.since, blocks, -server.used] }]
    }
    const holders = state.servers.filter(
      (one) => group.able.has(one.id) && missing(group.models, one).length === 0,
    )
    const queued = work.get(modelsKey(group.models)) ?? 0
    if (holders.length > 0 && !paysBack(group, holders, queued, load * loads.length)) return []
    const kind = waiting.includes(group) ? 0 : holders.length === 0 ? 1 : 2
    // Of the free servers, the one whose model is wanted least.
    return [{ ...of, rank: [1, kind, -queued, load * loads.length, unused, server.used] }]
  })
}

/** Without the groups of owners who are too far ahead of one that waits for this server. */
function withinLag(
  groups: readonly GroupState[],
  server: ServerState,
  state: PolicyState,
): readonly GroupState[] {
  const least = Math.min(...groups.map(({ owner }) => state.charged(owner)))
  const owed = groups.filter(({ owner }) => state.charged(owner) === least)
  const loads = Math.min(...owed.map(({ models }) => missing(models, server).length))
  const lag = fairness * loads * state.load(server.id)
  return groups.filter(({ owner }) => state.charged(owner) - least <= lag)
}

/** Whether it waits for a load, and too much went before it. */
function isDue(group: GroupState, server: ServerState, state: PolicyState): boolean {
  if (missing(group.models, server).length === 0) return false
  const able = state.servers.filter(({ id }) => group.able.has(id))
  if (able.some((one) => missing(group.models, one).length === 0)) return false
  return group.overtaken > patience * state.load(server.id) * able.length
}

function workByModels({ groups, backlog }: PolicyState): ReadonlyMap<string, number> {
  const work = new Map<string, number>()
  for (const { models, count, each } of [...groups, ...backlog]) {
    const key = modelsKey(models)
    work.set(key, (work.get(key) ?? 0) + count * each)
  }
  return work
}

export function modelsKey(models: readonly string[]): string {
  return models.join('\n')
}

function best(all: readonly Candidate[]): Choice | undefined {
  let first: Candidate | undefined
  for (const one of all) if (first === undefined || before(one.rank, first.rank)) first = one
  return first === undefined
    ? undefined
    : { server: first.server, group: first.group, loads: first.loads }
}

function before(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i])
  return at >= 0 && (a[at] as number) < (b[at] as number)
}
