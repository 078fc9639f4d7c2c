import type { Payload } from '../dialects/dialect.js'
import type { BodyPart } from '../transport.js'

/** Payloads laid over each other; the maps `override_settings` and `alwayson_scripts` key by key, the latter's titles
 *  in any case. */
export function merged(...parts: readonly Payload[]): Payload {
  const all: Record<string, BodyPart> = {}
  for (const part of parts)
    for (const [key, value] of Object.entries(part)) {
      const before = all[key]
      all[key] =
        isMap(before) && isMap(value)
          ? key === 'alwayson_scripts'
            ? byTitle(before, value)
            : { ...before, ...value }
          : value
    }
  return all
}

function byTitle(before: Payload, more: Payload): Payload {
  const titles = new Set(Object.keys(more).map((title) => title.toLowerCase()))
  const kept = Object.entries(before).filter(([title]) => !titles.has(title.toLowerCase()))
  return { ...Object.fromEntries(kept), ...more }
}

export function isMap(value: unknown): value is Payload {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  )
}
