import assert from 'node:assert/strict'

import { requestAsJson, type Slot } from '@stagewright/core'

import type { RecordedCall } from '../backend/recording.js'

/** What is looked for in a call: a recorded one, or none where a test expects one. */
type Found = RecordedCall | undefined

/** Asserts fields of a call's request; a picture stands for its identity. A field that is `undefined` must be absent. */
export function assertRequest(call: Found, fields: Readonly<Record<string, unknown>>): void {
  assert.ok(call, `no call, but one with ${JSON.stringify(requestAsJson(fields))} is expected`)
  assertFields(call.request, fields, `the request of ${title(call)}`)
}

/** Asserts that a call carries a slot, and fields of its value. */
export function assertSlot<V>(call: Found, slot: Slot<V>, fields: Partial<V> = {}): void {
  assert.ok(call, `no call, but one with the slot "${slot.name}" is expected`)
  const value = slot.from(call.contributions)
  const carried = call.contributions.map((one) => one.slot)
  assert.ok(
    value !== undefined,
    `${title(call)} does not carry "${slot.name}" (it carries ${carried.join(', ') || 'nothing'})`,
  )
  assertFields(value, fields, `the slot "${slot.name}" of ${title(call)}`)
}

/** Asserts that a call does not carry a slot. */
export function assertNoSlot<V>(call: Found, slot: Slot<V>): void {
  assert.ok(call, `no call, but one without the slot "${slot.name}" is expected`)
  assert.equal(slot.from(call.contributions), undefined, `${title(call)} carries "${slot.name}"`)
}

/** Asserts that the backend was never called: what was wrong was refused before. */
export function assertNoCalls({ calls }: { readonly calls: readonly RecordedCall[] }): void {
  assert.deepEqual(calls.map(title), [], 'calls of the backend')
}

/** Asserts that no key, at any depth, and no slot of these calls, requests or contributions matches: what is switched
 *  off leaves no trace. Values may. */
export function assertNoKey(values: unknown, pattern: RegExp): void {
  assert.deepEqual(keysIn(values, pattern), [], `keys that match ${String(pattern)}`)
}

function keysIn(value: unknown, pattern: RegExp, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  if ('contributions' in value && 'raw' in value) {
    const { request, contributions } = value as RecordedCall
    return keysIn({ request, contributions }, pattern, path)
  }
  const slot = 'slot' in value && typeof value.slot === 'string' ? [value.slot] : []
  return [
    ...slot.filter((name) => pattern.test(name)).map((name) => `${path} slot ${name}`),
    ...Object.entries(value).flatMap(([key, inner]) => {
      const here = `${path}.${key}`
      return pattern.test(key) ? [here] : keysIn(inner, pattern, here)
    }),
  ]
}

function assertFields(found: unknown, fields: object, where: string): void {
  const wanted = requestAsJson(fields) as Readonly<Record<string, unknown>>
  const all = requestAsJson(found) as Readonly<Record<string, unknown>>
  const picked = Object.fromEntries(
    Object.keys(fields).flatMap((key) => (key in all ? [[key, all[key]]] : [])),
  )
  assert.deepEqual(picked, wanted, where)
}

function title({ stage, label, operation }: RecordedCall): string {
  return `${stage}${label === undefined ? '' : `:${label}`} (${operation})`
}
