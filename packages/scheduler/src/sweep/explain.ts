import type { LoadWeights } from './costs.js'
import { times } from './errors.js'
import type { SweepPlan } from './plan.js'
import { valueText } from './table.js'

/** A planned sweep in words: its axes, what is made and what is saved, and its notes. */
export function explainSweep(plan: SweepPlan): string {
  const {
    axes,
    cells,
    ours,
    plain,
    shared,
    basePassesSaved,
    callsShared: saved,
    notes,
    order,
    estimates,
    loaded,
  } = plan
  const several = Object.keys(plan.loads.measured).length + plan.loads.unmeasured.length > 1
  const changed = order.some((number, i) => number !== i + 1)
  const known = estimates.filter((ms) => ms !== undefined)
  return [
    `sweep of ${times(cells.length, 'cell')}: ${times(ours.calls, 'call')}, ${times(ours.modelLoads, 'model load')}${loaded === undefined ? '' : ` (${loaded} is loaded)`}`,
    ...axes.map(({ field, values }) => `  ${field}: ${shortened(values.map(valueText))}`),
    `  cell by cell it would be ${times(plain.calls, 'call')}${shared ? ', base and high-res pass in one,' : ''} and ${times(plain.modelLoads, 'model load')}: ${saved === 0 ? 'no call is shared' : `${times(saved, 'call')} ${saved === 1 ? 'is' : 'are'} shared`}`,
    ...(basePassesSaved === 0 ? [] : [`  ${shareInWords(shared, basePassesSaved)}`]),
    `  order: ${changed ? 'changed' : "the author's"}, ${times(ours.changes, 'change')} of model${plain.changes > ours.changes ? ` instead of ${plain.changes}` : ''}`,
    ...(several ? [`  loads: ${loadsInWords(plan.loads)}`] : []),
    ...(known.length === 0
      ? []
      : [
          `  time: about ${timeOf(known.reduce((sum, ms) => sum + ms, 0))}${known.length < cells.length ? ' for what is known' : ''}`,
        ]),
    ...notes.map(({ code, message }) => `  ! ${message} (${code})`),
  ].join('\n')
}

function shareInWords(shared: boolean, saved: number): string {
  const passes = times(saved, 'base pass', 'base passes')
  return shared
    ? `share: the high-res pass has calls of its own, ${passes} saved`
    : `share: true would save ${passes}: the high-res pass then has calls of its own, with equal pixels`
}

/** What loads were counted as: `measured, a.safetensors 12 s, b.safetensors 3.1 s`. */
function loadsInWords({ measured, unmeasured, average }: LoadWeights): string {
  if (average === undefined) return 'none was measured here yet, each counts as one'
  const known = Object.entries(measured).map(([name, ms]) => `${name} ${timeOf(ms)}`)
  const rest = unmeasured.length === 0 ? [] : [`${unmeasured.join(', ')} as ${timeOf(average)}`]
  return `${known.length === 0 ? 'not measured' : 'measured'}, ${shortened([...known, ...rest])}`
}

function shortened(values: readonly string[]): string {
  const shown = values
    .slice(0, 8)
    .map((text) => (text.length > 40 ? `${text.slice(0, 39)}…` : text))
  return `${shown.join(', ')}${values.length > 8 ? `, … (${values.length})` : ''}`
}

function timeOf(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
