/** Most values of one axis. */
export const mostValues = 10_000

/** `1..8`, `9..1`, `0.2..0.8 step 0.2`, `1..9 step 2`. */
const range = /^\s*(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)(?:\s+step\s+(\d+(?:\.\d+)?))?\s*$/
export const rangePattern = range.source
/** What is meant to be one, and cannot be read: `1..`, `1..1e9`, `1..2 step -0.1`. */
const likeRange = /^\s*(?=\S*\d)[-+\d.e]*\.\.[-+\d.e]*(?:\s+step\b.*)?\s*$/i

/** The values of an axis: a list as it stands, a range with both its ends, any other value alone.
 *  @returns what is wrong, as text */
export function valuesOf(given: unknown): readonly unknown[] | string {
  if (Array.isArray(given)) {
    if (given.length === 0) return 'a list of values must hold one at least'
    return given.length > mostValues ? `it has over ${mostValues} values` : spread(given)
  }
  if (given === null || typeof given === 'object')
    return 'it must be a list of values, a range like 1..8, or one value'
  return oneOrRange(given)
}

/** A range within a list stands for its values: `[1..4, 10]`. */
function spread(list: readonly unknown[]): readonly unknown[] | string {
  const all: unknown[] = []
  for (const value of list) {
    const some = oneOrRange(value)
    if (typeof some === 'string') return some
    all.push(...some)
  }
  return all.length > mostValues ? `it has over ${mostValues} values` : all
}

function oneOrRange(value: unknown): readonly unknown[] | string {
  if (typeof value !== 'string') return [value]
  if (range.test(value)) return rangeOf(value)
  return likeRange.test(value)
    ? `${value} is no range: write 1..8, 8..1, or 0.2..0.8 step 0.2`
    : [value]
}

function rangeOf(text: string): readonly number[] | string {
  const [, from = '', to = '', step = '1'] = range.exec(text) ?? []
  const stated = /\sstep\s/.test(text)
  const by = Number(step)
  if (by === 0) return `${text} never ends: its step is 0`
  // Counted, not added up: 0.2..0.8 step 0.2 ends with 0.8.
  const way = Math.abs(Number(to) - Number(from))
  const count = Math.floor(way / by + 1e-9) + 1
  if (count > mostValues) return `${text} has ${count} values; an axis has at most ${mostValues}`
  if (!stated && Math.abs((count - 1) * by - way) > 1e-9)
    return `${text} does not come to ${to} in steps of 1: write ${from}..${to} step 0.1, or another step`
  const digits = Math.max(...[from, to, step].map((one) => one.split('.')[1]?.length ?? 0))
  const sign = Number(to) < Number(from) ? -1 : 1
  return Array.from({ length: count }, (_, i) =>
    Number((Number(from) + sign * i * by).toFixed(digits)),
  )
}
