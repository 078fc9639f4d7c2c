import type { OrderReason } from '@stagewright/core'
import { configOf, type SweepPlan, valueAt } from '@stagewright/scheduler'

/** A planned sweep as JSON, an axis and a cell a line: of ten thousand cells only what tells them apart.
 *  @param order why the stages of the first cell stand as they do */
export function sweepPlanJson(plan: SweepPlan, order: readonly OrderReason[] | undefined): string {
  const { axes, ours, plain, loads, notes } = plan
  const known = plan.estimates.filter((ms) => ms !== undefined)
  const head = {
    calls: ours.calls,
    calls_shared: plan.callsShared,
    model_loads: ours.modelLoads,
    ...(plan.loaded === undefined ? {} : { loaded: plan.loaded }),
    changes: ours.changes,
    loads: {
      counted_as: loads.average === undefined ? 'one each' : 'measured',
      measured_ms: loads.measured,
      ...(loads.average === undefined || loads.unmeasured.length === 0
        ? {}
        : { others_ms: loads.average }),
    },
    cell_by_cell: { calls: plain.calls, model_loads: plain.modelLoads, changes: plain.changes },
    shared: plan.shared,
    base_passes_saved: plan.basePassesSaved,
    ...(known.length === 0
      ? {}
      : { estimate: { ms: Math.round(known.reduce((sum, ms) => sum + ms, 0)) } }),
    notes,
    ...(order === undefined ? {} : { order }),
  }
  const shown = JSON.stringify({ sweep: head }, null, 2).replace(/\n {2}\}\n\}$/, '')
  const lists = { axes, cells: plan.order.map((number) => cellOf(plan, number)) }
  const lines = Object.entries(lists).map(
    ([key, list]) =>
      `,\n    "${key}": [\n${list.map((one) => `      ${JSON.stringify(one)}`).join(',\n')}\n    ]`,
  )
  return `${shown}${lines.join('')}\n  }\n}\n`
}

/** What is made in the cell's turn; prompts only where they were drawn. */
function cellOf({ base, cells, work, estimates, drawn }: SweepPlan, number: number): object {
  const at = number - 1
  const { point = {}, set = {} } = cells[at] ?? {}
  const { calls = 0, shared = 0, modelLoads = 0 } = work[at] ?? {}
  const ms = estimates[at]
  const config = drawn.length === 0 ? base : configOf(base, { set })
  const prompts = Object.fromEntries(drawn.map((path) => [path, valueAt(config, path)]))
  return {
    cell: number,
    point,
    ...(drawn.length === 0 ? {} : { drawn: prompts }),
    calls,
    ...(shared === 0 ? {} : { calls_shared: shared }),
    ...(modelLoads === 0 ? {} : { model_loads: modelLoads }),
    ...(ms === undefined ? {} : { ms: Math.round(ms) }),
  }
}
