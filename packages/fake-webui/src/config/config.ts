import { dialectNames } from '../data/dialects.js'
import { type Fault, faultKinds, stages } from '../faults/fault.js'
import type { FakeWebuiOptions } from '../options.js'
import {
  anything,
  foreign,
  is,
  isNumber,
  listOf,
  oneOf,
  type Read,
  readAs,
  shape,
  withFileKeys,
} from './shape.js'

/** What a configuration file can hold; functions, clocks and extensions come from code only. */
export type FakeConfig = Omit<FakeWebuiOptions, 'clock' | 'extensions'>

const modelFile = shape(
  { file: is('string'), sha256: is('string'), hashed: is('boolean') } satisfies Fields<
    Exclude<NonNullable<FakeConfig['models']>[number], string>
  >,
  ['file'],
)

/** JSON and YAML without extras have no infinity. */
const times: Read = (value, path, problems) =>
  value === 'always' ? Infinity : isNumber(1)(value, path, problems)

const fault = shape(
  {
    kind: oneOf(faultKinds),
    at: oneOf(['before', 'during', 'after']),
    match: shape({
      method: oneOf(['GET', 'POST']),
      path: is('string'),
      stage: oneOf(stages),
      body: foreign,
    } satisfies Fields<Omit<NonNullable<Fault['match']>, 'when'>>),
    skip: isNumber(0),
    times,
    step: isNumber(1),
    seconds: isNumber(0),
    status: isNumber(100),
    body: anything,
    headers: foreign,
    bytes: isNumber(0),
  } satisfies Fields<Fault>,
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
    adetailer: oneOf([true, false, 'switched_on']),
    controlnet: is('boolean'),
    samplesFormat: is('string'),
    settings: foreign,
    models: listOf((value, path, problems) =>
      typeof value === 'string' ? value : modelFile(value, path, problems),
    ),
    loras: listOf(is('string')),
    detectors: listOf(is('string')),
    latency: shape({
      modelLoad: isNumber(0),
      step: isNumber(0),
      megapixel: isNumber(0),
      scale: isNumber(0),
    } satisfies Fields<NonNullable<FakeConfig['latency']>>),
    faults: listOf(fault),
    strict: is('boolean'),
    tinyPictures: is('boolean'),
    vramMegapixels: isNumber(0),
    sizeMultiple: isNumber(8),
    rateLimit: isNumber(1),
  } satisfies Fields<FakeConfig>,
  ['dialect'],
)

/** Options out of parsed YAML or JSON, whose keys are in snake_case; `times: always` stands for infinity.
 *  @throws {TypeError} that names every value that does not fit, and the nearest key of each unknown one */
export function parseFakeConfig(value: unknown): FakeConfig {
  return readAs(value, config, '', 'fake-webui configuration') as FakeConfig
}

/** One fault, or a list of them, as the control plane and files give them.
 *  @throws {TypeError} as above */
export function parseFaults(value: unknown): readonly Fault[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value]
  return readAs(list, listOf(fault), 'faults', 'faults') as Fault[]
}

/** As files write it; `when` is code, and stays out. */
export function writtenFault({ match, times: most, ...one }: Fault): Record<string, unknown> {
  const { when: _when, ...fields } = match ?? {}
  return withFileKeys({
    ...one,
    ...(match === undefined ? {} : { match: withFileKeys(fields) }),
    ...(most === undefined ? {} : { times: most === Infinity ? 'always' : most }),
  })
}

/** One reader for each field, so that none is forgotten. */
type Fields<T> = { readonly [K in keyof Required<T>]: Read }
