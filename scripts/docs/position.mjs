import { code, table } from './markdown.mjs'

/** @typedef {{ name: string, on: readonly string[] }} SlotLike
 *  @typedef {{
 *    name: string, operation?: string,
 *    contributions: readonly { slot: string, to: readonly string[] }[]
 *  }} Planned
 *  @typedef {{ stages: readonly Planned[] }} Plan
 *  @typedef {{ name: string, rank: number }} PhaseLike
 *  @typedef {{
 *    name: string,
 *    definition: { phase: PhaseLike, consumes: string, generates?: true, terminal?: true }
 *  }} StageLike */

const consumes = /** @type {Readonly<Record<string, string>>} */ ({
  nothing: 'nothing: it makes the first pictures',
  maybe: 'the pictures before it, or those it is given',
  images: 'the pictures before it',
})

/** Where a stage stands, and what passes between it and its neighbours; the calls and slots are those that it uses in
 *  some sample plans.
 *  @param {StageLike} stage
 *  @param {readonly Plan[]} plans
 *  @param {readonly SlotLike[]} slots
 *  @returns {string} */
export function positionTable(stage, plans, slots) {
  const { phase, terminal = false } = stage.definition
  const own = plans.flatMap((plan) => plan.stages.filter(({ name }) => name === stage.name))
  const operations = unique(own.flatMap(({ operation }) => operation ?? []))
  const given = own.flatMap((plan) => plan.contributions)
  const carried = slots.filter(({ on }) => on.some((name) => operations.includes(name)))
  const rows = [
    [
      'Phase',
      `${code(phase.name)}, rank ${phase.rank}${terminal ? '; terminal: always last' : ''}`,
    ],
    ['Consumes', consumes[stage.definition.consumes] ?? stage.definition.consumes],
    ['Calls', operations.map(code).join(', ') || 'none'],
    ['Carries', carried.map(({ name }) => code(name)).join(', ') || 'nothing'],
    ['Contributes', contributionsInWords(given, stage.name)],
  ]
  return table(['', ''], rows)
}

/** @param {readonly { slot: string, to: readonly string[] }[]} given
 *  @param {string} stage */
function contributionsInWords(given, stage) {
  const slots = unique(given.map(({ slot }) => slot))
  const words = slots.map((slot) => {
    const to = given.filter((one) => one.slot === slot).flatMap((one) => one.to)
    const hosts = [
      ...(to.some((name) => name !== stage) ? ['the call right before it'] : []),
      ...(to.includes(stage) ? ['a call of its own'] : []),
    ]
    return `${code(slot)} to ${hosts.join(' or ')}`
  })
  return words.join('; ') || 'nothing'
}

/** @param {readonly string[]} names */
function unique(names) {
  return [...new Set(names)]
}
