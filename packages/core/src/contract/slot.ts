import { errors } from '../errors/catalogue.js'
import { type Operation, snakeCase } from './operation.js'

/** A value that one stage puts on another stage's call. JSON: part of the plan, and of every cache key. */
export interface Contribution {
  readonly slot: string
  /** Names of the operations whose requests can carry the slot. */
  readonly on: readonly string[]
  /** Whether several contributions to one call are combined; if not, a second one is a plan error. */
  readonly combines: boolean
  readonly value: unknown
}

/** A contribution in a plan: who gives it, and whose calls carry it. */
export interface PlannedContribution extends Contribution {
  readonly stage: string
  readonly to: readonly string[]
}

/** Something a request can carry besides its own fields. */
export interface Slot<V> {
  readonly name: string
  readonly on: readonly string[]
  with(value: V): Contribution
  /** The value that `contributions` hold for this slot, combined; undefined when there is none. */
  from(contributions: readonly Contribution[]): V | undefined
}

/** Declares a slot that requests of `on` can carry. Without `combine`, a second contributor is a plan error.
 *  @throws {TypeError} when the name is not in lower snake case, or `on` is empty */
export function slot<V>(
  name: string,
  on: readonly Pick<Operation<unknown>, 'name'>[],
  combine?: (first: V, second: V) => V,
): Slot<V> {
  if (!snakeCase.test(name)) throw new TypeError(`slot name "${name}" is not in snake case`)
  if (on.length === 0) throw new TypeError(`slot "${name}" names no operation that can carry it`)
  const names = Object.freeze(on.map((operation) => operation.name))
  return Object.freeze({
    name,
    on: names,
    with: (value: V): Contribution =>
      Object.freeze({ slot: name, on: names, combines: combine !== undefined, value }),
    from: (contributions: readonly Contribution[]): V | undefined => {
      const values = contributions.filter((one) => one.slot === name).map((one) => one.value as V)
      if (values.length > 1 && combine === undefined)
        throw errors.SW_PLAN_SLOT_CONFLICT({ slot: name, stages: stagesOf(contributions, name) })
      return combine === undefined ? values[0] : fold(values, combine)
    },
  })
}

function fold<V>(values: readonly V[], combine: (first: V, second: V) => V): V | undefined {
  const [first, ...rest] = values
  return first === undefined ? undefined : rest.reduce((all, value) => combine(all, value), first)
}

function stagesOf(contributions: readonly Contribution[], name: string): string[] {
  return contributions
    .filter((one) => one.slot === name)
    .map((one) => ('stage' in one && typeof one.stage === 'string' ? one.stage : '?'))
}
