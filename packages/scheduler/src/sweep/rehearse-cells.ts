import {
  isPipelineError,
  type PipelineError,
  type PipelinePlan,
  type RunConfig,
} from '@stagewright/core'

import { type Cell, configOf } from './cells.js'
import { sweepErrors } from './errors.js'
import { type Rehearsal, type RehearsedCall, type Rehearser } from './rehearsal.js'
import { oneOf, type SweepSpec } from './spec.js'

export interface RehearsalProgress {
  readonly signal?: AbortSignal | undefined
  /** Told how many cells are planned. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined
}

export interface RehearsedSweep {
  readonly base: RunConfig
  readonly cells: readonly Cell[]
  readonly spec: Pick<SweepSpec, 'dimensions'>
}

/** Rehearses every cell.
 *  @throws {PipelineError} SW_SWEEP_CELL_REFUSED for each thing that refuses some of them; what refuses all as it is */
export async function rehearseAll(
  rehearser: Rehearser,
  { base, cells, spec }: RehearsedSweep,
  { onProgress, signal }: RehearsalProgress,
): Promise<readonly Rehearsal[]> {
  const kept: Rehearsal[] = []
  const refused = new Map<string, { readonly error: PipelineError; readonly cells: number[] }>()
  const known = new Map<string, RehearsedCall>()
  const plans = new Map<string, PipelinePlan>()
  for (const cell of cells) {
    signal?.throwIfAborted()
    try {
      const { plan, calls, ...rest } = await rehearser.rehearse(configOf(base, cell))
      // Shared calls and plans of the same work are held once: ten thousand cells fit into memory.
      const held = calls.map((call) => known.get(call.key) ?? call)
      for (const call of held) known.set(call.key, call)
      const traits = traitsOf(plan)
      const alike = plans.get(traits) ?? plan
      plans.set(traits, alike)
      kept.push({ ...rest, plan: alike, calls: held })
    } catch (error) {
      if (!isPipelineError(error)) throw error
      for (const one of error.errors.length > 0 ? error.errors : [error]) {
        const key = `${one.code} ${one.message}`
        const same = refused.get(key)
        if (same === undefined) refused.set(key, { error: one, cells: [cell.number] })
        else same.cells.push(cell.number)
      }
    }
    onProgress?.(cell.number, cells.length)
  }
  const all = [...refused.values()]
  if (all.length === 0) return kept
  // What refuses every cell is no matter of the sweep, unless it is a value of it.
  const swept = new Map<unknown, string>(
    spec.dimensions.flatMap(({ fields, path }) => fields.map((field) => [field, path] as const)),
  )
  const everywhere = all.filter(
    ({ error, cells: refusing }) =>
      refusing.length === cells.length && !swept.has(error.details['path']),
  )
  if (everywhere.length > 0) throw oneOf(everywhere.map(({ error }) => error))
  throw oneOf(
    all.map(({ error, cells: numbers }) =>
      sweepErrors.SW_SWEEP_CELL_REFUSED(
        {
          path: swept.get(error.details['path']),
          cells: cellNames(numbers),
          code: error.code,
          problem: error.message,
          remedy: error.hint,
        },
        { cause: error },
      ),
    ),
  )
}

function cellNames(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 8).join(', ')
  const more = numbers.length > 8 ? ` and ${numbers.length - 8} more` : ''
  return `${numbers.length === 1 ? 'cell' : 'cells'} ${shown}${more}`
}

/** What the time of a plan depends on: cells that differ in a seed only are asked about once. */
export function traitsOf({ stages }: PipelinePlan): string {
  return JSON.stringify(
    stages
      .filter(({ enabled }) => enabled)
      .map(({ name, operation, execution, calls, output, config }) => [
        name,
        operation,
        execution,
        calls,
        output,
        config['model'],
        config['steps'],
      ]),
  )
}
