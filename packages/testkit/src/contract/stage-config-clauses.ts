import assert from 'node:assert/strict'

import {
  contractVersion,
  defineStage,
  isPipelineError,
  type JsonSchema,
  jsonSchemaOf,
  type PipelineError,
} from '@stagewright/core'

import { outcome, repeats } from './outcome.js'
import { bench, configOf, propertiesOf, type Section, type StageSubject } from './stage-subject.js'
import type { Clause } from './suite.js'

/** What a stage is, and how it reads its section. */
export const configClauses: readonly Clause<StageSubject>[] = [
  {
    id: 'stage/definition/valid',
    says: 'is made by defineStage for this contract version, and cannot be changed',
    check: async (subject) => {
      const { stage } = subject
      assert.equal(stage.contract, contractVersion, 'contract: made for another version of core')
      assert.ok(Object.isFrozen(stage), 'the stage can be changed: make it with defineStage')
      assert.doesNotThrow(() => defineStage(stage.definition))
      for (const [flat, to] of Object.entries(stage.definition.flat?.keys ?? {})) {
        const [key = ''] = (typeof to === 'string' ? to : to.to).split('.')
        assert.ok(key in propertiesOf(stage), `flat.keys.${flat} leads to ${key}, no key of config`)
      }
      const plan = await bench(subject).plan(configOf(subject))
      const own = plan.stages.find(({ name }) => name === stage.name)
      assert.equal(own?.enabled, true, 'the subject’s config does not switch the stage on')
    },
  },
  {
    id: 'stage/definition/renamed',
    says: 'does the same under another name, so that it can stand twice',
    check: async (subject) => {
      const other = { ...subject, stage: subject.stage.as('contract_renamed') }
      if (!(await repeats(subject))) return
      const asked = async (one: StageSubject) => {
        const { calls } = await outcome(one)
        return calls.map(({ label, operation, request }) => [
          label,
          operation,
          withoutDigests(request),
        ])
      }
      assert.deepEqual(await asked(other), await asked(subject))
    },
  },
  {
    id: 'stage/config/json-schema',
    says: 'describes each key of its section in its JSON Schema',
    check: ({ stage }) => {
      const schema = jsonSchemaOf(stage.config)
      assert.equal(schema.type, 'object', 'the JSON Schema is not that of a map')
      const properties = propertiesOf(stage)
      for (const [key, { description = '' }] of Object.entries(properties))
        assert.notEqual(description.trim(), '', `${key} has no description`)
      for (const key of schema.required ?? [])
        assert.ok(key in properties, `required names ${key}, which is no property`)
      return Promise.resolve()
    },
  },
  {
    id: 'stage/config/defaults',
    says: 'fills in the defaults that its JSON Schema tells, and no others',
    check: ({ stage, config, shared = {} }) => {
      const inherited = Object.entries(shared).filter(([key]) => stage.inherits.includes(key))
      const base: Section = { ...Object.fromEntries(inherited), ...config }
      for (const [key, property] of Object.entries(propertiesOf(stage))) {
        const { [key]: _, ...rest } = base
        const left = validated(stage.config, rest)
        // A key that the section cannot do without has no default to look at.
        if (left === undefined) continue
        if (property.default === undefined) {
          assert.equal(left[key], undefined, `${key} gets a default that is not in the JSON Schema`)
          continue
        }
        const written = validated(stage.config, { ...rest, [key]: property.default })
        assert.ok(written, `the default of ${key} is refused when it is written out`)
        assert.deepEqual(left[key], written[key], `the JSON Schema tells another default of ${key}`)
      }
      return Promise.resolve()
    },
  },
  {
    id: 'stage/config/unknown-key',
    says: 'refuses a key that its schema does not name',
    check: async (subject) => {
      const section = { ...subject.config, contract_unknown_key: 1 }
      const error = await refusal(subject, section)
      const codes = [error, ...error.errors].map(({ code }) => code)
      assert.ok(codes.includes('SW_CONFIG_UNKNOWN_KEY'), `refused with ${codes.join(', ')}`)
    },
  },
  {
    id: 'stage/config/bad-value',
    says: 'refuses wrong types, values out of range, and what the subject calls bad, with a code',
    check: async (subject) => {
      const root = jsonSchemaOf(subject.stage.config)
      for (const [key, property] of Object.entries(propertiesOf(subject.stage)))
        for (const wrong of wrongValues(property, root))
          await refusal(subject, { ...subject.config, [key]: wrong })
      for (const section of subject.bad ?? []) await refusal(subject, section)
    },
  },
]

/** The error that a section is refused with, before any call. */
async function refusal(subject: StageSubject, section: Section): Promise<PipelineError> {
  const fake = bench(subject)
  const shown = JSON.stringify(section)
  const error: unknown = await fake.plan(configOf(subject, { section })).then(
    () => assert.fail(`${shown} is accepted`),
    (thrown: unknown) => thrown,
  )
  if (!isPipelineError(error)) throw error
  assert.ok(
    ['config', 'plan'].includes(error.kind),
    `${shown} is refused with ${error.code} of kind ${error.kind}: ${error.message}`,
  )
  assert.notEqual(error.hint, '', `${error.code} has no hint`)
  return error
}

function validated(schema: StageSubject['stage']['config'], section: Section): Section | undefined {
  const result = schema['~standard'].validate(section)
  assert.ok(!(result instanceof Promise), 'the schema validates asynchronously')
  return result.issues === undefined ? (result.value as Section) : undefined
}

/** Values that the JSON Schema of a key rules out: a map where none can stand, and numbers out of range. */
function wrongValues(property: JsonSchema, root: JsonSchema): unknown[] {
  const parts = partsOf(property, root)
  const types = parts.flatMap(({ type = [] }) => type)
  const enumerated = parts.filter((part) => part.enum !== undefined || 'const' in part)
  if (types.length + enumerated.length < parts.length || types.includes('object')) return []
  const [only] = parts
  const numeric = parts.length === 1 && (types[0] === 'integer' || types[0] === 'number')
  const bounds = numeric && only !== undefined ? outOfRange(only) : []
  return [{ contract: 'no such value' }, ...bounds]
}

function outOfRange(schema: JsonSchema): number[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  const beyond = [
    minimum === undefined ? undefined : minimum - 1,
    maximum === undefined ? undefined : maximum + 1,
    exclusiveMinimum,
    exclusiveMaximum,
  ]
  return beyond.filter(
    (value): value is number => value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER,
  )
}

function partsOf(schema: JsonSchema, root: JsonSchema): readonly JsonSchema[] {
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.split('/').at(-1) ?? '']
    return target === undefined ? [{}] : partsOf(target, root)
  }
  const parts = schema.anyOf ?? schema.oneOf
  return parts === undefined ? [schema] : parts.flatMap((part) => partsOf(part, root))
}

/** Pictures tell in their bytes which stage made them, so another name gives another digest. */
function withoutDigests(request: unknown): unknown {
  return JSON.parse(
    JSON.stringify(request, (key, value: unknown) => (key === 'digest' ? '' : value)),
  )
}
