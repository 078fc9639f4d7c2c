import { compare } from '../errors/nearest.js'
import { isPipelineError } from '../errors/pipeline-error.js'
import type { Placement, Placements } from './placement.js'
import { bare, constraint } from './sequence.js'
import type { PipelinePlan, StagePlan } from './stage-plan.js'

/** Where an enabled stage stands, why there, and what would move it. */
export interface OrderReason {
  readonly name: string
  readonly phase: StagePlan['phase']
  /** Why it stands after the enabled stage before it; of the first one, why none is before it. */
  readonly because: string
  /** Past the stage before it, and past the one behind it. */
  readonly moves: readonly Move[]
}

/** A place next to the one a stage has, tried by planning. */
export interface Move {
  readonly side: 'before' | 'after'
  /** The stage that it would pass. */
  readonly past: string
  /** What to write for the stage in `placement`; absent where the move is refused. */
  readonly placement?: Placement
  readonly refused?: { readonly code: string; readonly message: string }
}

/** Why the enabled stages of a plan stand as they do, first to last.
 *  @param placed the placement that the plan was made with
 *  @param replan plans the same run with another placement */
export function orderReasons(
  plan: PipelinePlan,
  placed: Placements,
  replan: (placement: Placements) => PipelinePlan,
): readonly OrderReason[] {
  const enabled = plan.stages.filter((stage) => stage.enabled)
  const moveOf = (stage: StagePlan, side: Move['side'], past?: StagePlan): Move[] =>
    past === undefined ? [] : tried(stage.name, side, past.name, placed, replan)
  return enabled.map((stage, at) => ({
    name: stage.name,
    phase: stage.phase,
    because: reasonOf(stage, enabled[at - 1], plan.stages),
    moves: [
      ...moveOf(stage, 'before', enabled[at - 1]),
      ...moveOf(stage, 'after', enabled[at + 1]),
    ],
  }))
}

/** The reasons as a text: a block for each stage, with what to write to move it. */
export function orderInWords(reasons: readonly OrderReason[]): string {
  const blocks = reasons.map(({ name, because, moves }, at) => [
    `${at + 1}. ${name.padEnd(12)} ${because}`,
    ...moves.map(({ side, past, placement, refused }) =>
      refused === undefined
        ? `   ${side} ${past}: placement: { ${name}: ${inYaml(placement ?? {})} }`
        : `   ${side} ${past}: cannot be: ${refused.message} (${refused.code})`,
    ),
  ])
  return ['why in this order, and what would move it', ...blocks.flat()].join('\n')
}

function reasonOf(
  stage: StagePlan,
  previous: StagePlan | undefined,
  all: readonly StagePlan[],
): string {
  const { name, rank } = stage.phase
  if (previous === undefined) return `first: no enabled stage has a rank below ${rank} of ${name}`
  const after = `after ${previous.name}: `
  const moved = [stage, previous].filter(({ placed }) => placed !== undefined)
  const byPlacement = moved.map((one) => `placement puts ${one.name} ${one.placed}`).join(', ')
  if (byPlacement !== '') return after + byPlacement
  if (previous.phase.rank < rank)
    return `${after}rank ${rank} of ${name} follows ${previous.phase.rank} of ${previous.phase.name}`
  const way = wayFrom(previous, stage, all)
  if (way !== undefined) return after + way.join('; ')
  if (stage.terminal) return `${after}it is terminal, the last of rank ${rank}`
  if (compare(previous.name, stage.name) < 0)
    return `${after}both have rank ${rank} of ${name}, and nothing but their names orders them`
  return `${after}what is off between them orders them`
}

/** The constraints that lead from one stage to another, fewest first; undefined when none do. */
function wayFrom(
  first: StagePlan,
  last: StagePlan,
  all: readonly StagePlan[],
): readonly string[] | undefined {
  const ways = new Map<string, readonly string[]>([[first.name, []]])
  const queue = [first]
  for (let here = queue.shift(); here !== undefined; here = queue.shift()) {
    const way = ways.get(here.name) ?? []
    if (here === last) return way
    for (const next of all)
      if (!ways.has(next.name) && mustFollow(here, next)) {
        ways.set(next.name, [...way, constraint(here, next)])
        queue.push(next)
      }
  }
  return undefined
}

function mustFollow(first: StagePlan, second: StagePlan): boolean {
  const names = (written: readonly string[], name: string) =>
    written.some((one) => bare(one) === name)
  return names(second.after, first.name) || names(first.before, second.name)
}

/** The move as planning finds it; none where it would change nothing. */
function tried(
  name: string,
  side: Move['side'],
  past: string,
  placed: Placements,
  replan: (placement: Placements) => PipelinePlan,
): Move[] {
  const other = side === 'before' ? 'after' : 'before'
  const now = placed[name] ?? {}
  const opposite = (now[other] ?? []).filter((one) => one !== past)
  const placement: Placement = {
    ...(now.terminal === undefined ? {} : { terminal: now.terminal }),
    ...(opposite.length === 0 ? {} : { [other]: opposite }),
    [side]: [...(now[side] ?? []), past],
  }
  try {
    const order = replan({ ...placed, [name]: placement }).stages.map((stage) => stage.name)
    const passed =
      Math.sign(order.indexOf(name) - order.indexOf(past)) === (side === 'before' ? -1 : 1)
    return passed ? [{ side, past, placement }] : []
  } catch (error) {
    if (!isPipelineError(error)) throw error
    return [{ side, past, refused: { code: error.code, message: error.message } }]
  }
}

function inYaml({ before = [], after = [], terminal }: Placement): string {
  const parts = [
    ...(before.length === 0 ? [] : [`before: [${before.join(', ')}]`]),
    ...(after.length === 0 ? [] : [`after: [${after.join(', ')}]`]),
    ...(terminal === undefined ? [] : ['terminal: false']),
  ]
  return `{ ${parts.join(', ')} }`
}
