import { errors } from '@stagewright/core'

/** Reads a value out of a file or a request: the value by the names of the API, what is wrong into `problems`. */
export type Read = (value: unknown, path: string, problems: string[]) => unknown

/** The name of a field in files and JSON; the only place where the two ways of writing meet. */
export function fileKey(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`)
}

/** A value of the API as files and JSON write it: its keys, not those of what it holds. */
export function withFileKeys(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [fileKey(name), value]))
}

export const is =
  (type: 'string' | 'boolean'): Read =>
  (value, path, problems) => {
    if (typeof value !== type) problems.push(`${path} must be a ${type}, not ${shown(value)}`)
    return value
  }

export const isNumber =
  (minimum: number): Read =>
  (value, path, problems) => {
    if (typeof value !== 'number' || Number.isNaN(value) || value < minimum)
      problems.push(`${path} must be a number from ${String(minimum)}, not ${shown(value)}`)
    return value
  }

export const oneOf =
  (names: readonly (string | boolean)[]): Read =>
  (value, path, problems) => {
    if (!names.includes(value as string | boolean))
      problems.push(`${path} must be one of ${names.join(', ')}, not ${shown(value)}`)
    return value
  }

/** A mapping whose keys are not ours: options of the server, fields of a request, headers. */
export const foreign: Read = (value, path, problems) => {
  if (!isRecord(value)) problems.push(`${path} must be a mapping, not ${shown(value)}`)
  return value
}

export const anything: Read = (value) => value

export const listOf =
  (read: Read): Read =>
  (value, path, problems) => {
    if (Array.isArray(value))
      return value.map((one, i) => read(one, `${path}[${String(i)}]`, problems))
    problems.push(`${path} must be a list, not ${shown(value)}`)
    return value
  }

/** A mapping of these fields, by the names of the API. */
export const shape = (
  fields: Readonly<Record<string, Read>>,
  required: readonly string[] = [],
): Read => {
  const names = new Map(Object.keys(fields).map((name) => [fileKey(name), name]))
  return (value, path, problems) => {
    if (!isRecord(value)) return foreign(value, path === '' ? 'the configuration' : path, problems)
    const inside = (key: string): string => (path === '' ? key : `${path}.${key}`)
    for (const name of required)
      if (value[fileKey(name)] === undefined) problems.push(`${inside(fileKey(name))} is missing`)
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, one]) => {
        const name = names.get(key)
        if (name === undefined) {
          const { hint } = errors.SW_CONFIG_UNKNOWN_KEY({
            path: inside(key),
            key,
            known: [...names.keys()],
          })
          problems.push(`${inside(key)} is not a known key: ${hint}`)
          return []
        }
        return one === undefined ? [] : [[name, fields[name]!(one, inside(key), problems)]]
      }),
    )
  }
}

/** The value by the names of the API.
 *  @throws {TypeError} that names everything that does not fit */
export function readAs(value: unknown, read: Read, path: string, what: string): unknown {
  const problems: string[] = []
  const result = read(value, path, problems)
  if (problems.length > 0) throw new TypeError(`${what}: ${problems.join('; ')}`)
  return result
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60)
}
