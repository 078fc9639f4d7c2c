import type { Dialect } from '../data/dialects.js'
import type { Field, Fields } from '../data/fields.js'
import { Invalid } from './errors.js'

/** A request with every field of the schema, the unknown ones dropped: what the server's code sees.
 *  @throws {Invalid} with pydantic's own list of violations */
export function validated(
  body: unknown,
  fields: Fields,
  dialect: Dialect,
): Record<string, unknown> {
  const old = dialect.pydantic === 'v1'
  if (body === undefined)
    throw new Invalid([
      old
        ? { loc: ['body'], msg: 'field required', type: 'value_error.missing' }
        : {
            type: 'missing',
            loc: ['body'],
            msg: 'Field required',
            input: null,
            url: url('missing'),
          },
    ])
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Invalid([
      old
        ? { loc: ['body'], msg: 'value is not a valid dict', type: 'type_error.dict' }
        : {
            type: 'model_attributes_type',
            loc: ['body'],
            msg: 'Input should be a valid dictionary or object to extract fields from',
            input: body,
            url: url('model_attributes_type'),
          },
    ])
  const given = body as Record<string, unknown>
  const values: Record<string, unknown> = {}
  const wrong: unknown[] = []
  for (const [name, field] of Object.entries(fields)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined) {
      if (field.required === true) wrong.push(old ? missingV1(name) : missingV2(name, body))
      else values[name] = structuredClone(field.default)
      continue
    }
    const read =
      value === null && field.required !== true ? { value: null } : coerce(value, field, old)
    if ('value' in read) values[name] = read.value
    else wrong.push(old ? violationV1(name, read) : violationV2(name, read, value))
  }
  if (wrong.length > 0) throw new Invalid(wrong)
  return values
}

/** Bad JSON, as FastAPI tells it. `at` is the position that Python's parser reports. */
export function badJson(dialect: Dialect, at: number): Invalid {
  return new Invalid([
    dialect.pydantic === 'v1'
      ? {
          loc: ['body', at],
          msg: `Expecting value: line 1 column ${String(at + 1)} (char ${String(at)})`,
          type: 'value_error.jsondecode',
          ctx: { msg: 'Expecting value', doc: '', pos: at, lineno: 1, colno: at + 1 },
        }
      : {
          type: 'json_invalid',
          loc: ['body', at],
          msg: 'JSON decode error',
          input: {},
          ctx: { error: 'Expecting value' },
        },
  ])
}

interface Violation {
  /** Of the table below. */
  readonly kind: string
  readonly limit?: number | readonly unknown[]
}

/** pydantic 1 makes strings of numbers and cuts fractions off; pydantic 2 refuses both. */
function coerce(
  value: unknown,
  field: Field,
  old: boolean,
): { readonly value: unknown } | Violation {
  switch (field.type) {
    case 'str':
      if (typeof value === 'string') return { value }
      if (old && typeof value === 'number') return { value: String(value) }
      return { kind: 'string' }
    case 'bool':
      if (typeof value === 'boolean') return { value }
      if (value === 0 || value === 1) return { value: value === 1 }
      if (typeof value === 'string' && /^(true|false|1|0|yes|no|on|off)$/iu.test(value))
        return { value: /^(true|1|yes|on)$/iu.test(value) }
      return { kind: typeof value === 'string' || typeof value === 'number' ? 'boolText' : 'bool' }
    case 'list':
      return Array.isArray(value) ? { value } : { kind: 'list' }
    case 'strs':
      if (!Array.isArray(value)) return { kind: 'list' }
      return value.every((one) => typeof one === 'string') ? { value } : { kind: 'string' }
    case 'dict':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? { value }
        : { kind: 'dict' }
    default:
      return number(value, field, old)
  }
}

function number(
  value: unknown,
  field: Field,
  old: boolean,
): { readonly value: number } | Violation {
  const whole = field.type === 'int'
  const text = typeof value === 'string'
  if (!text && typeof value !== 'number') return { kind: whole ? 'int' : 'float' }
  const exact = text ? (value.trim() === '' ? Number.NaN : Number(value)) : value
  const read = whole && old && !text ? Math.trunc(exact) : exact
  if (!Number.isFinite(read)) return { kind: whole ? 'intText' : 'floatText' }
  if (whole && !Number.isInteger(read))
    return { kind: text ? 'intText' : 'intFraction', limit: read }
  if (field.choices !== undefined && !field.choices.includes(read))
    return { kind: 'choice', limit: field.choices }
  if (field.above !== undefined && read <= field.above) return { kind: 'above', limit: field.above }
  if (field.minimum !== undefined && read < field.minimum)
    return { kind: 'minimum', limit: field.minimum }
  if (field.maximum !== undefined && read > field.maximum)
    return { kind: 'maximum', limit: field.maximum }
  return { value: read }
}

/** kind → [v1 message, v1 type, v2 message, v2 type]; `{}` is the limit.
 *  Source: the messages of pydantic 1.10 and 2.8 (MIT). */
const words: Readonly<Record<string, readonly [string, string, string, string]>> = {
  string: ['str type expected', 'type_error.str', 'Input should be a valid string', 'string_type'],
  bool: [
    'value could not be parsed to a boolean',
    'type_error.bool',
    'Input should be a valid boolean',
    'bool_type',
  ],
  boolText: [
    'value could not be parsed to a boolean',
    'type_error.bool',
    'Input should be a valid boolean, unable to interpret input',
    'bool_parsing',
  ],
  int: [
    'value is not a valid integer',
    'type_error.integer',
    'Input should be a valid integer',
    'int_type',
  ],
  intText: [
    'value is not a valid integer',
    'type_error.integer',
    'Input should be a valid integer, unable to parse string as an integer',
    'int_parsing',
  ],
  intFraction: [
    'value is not a valid integer',
    'type_error.integer',
    'Input should be a valid integer, got a number with a fractional part',
    'int_from_float',
  ],
  float: [
    'value is not a valid float',
    'type_error.float',
    'Input should be a valid number',
    'float_type',
  ],
  floatText: [
    'value is not a valid float',
    'type_error.float',
    'Input should be a valid number, unable to parse string as a number',
    'float_parsing',
  ],
  list: [
    'value is not a valid list',
    'type_error.list',
    'Input should be a valid list',
    'list_type',
  ],
  dict: [
    'value is not a valid dict',
    'type_error.dict',
    'Input should be a valid dictionary',
    'dict_type',
  ],
  choice: [
    'unexpected value; permitted: {}',
    'value_error.const',
    'Input should be {}',
    'literal_error',
  ],
  above: [
    'ensure this value is greater than {}',
    'value_error.number.not_gt',
    'Input should be greater than {}',
    'greater_than',
  ],
  minimum: [
    'ensure this value is greater than or equal to {}',
    'value_error.number.not_ge',
    'Input should be greater than or equal to {}',
    'greater_than_equal',
  ],
  maximum: [
    'ensure this value is less than or equal to {}',
    'value_error.number.not_le',
    'Input should be less than or equal to {}',
    'less_than_equal',
  ],
}

function violationV1(name: string, { kind, limit }: Violation): unknown {
  const [message, type] = words[kind]!
  const text = message.replace('{}', listed(limit, ', '))
  return {
    loc: ['body', name],
    msg: text,
    type,
    ...(typeof limit === 'number' && kind !== 'intFraction' ? { ctx: { limit_value: limit } } : {}),
    ...(kind === 'choice' ? { ctx: { permitted: limit } } : {}),
  }
}

function violationV2(name: string, { kind, limit }: Violation, input: unknown): unknown {
  const [, , message, type] = words[kind]!
  return {
    type,
    loc: ['body', name],
    msg: message.replace('{}', listed(limit, ' or ')),
    input,
    url: url(type),
  }
}

function listed(limit: Violation['limit'], glue: string): string {
  return Array.isArray(limit) ? limit.map(String).join(glue) : String(limit)
}

const missingV1 = (name: string): unknown => ({
  loc: ['body', name],
  msg: 'field required',
  type: 'value_error.missing',
})

const missingV2 = (name: string, input: unknown): unknown => ({
  type: 'missing',
  loc: ['body', name],
  msg: 'Field required',
  input,
  url: url('missing'),
})

function url(type: string): string {
  return `https://errors.pydantic.dev/2.8/v/${type}`
}
