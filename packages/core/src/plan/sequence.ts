import type { PhaseRef } from '../contract/phase.js'
import { errors } from '../errors/catalogue.js'
import { compare } from '../errors/nearest.js'
import { Heap } from './heap.js'

export interface SequenceEntry {
  readonly name: string
  readonly phase: Pick<PhaseRef, 'name' | 'rank'>
  /** Names; with a trailing "?" when that stage may be missing. */
  readonly after: readonly string[]
  readonly before: readonly string[]
  readonly terminal: boolean
}

/** Orders stages: rank, then `after`/`before` edges, then terminal last, then name. The result does not depend on the
 *  order in which they are given. Time grows as n log n with stages and edges.
 *  @throws {StagePlanError} SW_PLAN_DUPLICATE_STAGE, SW_PLAN_UNKNOWN_TARGET, SW_PLAN_EDGE_AGAINST_RANK, or
 *  SW_PLAN_CYCLE with the smallest cycle */
export function sequence<T extends SequenceEntry>(entries: readonly T[]): T[] {
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  if (byName.size < entries.length) throw duplicate(entries)
  const followers = edges(entries, byName)
  const waiting = new Map(entries.map(({ name }) => [name, 0]))
  for (const names of followers.values())
    for (const name of names) waiting.set(name, (waiting.get(name) ?? 0) + 1)
  // One heap suffices: edges never lead to a lower rank, so the least ready entry is always the next one.
  const ready = new Heap<T>(place)
  for (const entry of entries) if (waiting.get(entry.name) === 0) ready.push(entry)
  const ordered: T[] = []
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    ordered.push(next)
    for (const name of followers.get(next.name) ?? []) {
      const left = (waiting.get(name) ?? 0) - 1
      waiting.set(name, left)
      const follower = byName.get(name)
      if (left === 0 && follower !== undefined) ready.push(follower)
    }
  }
  if (ordered.length < entries.length) {
    const cycle = smallestCycle(
      followers,
      ordered.map(({ name }) => name),
    )
    const constraints = cycle.map((name, at) => {
      const [first, second] = [name, cycle[(at + 1) % cycle.length] ?? '']
      return constraint(byName.get(first), byName.get(second))
    })
    throw errors.SW_PLAN_CYCLE({ cycle, constraints })
  }
  return ordered
}

/** Who asks that one stage runs before another, as it is written: `upscale: after txt2img`. */
export function constraint(first?: SequenceEntry, second?: SequenceEntry): string {
  const asks = second?.after.some((name) => bare(name) === first?.name) === true
  return asks ? `${second.name}: after ${first?.name}` : `${first?.name}: before ${second?.name}`
}

/** The name without the mark that the stage may be missing. */
export function bare(written: string): string {
  return written.endsWith('?') ? written.slice(0, -1) : written
}

function place(a: SequenceEntry, b: SequenceEntry): number {
  return (
    a.phase.rank - b.phase.rank ||
    Number(a.terminal) - Number(b.terminal) ||
    compare(a.name, b.name)
  )
}

type Followers = ReadonlyMap<string, ReadonlySet<string>>

/** For each stage, those that must come after it. Every edge is checked against the ranks. */
function edges(
  entries: readonly SequenceEntry[],
  byName: ReadonlyMap<string, SequenceEntry>,
): Followers {
  const followers = new Map<string, Set<string>>()
  const target = (entry: SequenceEntry, edge: 'after' | 'before', written: string) => {
    const name = bare(written)
    const found = byName.get(name)
    if (found === undefined && name === written)
      throw errors.SW_PLAN_UNKNOWN_TARGET({
        stage: entry.name,
        edge,
        target: name,
        known: [...byName.keys()],
      })
    return found
  }
  const add = (first: SequenceEntry, second: SequenceEntry): void => {
    if (first.phase.rank > second.phase.rank)
      throw errors.SW_PLAN_EDGE_AGAINST_RANK({
        first: first.name,
        firstRank: first.phase.rank,
        second: second.name,
        secondRank: second.phase.rank,
        constraint: constraint(first, second),
      })
    const known = followers.get(first.name)
    if (known === undefined) followers.set(first.name, new Set([second.name]))
    else known.add(second.name)
  }
  // Sorted, so that of several clashes the same one is named whatever the input order.
  for (const entry of entries.toSorted((a, b) => compare(a.name, b.name))) {
    for (const written of entry.after) {
      const other = target(entry, 'after', written)
      if (other !== undefined) add(other, entry)
    }
    for (const written of entry.before) {
      const other = target(entry, 'before', written)
      if (other !== undefined) add(entry, other)
    }
  }
  return followers
}

/** The shortest cycle among what could not be ordered, by breadth-first search from each of its stages. */
function smallestCycle(followers: Followers, ordered: readonly string[]): readonly string[] {
  const done = new Set(ordered)
  let best: readonly string[] = []
  for (const start of [...followers.keys()].filter((name) => !done.has(name)).toSorted(compare)) {
    const cameFrom = new Map<string, string>()
    const queue = [start]
    for (let at = 0; at < queue.length && !cameFrom.has(start); at++) {
      const here = queue[at] as string
      for (const next of followers.get(here) ?? []) {
        if (cameFrom.has(next)) continue
        cameFrom.set(next, here)
        queue.push(next)
      }
    }
    if (!cameFrom.has(start)) continue
    const cycle = walkBack(cameFrom, start)
    if (best.length === 0 || cycle.length < best.length) best = cycle
  }
  return best
}

function walkBack(cameFrom: ReadonlyMap<string, string>, start: string): readonly string[] {
  const cycle = [start]
  for (
    let here = cameFrom.get(start);
    here !== undefined && here !== start;
    here = cameFrom.get(here)
  )
    cycle.unshift(here)
  return [start, ...cycle.slice(0, -1)]
}

function duplicate(entries: readonly SequenceEntry[]) {
  const names = entries.map(({ name }) => name)
  const stage = names.find((name, i) => names.indexOf(name) !== i) ?? ''
  return errors.SW_PLAN_DUPLICATE_STAGE({
    stage,
    count: names.filter((name) => name === stage).length,
  })
}
