import type { BackendIdentity, Capabilities, PlanNote, RunConfig, Stage } from '@stagewright/core'

import { type Cell, valueAt } from './cells.js'
import { sweepNotes } from './errors.js'
import type { Rehearsal } from './rehearsal.js'
import type { SweepSpec } from './spec.js'

export function cutNote({ dimensions, limit = 0 }: SweepSpec, made: number): PlanNote[] {
  const count = dimensions.reduce((product, { points }) => product * points.length, 1)
  return count > limit && made >= limit ? [sweepNotes.SW_NOTE_SWEEP_CUT({ limit, count })] : []
}

export function seedNotes(cells: readonly Rehearsal[]): PlanNote[] {
  const spans = new Map<number, number>()
  for (const { seeds } of cells) {
    const [first] = seeds
    if (first !== undefined) spans.set(first, Math.max(spans.get(first) ?? 0, seeds.length))
  }
  const sorted = [...spans].toSorted(([a], [b]) => a - b)
  const over = sorted.flatMap(([first, count], i) => {
    const next = sorted[i + 1]?.[0]
    return next !== undefined && next < first + count
      ? [`${next} is in ${first}..${first + count - 1}`]
      : []
  })
  if (over.length === 0) return []
  const all = cells.flatMap(({ calls }) => calls.map(({ key }) => key))
  const shared = all.length - new Set(all).size
  const seeds = over.length > 2 ? `${over[0]}, and so on` : over.join(', ')
  return [sweepNotes.SW_NOTE_SWEEP_SEEDS_OVERLAP({ seeds, shared })]
}

/** Axes that change nothing: two cells that differ there alone make the same calls, all over the sweep. */
export function idleNotes(
  { config, spec }: { readonly config: RunConfig; readonly spec: SweepSpec },
  cells: readonly Cell[],
  kept: readonly Rehearsal[],
  stages: readonly Stage[],
): PlanNote[] {
  return spec.dimensions.flatMap(({ fields, points }) => {
    if (points.length < 2) return []
    const seen = new Map<string, string>()
    let compared = false
    for (const [i, { point }] of cells.entries()) {
      const others = Object.entries(point).filter(([field]) => !fields.includes(field))
      const key = JSON.stringify(others)
      const calls = (kept[i]?.calls ?? []).map((call) => call.key).join(' ')
      const before = seen.get(key)
      if (before !== undefined && before !== calls) return []
      compared ||= before !== undefined
      seen.set(key, calls)
    }
    if (!compared) return []
    const axis = fields.join(', ')
    const owner = stages.find(({ name }) =>
      fields.some((field) => valueAt(config, `${name}.${field}`) !== undefined),
    )
    const remedy =
      owner === undefined ? '' : `; ${owner.name} states its own: sweep ${owner.name}.${fields[0]}`
    return [sweepNotes.SW_NOTE_SWEEP_AXIS_IDLE({ axis, remedy })]
  })
}

/** Cells that draw once for several pictures: those of one call of a later stage, and given ones that are not known by
 *  their files. */
export function togetherNotes(kept: readonly Rehearsal[]): PlanNote[] {
  const cells = kept.filter(({ seeds }) => seeds.length > 1)
  if (cells.length === 0) return []
  const pictures = cells.reduce((sum, { seeds }) => sum + seeds.length, 0)
  return [sweepNotes.SW_NOTE_SWEEP_DRAWN_TOGETHER({ cells: cells.length, pictures })]
}

/** Cells are compared with each other: where servers make other pictures of one seed, they show that too. */
export function serverNotes({ identity }: Capabilities, cells: number): PlanNote[] {
  const kinds = identity?.options?.['pool']
  if (!Array.isArray(kinds) || cells < 2) return []
  const names = (kinds as BackendIdentity[]).map(({ dialect = 'unknown', version }) =>
    version === undefined ? dialect : `${dialect} ${version}`,
  )
  const servers = [...new Set(names)].map((name) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} with different settings`,
  )
  return [sweepNotes.SW_NOTE_SWEEP_SERVERS_DIFFER({ servers })]
}

export function stoppedNotes(kept: readonly Rehearsal[]): PlanNote[] {
  const at = kept.findIndex(({ stopped }) => stopped !== undefined)
  const reason = kept[at]?.stopped?.message
  return reason === undefined
    ? []
    : [sweepNotes.SW_NOTE_SWEEP_NOT_REHEARSED({ cell: at + 1, reason })]
}
