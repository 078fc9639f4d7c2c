import type { PipelinePlan } from '@stagewright/core'
import type { Estimate } from '@stagewright/run-store'

import { changing, costOf, type Heavy } from './order.js'
import type { Rehearsal } from './rehearsal.js'
import { traitsOf } from './rehearse-cells.js'

/** What a set of cells costs. */
export interface SweepCosts {
  readonly calls: number
  readonly modelLoads: number
  /** Changes of what is heavy from cell to cell, the first cell's loads included. */
  readonly changes: number
}

/** What loads are counted as. */
export interface LoadWeights {
  /** Milliseconds, by name, for what was measured of what the sweep loads. */
  readonly measured: Readonly<Record<string, number>>
  /** What was not, and is not the same in all cells: each counts as long as those that were measured on the server take on average; where none was, as
   *  one. */
  readonly unmeasured: readonly string[]
  /** Milliseconds: that average. */
  readonly average: number | undefined
}

/** @param times milliseconds by name, of whatever was measured on the server */
export function weightsOf(
  heavies: readonly Heavy[],
  times: Readonly<Record<string, number>>,
): LoadWeights {
  const all = [...new Set(heavies.flatMap((heavy) => Object.values(heavy)))]
  const known = all.filter((name) => Object.hasOwn(times, name))
  const values = Object.values(times)
  return {
    measured: Object.fromEntries(known.map((name) => [name, times[name] ?? 0])),
    unmeasured: changing(heavies).filter((name) => !known.includes(name)),
    average:
      values.length === 0 ? undefined : values.reduce((sum, ms) => sum + ms, 0) / values.length,
  }
}

/** What a load counts as: milliseconds, or one where none was measured. */
export function weightIn({ measured, average = 1 }: LoadWeights, name: string): number {
  return measured[name] ?? average
}

/** What is loaded before the first cell. */
export interface Current {
  readonly model: string | undefined
  /** With its VAE. */
  readonly all: ReadonlySet<string>
}

/** What a cell does when it is its turn. */
export interface CellWork {
  readonly calls: number
  /** Calls that an earlier cell makes. */
  readonly shared: number
  readonly modelLoads: number
}

export function costsOf(
  order: readonly number[],
  cells: readonly Rehearsal[],
  heavies: readonly Heavy[],
  { current, once }: { readonly current: Current; readonly once: boolean },
): SweepCosts & { readonly work: readonly CellWork[] } {
  const made = new Set<string>()
  const work = cells.map(() => ({ calls: 0, shared: 0, modelLoads: 0 }))
  let loaded = current.model
  for (const at of order)
    for (const call of cells[at]?.calls ?? []) {
      const own = work[at] as { calls: number; shared: number; modelLoads: number }
      if (once && made.has(call.key)) {
        own.shared += 1
        continue
      }
      made.add(call.key)
      own.calls += 1
      for (const model of call.models) {
        if (model !== loaded) own.modelLoads += 1
        loaded = model
      }
    }
  const sum = (of: (one: CellWork) => number): number => work.reduce((all, one) => all + of(one), 0)
  return {
    calls: sum(({ calls }) => calls),
    modelLoads: sum(({ modelLoads }) => modelLoads),
    changes: costOf(order, heavies, { current: current.all }),
    work,
  }
}

/** By cell, the time of the calls that no cell before it makes, and of the loads before them. What is loaded within a
 *  call is part of its own time. */
export async function estimatesOf(
  order: readonly number[],
  cells: readonly Rehearsal[],
  estimate: ((plan: PipelinePlan) => Promise<Estimate | undefined>) | undefined,
  { weights, current }: { readonly weights: LoadWeights; readonly current: Current },
): Promise<readonly (number | undefined)[]> {
  const result: (number | undefined)[] = cells.map(() => undefined)
  if (estimate === undefined) return result
  const made = new Set<string>()
  const known = new Map<string, Promise<Estimate | undefined>>()
  let loaded = current.model
  for (const at of order) {
    const cell = cells[at]
    if (cell === undefined) continue
    const fresh = cell.calls.filter(({ key }) => !made.has(key))
    for (const { key } of cell.calls) made.add(key)
    const traits = traitsOf(cell.plan)
    const asked = known.get(traits) ?? estimate(cell.plan)
    known.set(traits, asked)
    const found = await asked
    let loading = 0
    for (const { models } of fresh) {
      const [first] = models
      if (first !== undefined && first !== loaded && weights.average !== undefined)
        loading += weightIn(weights, first)
      loaded = models.at(-1) ?? loaded
    }
    if (found === undefined) continue
    result[at] = found.stages.reduce((sum, { name, ms }) => {
      const all = cell.calls.filter(({ stage }) => stage === name).length
      const mine = fresh.filter(({ stage }) => stage === name).length
      return sum + (all === 0 ? ms : (ms * mine) / all)
    }, loading)
  }
  return result
}
