/** What is heavy to change about a cell: by place (`txt2img 0`, `txt2img vae`), the name that is loaded there. */
export type Heavy = Readonly<Record<string, string>>

/** The names at the places that are not the same in all cells: what an order can save. */
export function changing(cells: readonly Heavy[]): readonly string[] {
  const places = new Set(cells.flatMap((heavy) => Object.keys(heavy)))
  const names = [...places].flatMap((place) => {
    const here = new Set(cells.map((heavy) => heavy[place]))
    return here.size < 2 ? [] : [...here].filter((name) => name !== undefined)
  })
  return [...new Set(names)]
}

/** What a change to a name costs: its measured load time, else 1. */
export type LoadCost = (name: string) => number

const one: LoadCost = () => 1

/** Up to so many groups the order is the best there is; beyond, a good one. */
const mostExact = 12
/** Up to so many groups an order is improved by turning parts of it. */
const mostTurned = 120

/** An order of cells that changes as little as can be of what is heavy: cells that are alike in that stand together, in
 *  the author's order; among orders that cost the same the one nearest to the author's is taken.
 *  @param current names that are loaded before the first cell
 *  @returns indices */
export function orderOf(
  cells: readonly Heavy[],
  { cost = one, current = new Set() }: Loading = {},
): readonly number[] {
  const groups = new Map<string, number[]>()
  for (const [i, heavy] of cells.entries()) {
    const key = JSON.stringify(Object.entries(heavy).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [i])
    else group.push(i)
  }
  const members = [...groups.values()]
  const heavies = members.map(([first = 0]) => cells[first] ?? {})
  const start = heavies.map((heavy) => startCost(heavy, cost, current))
  const between = heavies.map((from) => heavies.map((to) => changeCost(from, to, cost)))
  const walk = heavies.length <= mostExact ? bestWalk(start, between) : goodWalk(start, between)
  return walk.flatMap((at) => members[at] ?? [])
}

export interface Loading {
  readonly cost?: LoadCost
  readonly current?: ReadonlySet<string>
}

/** What an order costs, the loads of its first cell included. */
export function costOf(
  order: readonly number[],
  cells: readonly Heavy[],
  { cost = one, current = new Set() }: Loading = {},
): number {
  let sum = 0
  for (const [i, at] of order.entries()) {
    const before = i === 0 ? undefined : cells[order[i - 1] ?? 0]
    const heavy = cells[at] ?? {}
    sum += before === undefined ? startCost(heavy, cost, current) : changeCost(before, heavy, cost)
  }
  return sum
}

function startCost(heavy: Heavy, cost: LoadCost, current: ReadonlySet<string>): number {
  return Object.values(heavy).reduce((sum, name) => sum + (current.has(name) ? 0 : cost(name)), 0)
}

function changeCost(from: Heavy, to: Heavy, cost: LoadCost): number {
  return Object.entries(to).reduce(
    (sum, [place, name]) => sum + (from[place] === name ? 0 : cost(name)),
    0,
  )
}

type Costs = readonly (readonly number[])[]

/** The cheapest walk over all, by dynamic programming over the sets of what is left (Held and Karp). */
function bestWalk(start: readonly number[], between: Costs): readonly number[] {
  const n = start.length
  const all = 2 ** n - 1
  // The least that is still to be paid, standing at `at` with the set `done` behind.
  const rest = new Float64Array((all + 1) * n)
  for (let done = all - 1; done > 0; done--)
    for (let at = 0; at < n; at++) {
      if ((done & (1 << at)) === 0) continue
      let least = Infinity
      for (let next = 0; next < n; next++)
        if ((done & (1 << next)) === 0)
          least = Math.min(
            least,
            costAt(between, at, next) + restAt(rest, done | (1 << next), next, n),
          )
      rest[done * n + at] = least
    }
  const walk: number[] = []
  let done = 0
  while (walk.length < n) {
    const last = walk.at(-1)
    let best = { next: -1, cost: Infinity }
    for (let next = 0; next < n; next++) {
      if ((done & (1 << next)) !== 0) continue
      const step = last === undefined ? (start[next] ?? 0) : costAt(between, last, next)
      const cost = step + restAt(rest, done | (1 << next), next, n)
      // The first of equals: nearest to the author's order. Sums of measured times are not exact.
      if (cost < best.cost - 1e-9) best = { next, cost }
    }
    walk.push(best.next)
    done |= 1 << best.next
  }
  return walk
}

function costAt(between: Costs, from: number, to: number): number {
  return between[from]?.[to] ?? 0
}

function restAt(rest: Float64Array, done: number, at: number, n: number): number {
  return rest[done * n + at] ?? 0
}

/** From each beginning always to the nearest; the best of these and of the author's order, with parts turned and moved
 *  as long as that helps. */
function goodWalk(start: readonly number[], between: Costs): readonly number[] {
  const n = start.length
  const price = (walk: readonly number[]): number =>
    walk.reduce(
      (sum, at, i) => sum + (i === 0 ? (start[at] ?? 0) : costAt(between, walk[i - 1] ?? 0, at)),
      0,
    )
  const author = Array.from({ length: n }, (_, i) => i)
  const begins = n <= mostTurned ? author : [0]
  let best: readonly number[] = author
  for (const begin of begins) {
    const walk = nearestWalk(begin, between)
    if (price(walk) < price(best) - 1e-9) best = walk
  }
  if (n > mostTurned) return best
  for (let improved = true; improved;) {
    improved = false
    for (let from = 0; from < n && !improved; from++)
      for (let to = from + 1; to < n && !improved; to++) {
        const part = best.slice(from, to + 1)
        const others = best.toSpliced(from, part.length)
        const turned = best.toSpliced(from, part.length, ...part.toReversed())
        const moved = part.length > 3 ? [] : author.map((at) => others.toSpliced(at, 0, ...part))
        for (const walk of [turned, ...moved])
          if (walk.length === n && price(walk) < price(best) - 1e-9) {
            best = walk
            improved = true
          }
      }
  }
  return best
}

function nearestWalk(begin: number, between: Costs): number[] {
  const left = new Set(between.keys())
  const walk = [begin]
  left.delete(begin)
  while (left.size > 0) {
    const last = walk.at(-1) ?? 0
    let best = { next: -1, cost: Infinity }
    for (const next of left) {
      const cost = costAt(between, last, next)
      if (cost < best.cost) best = { next, cost }
    }
    walk.push(best.next)
    left.delete(best.next)
  }
  return walk
}
