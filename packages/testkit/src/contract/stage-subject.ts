import {
  type Backend,
  defineStage,
  type Interceptor,
  jsonSchemaOf,
  type Observer,
  Phase,
  type Provider,
  type Stage,
  Txt2Img,
} from '@stagewright/core'

import type { Named } from '../backend/fake-backend.js'
import type { RecordedCall } from '../backend/recording.js'
import type { Script } from '../backend/scripted.js'
import { FakePipeline } from '../fake-pipeline.js'
import type { GivenPictures } from '../picture/given.js'
import { plainSchema } from './plain-schema.js'
import type { Exemptions } from './suite.js'

export type Section = Readonly<Record<string, unknown>>

/** A stage, and how to see it work. */
export interface StageSubject {
  readonly stage: Stage
  /** A section that switches the stage on and makes it do what it is for. */
  readonly config: Section
  /** Shared fields that it inherits and needs. */
  readonly shared?: Section
  /** Sections that must be refused, besides wrong types and ranges, which are tried anyway. */
  readonly bad?: readonly Section[]
  /** Paths of `config` that name a server's resource, and its kind: `{ 'units.0.ad_model': 'detector' }`. Fields with
   *  a WebUI name (`sampler_name`, `upscaler_1`, …) are known; `false` says that one is no resource here. */
  readonly resources?: Readonly<Record<string, string | false>>
  /** Stages that must stand beside it, with their sections; besides the one that makes pictures for it. */
  readonly beside?: readonly { readonly stage: Stage; readonly config?: Section }[]
  /** What the config names. */
  readonly pictures?: GivenPictures
  readonly services?: readonly Provider[]
  readonly slots?: readonly Named[]
  readonly operations?: readonly Named[]
  readonly exempt?: Exemptions
}

const seed = 7

/** Makes three pictures for a stage that needs some, and carries what is contributed. */
export const source = defineStage({
  name: 'contract_source',
  phase: Phase.Generate,
  consumes: 'nothing',
  generates: true,
  config: plainSchema<{ seed?: number }>({
    type: 'object',
    properties: { seed: { type: 'integer', description: 'Seed of the first picture' } },
  }),
  inherits: ['seed'],
  plan: (config) => ({
    call: { operation: Txt2Img, times: 1 },
    output: Array.from({ length: 3 }, () => ({ width: 64, height: 96, settings: made(config) })),
  }),
  execute: (ctx) => ctx.call(Txt2Img, { ...made(ctx.config), batch_size: 3 }),
})

function made({ seed: first = seed }: { readonly seed?: number }) {
  return {
    prompt: 'a red cube on a table',
    negative_prompt: '',
    model: 'contract_model',
    sampler_name: 'Euler',
    scheduler: 'Automatic',
    steps: 20,
    cfg_scale: 7,
    width: 64,
    height: 96,
    seed: first,
    subseed: 0,
    subseed_strength: 0,
  }
}

/** Whether pictures must be made for the stage. */
export function needsSource({ stage }: StageSubject): boolean {
  const { consumes, generates } = stage.definition
  return consumes !== 'nothing' || generates !== true
}

/** The stages that a subject is run with, its own last. */
export function stagesOf(subject: StageSubject, stage: Stage = subject.stage): Stage[] {
  const beside = (subject.beside ?? []).map((one) => one.stage)
  return [...(needsSource(subject) ? [source] : []), ...beside, stage]
}

/** A run config with the subject's stage switched on, or absent. */
export function configOf(
  subject: StageSubject,
  changes: { readonly section?: Section | null; readonly seed?: number } = {},
): Section {
  const { stage, config, shared = {}, beside = [] } = subject
  const { section = config } = changes
  const inherits = stagesOf(subject).some((one) => one.inherits.includes('seed'))
  return {
    ...(inherits ? { seed } : {}),
    ...shared,
    ...(changes.seed === undefined || !inherits ? {} : { seed: changes.seed }),
    ...(needsSource(subject) ? { [source.name]: {} } : {}),
    ...Object.fromEntries(beside.map((one) => [one.stage.name, one.config ?? {}])),
    ...(section === null ? {} : { [stage.name]: section }),
  }
}

export interface Bench {
  readonly stage?: Stage
  readonly script?: Script
  readonly backend?: Backend
  readonly interceptors?: readonly Interceptor[]
  readonly observers?: readonly Observer[]
}

/** What a fake backend must know for the subject. */
export function fakeOptions({ slots = [], operations = [], resources = {} }: StageSubject) {
  const kinds = Object.values(resources).filter((kind) => kind !== false)
  return {
    slots,
    operations,
    resources: Object.fromEntries(kinds.map((kind) => [kind, 'any' as const])),
  }
}

/** A fake pipeline with the subject's stage in it. */
export function bench(
  subject: StageSubject,
  { stage = subject.stage, ...rest }: Bench = {},
): FakePipeline<readonly Stage[]> {
  const { pictures, services = [] } = subject
  return new FakePipeline<readonly Stage[]>({
    ...fakeOptions(subject),
    stages: stagesOf(subject, stage),
    services,
    ...(pictures === undefined ? {} : { pictures }),
    ...rest,
  })
}

/** The same stage with parts of its definition replaced, to look inside. */
export function probed(stage: Stage, parts: Partial<Stage['definition']>): Stage {
  return { ...stage, definition: { ...stage.definition, ...parts } }
}

export function callsOf(calls: readonly RecordedCall[], stage: Stage): RecordedCall[] {
  return calls.filter((call) => call.stage === stage.name)
}

export function propertiesOf(stage: Stage) {
  return jsonSchemaOf(stage.config).properties ?? {}
}
