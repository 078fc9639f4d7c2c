/** One setting of an infotext, as it is written; a value that is undefined or empty is not. */
export type Pair = readonly [key: string, value: string | number | undefined]

/** The line of pairs: `Key: value, Key: value`. What would break it is written as a JSON string: a comma, a colon, a
 *  quote, a line break, brackets and blanks at the ends. */
export function pairsLine(all: readonly Pair[]): string {
  return told(all)
    .map(([key, value]) => `${key}: ${quoted(value)}`)
    .join(', ')
}

/** The pairs that are written, their values as texts. */
export function told(all: readonly Pair[]): [key: string, value: string][] {
  return all.flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [[key, String(value)]],
  )
}

/** The pairs of a line in order. A part that is no pair comes as a key with itself as its value, as SD.Next writes them.
 *  Values that are JSON strings are read as such; those that are JSON lists or maps (`SDCPP: {…}`, `Hashes: {…}`) are
 *  taken whole, their commas included.
 *  @source WebUI modules/infotext_utils.py: `re_param`, `quote` */
export function readPairs(line: string): [key: string, value: string][] {
  const found: [string, string][] = []
  const json = jsonReader(line)
  let at = 0
  while (at < line.length) {
    keyed.lastIndex = at
    const key = keyed.exec(line)
    if (key === null) {
      const end = commaFrom(line, at)
      const stray = line.slice(at, end).trim()
      if (stray !== '') found.push([stray, stray])
      at = end + 1
      continue
    }
    const from = keyed.lastIndex
    const value = quotedAt(line, from) ?? json(from) ?? plainAt(line, from)
    found.push([(key[1] ?? '').trim(), value.text])
    at = value.end + 1
  }
  return found
}

/** Whether a line is one of pairs: three, one of which every such text has; or what our own or the page for extras
 *  write alone. */
export function isPairsLine(line: string): boolean {
  const pairs = readPairs(line).filter(([key, value]) => key !== value)
  const keys = pairs.map(([key]) => key)
  return (
    (pairs.length >= 3 && keys.some((key) => anchors.has(key))) ||
    (pairs[0]?.[0] === 'Steps' && /^\d+$/.test(pairs[0][1])) ||
    keys.at(-1) === 'Stages' ||
    (keys.length > 0 && keys.every((key) => key.startsWith('Postprocess ')))
  )
}

const anchors = new Set(['Steps', 'Sampler', 'Seed', 'Size', 'CFG scale', 'Model', 'Model hash'])
const keyed = /\s*([\p{L}\p{N}_][\p{L}\p{N}_ \-/]+):\s*/uy

interface ValueAt {
  readonly text: string
  /** Of the comma behind it, or of the line. */
  readonly end: number
}

function quoted(value: string): string {
  return /[,:"\p{Cc}]|^[[{]/u.test(value) || value !== value.trim() ? JSON.stringify(value) : value
}

const string = /"(?:\\.|[^\\"])*"\s*(?=,|$)/y

function quotedAt(line: string, from: number): ValueAt | undefined {
  if (line[from] !== '"') return undefined
  string.lastIndex = from
  const match = string.exec(line)
  const value = match === null ? undefined : parsed(match[0])
  return typeof value === 'string' ? { text: value, end: string.lastIndex } : undefined
}

/** Reads a JSON list or map within a line, a few times at most: a hostile line must not cost a scan at each comma. */
function jsonReader(line: string): (from: number) => ValueAt | undefined {
  let tries = 64
  return (from) => {
    if ((line[from] !== '{' && line[from] !== '[') || tries === 0) return undefined
    tries--
    const close = balanced(line, from)
    const end = close < 0 ? -1 : commaFrom(line, close)
    if (end < 0 || line.slice(close, end).trim() !== '') return undefined
    const text = line.slice(from, close)
    return parsed(text) === undefined ? undefined : { text, end }
  }
}

/** Behind the bracket that closes the one at `from`; −1 when none does. */
function balanced(line: string, from: number): number {
  let depth = 0
  let inString = false
  for (let at = from; at < line.length; at++) {
    const sign = line[at]
    if (inString) {
      if (sign === '\\') at++
      else if (sign === '"') inString = false
    } else if (sign === '"') inString = true
    else if (sign === '{' || sign === '[') depth++
    else if (sign === '}' || sign === ']') {
      depth--
      if (depth === 0) return at + 1
    }
  }
  return -1
}

function plainAt(line: string, from: number): ValueAt {
  const end = commaFrom(line, from)
  return { text: line.slice(from, end).trim(), end }
}

function commaFrom(line: string, from: number): number {
  const at = line.indexOf(',', from)
  return at < 0 ? line.length : at
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}
