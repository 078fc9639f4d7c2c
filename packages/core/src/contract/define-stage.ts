/* oxlint-disable typescript/no-explicit-any -- see stage.ts */
import type { StandardSchemaV1 } from '@standard-schema/spec'

import { jsonSchemaOf } from '../config/json-schema.js'
import type { Token } from '../di/token.js'
import { errors } from '../errors/catalogue.js'
import { compare } from '../errors/nearest.js'
import { snakeCase } from './operation.js'
import { isDeclaredPhase } from './phase.js'
import type { Schema, Stage, StageDefinition } from './stage.js'

/** Version of the contract between core and stages; stamped by `defineStage`, checked by `createPipeline`. */
export const contractVersion = 1

/** Keys of a run file that no stage may be called, and that no section may hold. */
export const reservedKeys = Object.freeze([
  'enabled',
  'input_images',
  'placement',
  'sweep',
  'metadata',
  'preset',
  '$schema',
])

/** Makes a stage from its definition. Nothing is registered: give the stage to `createPipeline`.
 *  @throws {PipelineError} SW_PLUGIN_BAD_DEFINITION naming the field, its value and the remedy */
export function defineStage<
  const N extends string,
  C extends Schema,
  const K extends keyof StandardSchemaV1.InferInput<C> & string = never,
  const D extends Readonly<Record<string, Token<any>>> = {},
>(definition: StageDefinition<N, C, K, D>): Stage<N, StandardSchemaV1.InferInput<C>, K> {
  check(definition)
  return instance(definition, definition.name) as unknown as Stage<
    N,
    StandardSchemaV1.InferInput<C>,
    K
  >
}

function instance(definition: StageDefinition, name: string): Stage {
  checkName(name)
  return Object.freeze({
    name,
    contract: contractVersion,
    config: definition.config,
    inherits: Object.freeze([...(definition.inherits ?? [])]),
    definition: Object.freeze({ ...definition, name }),
    definedAs: definition.name,
    as: (other: string) => instance(definition, other),
  }) as Stage
}

function check(definition: StageDefinition): void {
  const { name, phase, config, inherits = [], inheritsWhenFirst = [] } = definition
  checkName(name)
  const refuse = (field: string, value: unknown, must: string): never => {
    throw errors.SW_PLUGIN_BAD_DEFINITION({ stage: name, field, value, must })
  }
  if (!isDeclaredPhase(phase))
    refuse('phase', phase, 'be one of Phase.* or come from phaseBetween(lower, upper, name)')
  if (!['nothing', 'maybe', 'images'].includes(definition.consumes))
    refuse('consumes', definition.consumes, 'be "nothing", "maybe" or "images"')
  if (typeof definition.plan !== 'function') refuse('plan', typeof definition.plan, 'be a function')
  const standard = (config as Schema | undefined)?.['~standard']
  if (standard === undefined || !('jsonSchema' in standard))
    refuse('config', config, 'be a Standard Schema with JSON Schema (zod 4.2 or later is one)')
  const keys = Object.keys(jsonSchemaOf(config).properties ?? {})
  for (const key of inherits)
    if (!keys.includes(key))
      refuse('inherits', key, `be a key of config: ${keys.toSorted(compare).join(', ')}`)
  for (const key of inheritsWhenFirst)
    if (!inherits.includes(key)) refuse('inheritsWhenFirst', key, 'be one of inherits')
  for (const key of keys)
    if (reservedKeys.includes(key)) refuse('config', key, 'not use a reserved key of the run file')
}

function checkName(name: string): void {
  if (!snakeCase.test(name))
    throw errors.SW_PLUGIN_BAD_DEFINITION({
      stage: name,
      field: 'name',
      value: name,
      must: 'be in lower snake case, with its owner first for third parties: "acme_sharpen"',
    })
  if (reservedKeys.includes(name))
    throw errors.SW_PLUGIN_BAD_DEFINITION({
      stage: name,
      field: 'name',
      value: name,
      must: 'not be a reserved key of the run file',
    })
}
