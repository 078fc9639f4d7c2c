import type { PipelinePlan } from '@stagewright/core'
import type { Estimate } from '@stagewright/run-store'

import { costOf, type Heavy } from './order.js'
import type { Rehearsal } from './rehearsal.js'
import { traitsOf } from './rehearse-cells.js'

/** What a set of cells costs. */
export interface SweepCosts {
  readonly calls: number
  readonly modelLoads: number
  /** Changes of what is heavy from cell to cell, the first cell's loads included. */
  readonly changes: number
}

export function costsOf(
  order: readonly number[],
  cells: readonly Rehearsal[],
  heavies: readonly Heavy[],
  { current, once }: { readonly current: ReadonlySet<string>; readonly once: boolean },
): SweepCosts {
  const made = new Set<string>()
  let [calls, modelLoads] = [0, 0]
  let loaded: string | undefined = [...current][0]
  for (const at of order)
    for (const call of cells[at]?.calls ?? []) {
      if (once && made.has(call.key)) continue
      made.add(call.key)
      calls += 1
      for (const model of call.models) {
        if (model !== loaded) modelLoads += 1
        loaded = model
      }
    }
  return { calls, modelLoads, changes: costOf(order, heavies, { current }) }
}

/** By cell, the time of the calls that no cell before it makes. */
export async function estimatesOf(
  order: readonly number[],
  cells: readonly Rehearsal[],
  estimate: ((plan: PipelinePlan) => Promise<Estimate | undefined>) | undefined,
): Promise<readonly (number | undefined)[]> {
  const result: (number | undefined)[] = cells.map(() => undefined)
  if (estimate === undefined) return result
  const made = new Set<string>()
  const known = new Map<string, Promise<Estimate | undefined>>()
  for (const at of order) {
    const cell = cells[at]
    if (cell === undefined) continue
    const fresh = cell.calls.filter(({ key }) => !made.has(key))
    for (const { key } of cell.calls) made.add(key)
    const traits = traitsOf(cell.plan)
    const asked = known.get(traits) ?? estimate(cell.plan)
    known.set(traits, asked)
    const found = await asked
    if (found === undefined) continue
    result[at] = found.stages.reduce((sum, { name, ms }) => {
      const all = cell.calls.filter(({ stage }) => stage === name).length
      const mine = fresh.filter(({ stage }) => stage === name).length
      return sum + (all === 0 ? ms : (ms * mine) / all)
    }, 0)
  }
  return result
}

/** For a checkpoint that was never measured: as long as the others take. */
export function typical(loadTimes: Readonly<Record<string, number>>): number {
  const all = Object.values(loadTimes)
  return all.length === 0 ? 1 : all.reduce((sum, ms) => sum + ms, 0) / all.length
}
