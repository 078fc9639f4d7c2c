import { createHash } from 'node:crypto'

/** Plain data as JSON in one form: keys sorted, absent values left out, -0 as 0. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value))
}

/** SHA-256 of the canonical form, lower-case hex. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value === 'number') return value === 0 ? 0 : value
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  // By code units: the same on every machine.
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
