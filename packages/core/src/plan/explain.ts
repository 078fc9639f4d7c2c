import type { PipelinePlan, StagePlan } from './stage-plan.js'

/** A plan in words: for each stage its position, phase and rank, why it stands and runs there, the real size of its
 *  pictures, its calls and model loads, and its notes. */
export function explainPlan(plan: PipelinePlan): string {
  const enabled = plan.stages.filter((stage) => stage.enabled)
  const loads = modelLoads(enabled)
  const calls = enabled.reduce((sum, stage) => sum + stage.calls, 0)
  const blocks = enabled.map((stage, at) => explainStage(stage, at, loads[at] ?? []))
  const off = plan.stages.filter((stage) => !stage.enabled)
  const idle = off.flatMap(({ name, notes }) =>
    notes.map(({ code, message }) => `   ! ${name}: ${message} (${code})`),
  )
  const total = `${times(enabled.length, 'stage')}, ${times(calls, 'call')}, ${times(loads.flat().length, 'model load')}`
  const header = plan.reprocess ? `reprocess of given pictures: ${total}` : total
  const assumed =
    plan.assumed === true ? ['made without a backend: the core slots are assumed'] : []
  return [
    header,
    ...assumed,
    ...blocks.flat(),
    ...(off.length > 0 ? [`off: ${off.map(({ name }) => name).join(', ')}`] : []),
    ...idle,
  ].join('\n')
}

function explainStage(stage: StagePlan, at: number, loads: readonly string[]): string[] {
  const { name, phase, execution, output, calls } = stage
  const merged = execution.kind === 'merged'
  const work = merged ? `merged into ${execution.into.join(', ')}` : workOf(calls)
  const pictures = output
    .map(({ count, width, height }) => `${times(count, 'picture')} ${width}x${height}`)
    .join(', ')
  const parts = [`${phase.name}@${phase.rank}`, work, pictures].filter((part) => part !== '')
  return [
    `${at + 1}. ${name.padEnd(12)} ${parts.join(' · ')}`,
    `   ${[place(stage), stage.why].filter((text) => text !== '').join('; ')}`,
    ...(loads.length > 0 ? [`   loads ${loads.join(', ')}`] : []),
    ...stage.notes.map(({ code, message }) => `   ! ${message} (${code})`),
  ]
}

/** Why it stands where it stands. */
function place(stage: StagePlan): string {
  const own = [
    ...(stage.after.length > 0 ? [`after ${stage.after.join(', ')}`] : []),
    ...(stage.before.length > 0 ? [`before ${stage.before.join(', ')}`] : []),
  ].join(', ')
  if (stage.placed !== undefined) return `moved by placement: ${stage.placed}`
  const rank = `rank of ${stage.phase.name}`
  return [rank, ...(own === '' ? [] : [own]), ...(stage.terminal ? ['always last'] : [])].join(', ')
}

function workOf(calls: number): string {
  return calls === 0 ? 'no call' : times(calls, 'call')
}

/** For each stage the checkpoints that are loaded, in order: a load is a change from the one used before. A merged
 *  stage's checkpoints are loaded within its host's calls. */
function modelLoads(enabled: readonly StagePlan[]): string[][] {
  let current: string | undefined
  const loadsOf = (stage: StagePlan): string[] => {
    if (stage.execution.kind === 'merged') return []
    const perCall = [stage, ...enabled.filter((other) => mergesInto(other, stage))].flatMap(
      ({ models }) => models,
    )
    const loads: string[] = []
    for (let call = 0; call < stage.calls; call += stage.cycle)
      for (const model of perCall) {
        if (model !== current) loads.push(model)
        current = model
      }
    return loads
  }
  return enabled.map(loadsOf)
}

function mergesInto(stage: StagePlan, host: StagePlan): boolean {
  return stage.execution.kind === 'merged' && stage.execution.into.includes(host.name)
}

function times(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
