import { dialectNames } from './data/dialects.js'
import { type Fault, faultKinds, stages } from './faults/fault.js'
import type { FakeWebuiOptions } from './options.js'

/** What a configuration file can hold; functions, clocks and extensions come from code only. */
export type FakeConfig = Omit<FakeWebuiOptions, 'clock' | 'extensions'>

type Check = (value: unknown, path: string, problems: string[]) => void

const is =
  (type: 'string' | 'boolean'): Check =>
  (value, path, problems) => {
    if (typeof value !== type) problems.push(`${path} must be a ${type}, not ${shown(value)}`)
  }
const isNumber =
  (minimum: number): Check =>
  (value, path, problems) => {
    if (typeof value !== 'number' || Number.isNaN(value) || value < minimum)
      problems.push(`${path} must be a number from ${String(minimum)}, not ${shown(value)}`)
  }
const oneOf =
  (names: readonly string[]): Check =>
  (value, path, problems) => {
    if (!names.includes(value as string))
      problems.push(`${path} must be one of ${names.join(', ')}, not ${shown(value)}`)
  }
const record: Check = (value, path, problems) => {
  if (!isRecord(value)) problems.push(`${path} must be a mapping, not ${shown(value)}`)
}
const listOf =
  (check: Check): Check =>
  (value, path, problems) => {
    if (!Array.isArray(value)) problems.push(`${path} must be a list, not ${shown(value)}`)
    else for (const [i, one] of value.entries()) check(one, `${path}[${String(i)}]`, problems)
  }
const shape =
  (fields: Readonly<Record<string, Check>>, required: readonly string[] = []): Check =>
  (value, path, problems) => {
    if (!isRecord(value)) {
      record(value, path === '' ? 'the configuration' : path, problems)
      return
    }
    const inside = (name: string): string => (path === '' ? name : `${path}.${name}`)
    for (const name of required)
      if (value[name] === undefined) problems.push(`${inside(name)} is missing`)
    for (const [name, one] of Object.entries(value)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (check === undefined)
        problems.push(`${inside(name)} is unknown; there are ${Object.keys(fields).join(', ')}`)
      else if (one !== undefined) check(one, inside(name), problems)
    }
  }

const file: Check = (value, path, problems) => {
  if (typeof value !== 'string')
    shape({ file: is('string'), sha256: is('string'), hashed: is('boolean') }, ['file'])(
      value,
      path,
      problems,
    )
}

const times: Check = (value, path, problems) => {
  if (value !== 'always') isNumber(1)(value, path, problems)
}

const fault = shape(
  {
    kind: oneOf(faultKinds),
    at: oneOf(['before', 'during', 'after']),
    match: shape({
      method: oneOf(['GET', 'POST']),
      path: is('string'),
      stage: oneOf(stages),
      body: record,
    }),
    skip: isNumber(0),
    times,
    step: isNumber(1),
    seconds: isNumber(0),
    status: isNumber(100),
    body: () => {},
    headers: record,
    bytes: isNumber(0),
  },
  ['kind'],
)

const config = shape(
  {
    dialect: oneOf(dialectNames),
    port: isNumber(0),
    host: is('string'),
    auth: is('string'),
    apiEnabled: is('boolean'),
    ui: is('boolean'),
    adetailer: is('boolean'),
    controlnet: is('boolean'),
    samplesFormat: is('string'),
    settings: record,
    models: listOf(file),
    loras: listOf(is('string')),
    detectors: listOf(is('string')),
    latency: shape({
      modelLoad: isNumber(0),
      step: isNumber(0),
      megapixel: isNumber(0),
      scale: isNumber(0),
    }),
    faults: listOf(fault),
    strict: is('boolean'),
    tinyPictures: is('boolean'),
    vramMegapixels: isNumber(0),
    rateLimit: isNumber(1),
  },
  ['dialect'],
)

/** Options out of parsed YAML or JSON; `times: always` stands for infinity.
 *  @throws {TypeError} that names every value that does not fit */
export function parseFakeConfig(value: unknown): FakeConfig {
  refuse(value, config, 'fake-webui configuration')
  const { faults, ...options } = value as FakeConfig
  return faults === undefined ? options : { ...options, faults: faults.map((one) => endless(one)) }
}

/** One fault, or a list of them, as the control plane and files give them.
 *  @throws {TypeError} that names every value that does not fit */
export function parseFaults(value: unknown): readonly Fault[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value]
  refuse(list, (one, _, problems) => listOf(fault)(one, 'faults', problems), 'faults')
  return (list as Fault[]).map((one) => endless(one))
}

function refuse(value: unknown, check: Check, what: string): void {
  const problems: string[] = []
  check(value, '', problems)
  if (problems.length > 0) throw new TypeError(`${what}: ${problems.join('; ')}`)
}

function endless(one: Fault): Fault {
  return (one.times as unknown) === 'always' ? { ...one, times: Infinity } : one
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60)
}
