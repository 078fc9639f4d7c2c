import { Hires, type PipelinePlan, Refiner, type Slot, type Stage } from '@stagewright/core'

import { code, markdownTable } from './markdown.js'

const consumes = {
  nothing: 'nothing',
  maybe: 'the pictures before it, or those it is given',
  images: 'the pictures before it',
}

/** The position table of a stage's README: its phase, and what passes between it and its neighbours. Calls and
 *  contributions are those of some sample plans in which the stage does all that it can; `slots` are those of plugins,
 *  besides core's own. */
export function positionTable(
  stage: Stage,
  plans: readonly Pick<PipelinePlan, 'stages'>[],
  // oxlint-disable-next-line typescript/no-explicit-any -- variance: a slot of any value
  slots: readonly Slot<any>[] = [],
): string {
  const { phase, terminal = false, generates = false } = stage.definition
  const own = plans.flatMap((plan) => plan.stages.filter(({ name }) => name === stage.name))
  const operations = [...new Set(own.flatMap(({ operation }) => operation ?? []))]
  const carried = [Hires, Refiner, ...slots].filter(({ on }) =>
    on.some((name) => operations.includes(name)),
  )
  const first = stage.definition.consumes === 'nothing' && generates
  return markdownTable(
    ['', ''],
    [
      [
        'Phase',
        `${code(phase.name)}, rank ${phase.rank}${terminal ? '; terminal: always last' : ''}`,
      ],
      [
        'Consumes',
        `${consumes[stage.definition.consumes]}${first ? ': it makes the first pictures' : ''}`,
      ],
      ['Calls', operations.map(code).join(', ') || 'none'],
      ['Carries', carried.map(({ name }) => code(name)).join(', ') || 'nothing'],
      ['Contributes', contributionsInWords(stage.name, plans)],
    ],
  )
}

function contributionsInWords(
  stage: string,
  plans: readonly Pick<PipelinePlan, 'stages'>[],
): string {
  const hostsOf = new Map<string, Set<string>>()
  for (const { stages } of plans) {
    const at = stages.find(({ name }) => name === stage)
    for (const { slot, to } of at?.contributions ?? [])
      for (const name of to) {
        const host = stages.find((one) => one.name === name)
        const hosts = hostsOf.get(slot) ?? new Set()
        hostsOf.set(slot, hosts.add(place(at?.order ?? 0, host?.order ?? 0)))
      }
  }
  const order = Object.values(places)
  const words = [...hostsOf].map(([slot, hosts]) => {
    const sorted = order.filter((one) => hosts.has(one))
    return `${code(slot)} to ${sorted.join(' or ')}`
  })
  return words.join('; ') || 'nothing'
}

const places = {
  before: 'the call right before it',
  own: 'a call of its own',
  after: 'every generating call after it',
}

function place(stage: number, host: number): string {
  if (host === stage) return places.own
  return host < stage ? places.before : places.after
}
