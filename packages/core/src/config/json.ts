import { errors } from '../errors/catalogue.js'
import type { ErrorCollector } from './collect.js'
import { pathInWords } from './path.js'

export type JsonMap = Readonly<Record<string, unknown>>

const deepest = 32

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A deep copy as plain JSON data; keys without a value are left out.
 *  Adds SW_CONFIG_NOT_FINITE for NaN and infinities, and SW_CONFIG_TOO_DEEP beyond 32 levels. */
export function toJson(
  value: unknown,
  found: ErrorCollector,
  path: readonly PropertyKey[] = [],
): unknown {
  if (path.length > deepest) {
    found.add(errors.SW_CONFIG_TOO_DEEP({ path: pathInWords(path.slice(0, 4)), most: deepest }))
    return null
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    found.add(errors.SW_CONFIG_NOT_FINITE({ path: pathInWords(path), value }))
  if (Array.isArray(value)) return value.map((item, i) => toJson(item, found, [...path, i]))
  if (!isMap(value)) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, toJson(inner, found, [...path, key])]),
  )
}

/** Freezes plain data all the way down. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}

/** The first path in `value` that JSON cannot hold, if any. */
export function notJson(
  value: unknown,
  path: readonly PropertyKey[] = [],
): readonly PropertyKey[] | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : path
    case 'object': {
      if (value === null) return undefined
      const prototype: unknown = Object.getPrototypeOf(value)
      if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return path
      for (const [key, inner] of Object.entries(value)) {
        const found = notJson(inner, [...path, Array.isArray(value) ? Number(key) : key])
        if (found !== undefined) return found
      }
      return undefined
    }
    default:
      return path
  }
}
