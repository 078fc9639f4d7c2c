import { Answer } from '../http/errors.js'

/** JSON as nlohmann's library reads and writes it: keys sorted, floats with a point, errors in its words. */

/** A number that is written as a float: `7.0`. */
export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = Math.fround(value)
  }
}

export function written(value: unknown): string {
  if (value instanceof Float)
    return Number.isInteger(value.value) ? `${String(value.value)}.0` : String(value.value)
  if (Array.isArray(value)) return `[${value.map((one) => written(one)).join(',')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => `${JSON.stringify(key)}:${written(one)}`)
      .join(',')}}`
  return JSON.stringify(value)
}

/** @throws {Answer} 400 for no body, 500 for what is no JSON object: client faults told as the server's */
export function readBody(
  raw: Buffer,
  notJson: (message: string) => Answer = serverError,
): Record<string, unknown> {
  if (raw.length === 0) throw new Answer(400, { error: 'empty body' })
  const start = raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf ? 3 : 0
  const bytes = raw.subarray(start)
  const bad = illFormedByte(bytes)
  if (bad !== undefined) throw notUtf8(bytes, bad)
  let value: unknown
  const text = bytes.toString('utf8')
  try {
    value = JSON.parse(text)
  } catch {
    throw notJson(parseError(text))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw serverError(`[json.exception.type_error.306] cannot use value() with ${typeName(value)}`)
  return value as Record<string, unknown>
}

export type Kind = 'number' | 'string' | 'boolean'

/** A field of the body, or what stands for it when it is not there; null is a wrong type.
 *  @throws {Answer} 500 type_error.302 */
export function read(
  body: Record<string, unknown>,
  name: string,
  kind: 'number',
  otherwise: number,
): number
export function read(
  body: Record<string, unknown>,
  name: string,
  kind: 'string',
  otherwise: string,
): string
export function read(
  body: Record<string, unknown>,
  name: string,
  kind: 'boolean',
  otherwise: boolean,
): boolean
export function read(
  body: Record<string, unknown>,
  name: string,
  kind: Kind,
  otherwise: number | string | boolean,
): unknown {
  if (!Object.hasOwn(body, name)) return otherwise
  const value = body[name]
  // Numbers take booleans, as C++ does.
  if (kind === 'number' && typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== kind)
    throw serverError(
      `[json.exception.type_error.302] type must be ${kind}, but is ${typeName(value)}`,
    )
  return value
}

export function serverError(message: string): Answer {
  return new Answer(500, { error: 'server_error', message })
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** The library cannot put the broken byte into its own message: an empty body, and the cause in a header. */
function notUtf8(bytes: Buffer, at: number): Answer {
  const quote = bytes.lastIndexOf('"', at)
  const lines = bytes.subarray(0, at).toString('latin1').split('\n')
  const column = lines.at(-1)!.length + 1
  const message = `[json.exception.parse_error.101] parse error at line ${String(lines.length)}, column ${String(column)}: syntax error while parsing value - invalid string: ill-formed UTF-8 byte; last read: '${bytes.subarray(quote, at).toString('latin1')}`
  const byte = bytes[at]!.toString(16).toUpperCase().padStart(2, '0')
  return new Answer(500, undefined, {
    EXCEPTION_WHAT: `[json.exception.type_error.316] invalid UTF-8 byte at index ${String(message.length)}: 0x${byte}`,
  })
}

function illFormedByte(bytes: Buffer): number | undefined {
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i]!
    const length =
      byte < 0x80 ? 1 : byte >> 5 === 6 ? 2 : byte >> 4 === 14 ? 3 : byte >> 3 === 30 ? 4 : 0
    if (length === 0) return i
    for (let k = 1; k < length; k++) if ((bytes[i + k] ?? 0) >> 6 !== 2) return i + k
    i += length
  }
  return undefined
}

/** Where the text stops being JSON, told in the library's manner. */
function parseError(text: string): string {
  const { at, expecting } = scan(text)
  const lines = text.slice(0, at).split('\n')
  const end = at >= text.length
  const column = lines.at(-1)!.length + 1
  const found = end
    ? 'unexpected end of input'
    : `invalid literal; last read: '${text.slice(at, at + 1)}'`
  const [what, wanted] = expecting
  return `[json.exception.parse_error.101] parse error at line ${String(lines.length)}, column ${String(column)}: syntax error while parsing ${what} - ${found}${end ? `; expected ${wanted}` : ''}`
}

type Expecting = readonly [what: string, wanted: string]
const aValue: Expecting = ['value', "'[', '{', or a literal"]
const aKey: Expecting = ['object key', 'string literal']
const anEnd: Expecting = ['object', "'}'"]
const arrayEnd: Expecting = ['array', "']'"]
const separator: Expecting = ['object separator', "':'"]

/** Walks over the text until it is wrong. */
function scan(text: string): { at: number; expecting: Expecting } {
  let at = 0
  const white = (): void => {
    while (/\s/u.test(text[at] ?? 'x')) at++
  }
  const fail = (expecting: Expecting): never => {
    throw Object.assign(new Error('stop'), { expecting })
  }
  const token = (pattern: RegExp, expecting: Expecting): void => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) fail(expecting)
    else at += found[0].length
  }
  const string = /"(?:[^"\\]|\\.)*"/suy
  const literal = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy
  const value = (): void => {
    white()
    if (text[at] === '{') members('}', true)
    else if (text[at] === '[') members(']', false)
    else token(text[at] === '"' ? string : literal, aValue)
    white()
  }
  const members = (close: string, keyed: boolean): void => {
    at++
    white()
    if (text[at] === close) {
      at++
      return
    }
    for (;;) {
      white()
      if (keyed) {
        token(string, aKey)
        white()
        token(/:/uy, separator)
      }
      value()
      if (text[at] === close) {
        at++
        return
      }
      token(/,/uy, keyed ? anEnd : arrayEnd)
    }
  }
  try {
    value()
  } catch (error) {
    return { at, expecting: (error as { expecting: Expecting }).expecting }
  }
  return { at, expecting: ['value', 'end of input'] }
}
