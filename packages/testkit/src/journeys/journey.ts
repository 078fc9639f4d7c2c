import assert from 'node:assert/strict'

import {
  type Backend,
  type ImageSource as Source,
  isPipelineError,
  type LearningRecorder,
  type PipelineError,
  type Provider,
  readImageHeader,
  type RunResult,
  type Stage,
} from '@stagewright/core'

import { assertChained } from '../assert/chained.js'
import { assertStageOrder, assertTerminalLast, enabledIn } from '../assert/order.js'
import type { RecordedCall } from '../backend/recording.js'
import type { Script } from '../backend/scripted.js'
import { FakePipeline } from '../fake-pipeline.js'
import { effectsOf } from '../picture/fake-picture.js'
import { type GivenPictures, givenPictures, type GivenSpec } from '../picture/given.js'
import { defaultNames, type JourneyNames } from './words.js'

/** The five stages of the specification. */
export interface JourneyStages {
  readonly txt2img: Stage
  readonly img2img: Stage
  readonly refiner: Stage
  readonly upscale: Stage
  readonly adetailer: Stage
}

/** What a journey is made with. */
export interface JourneySubject {
  readonly stages: JourneyStages
  /** A backend for one journey; undefined for the fake one. */
  readonly backend?: (() => Backend | undefined) | undefined
  /** Names that the backend knows. */
  readonly names?: Partial<JourneyNames> | undefined
  /** Opens files of a directory, for journeys that start from a real file. Without it such pictures are made up. */
  readonly files?: ((directory: string) => Source) | undefined
}

/** A way through the stages, with what must be true at its end. */
export interface Journey {
  /** Stable: exemptions name it. */
  readonly id: string
  readonly title: string
  /** The run config. */
  config(names: JourneyNames): RunConfigJson
  run(subject: JourneySubject): Promise<void>
}

export type RunConfigJson = Readonly<Record<string, unknown>>

/** What a run must show at its end, on any backend. */
export interface Expected {
  /** The stages, in order. */
  readonly order: readonly string[]
  /** The stage of each call, in order; `adetailer:face` for one with a label. */
  readonly calls: readonly string[]
  /** The final sizes, in order: `64x96`. */
  readonly sizes: readonly string[]
}

export interface JourneyInit {
  readonly id: string
  readonly title: string
  config(names: JourneyNames): RunConfigJson
  readonly pictures?: GivenPictures
  /** Starts from these pictures. */
  readonly reprocess?: readonly GivenSpec[]
  readonly stages?: (stages: JourneyStages) => readonly Stage[]
  readonly script?: Script
  readonly services?: readonly Provider[]
  readonly expected?: Expected
  /** More that must be true of a run that ends well. */
  also?(trip: Trip, result: RunResult): Promise<void> | void
  /** Instead of a run that ends well. */
  instead?(trip: Trip): Promise<void>
}

/** A journey on its way. */
export interface Trip {
  readonly subject: JourneySubject
  readonly names: JourneyNames
  readonly config: RunConfigJson
  readonly fake: FakePipeline<readonly Stage[]>
  /** Whether the pictures tell their effects. */
  readonly tells: boolean
  readonly calls: (stage: string, label?: string) => RecordedCall[]
  readonly run: (options?: { readonly signal?: AbortSignal }) => Promise<RunResult>
  /** The error that the run ends with. */
  readonly fails: (options?: { readonly signal?: AbortSignal }) => Promise<PipelineError>
  /** The same journey with other parts. */
  readonly again: (parts: Partial<JourneyInit> & { readonly learning?: LearningRecorder }) => Trip
}

export function journey(init: JourneyInit): Journey {
  const run = async (subject: JourneySubject): Promise<void> => {
    const trip = start(subject, init)
    if (init.instead !== undefined) return init.instead(trip)
    const result = await trip.run()
    if (init.expected !== undefined) await arrive(trip, result, init.expected)
    await init.also?.(trip, result)
  }
  return Object.freeze({
    id: init.id,
    title: init.title,
    config: (names: JourneyNames) => init.config(names),
    run,
  })
}

function start(
  subject: JourneySubject,
  init: JourneyInit & { readonly learning?: LearningRecorder },
): Trip {
  const { pictures, reprocess, script = [], services = [], learning } = init
  const names = { ...defaultNames, ...subject.names }
  const config = init.config(names)
  const backend = subject.backend?.()
  const { txt2img, img2img, refiner, upscale, adetailer } = subject.stages
  const stages = init.stages?.(subject.stages) ?? [txt2img, img2img, refiner, upscale, adetailer]
  const fake = new FakePipeline<readonly Stage[]>({
    stages,
    script,
    services,
    ...(pictures === undefined ? {} : { pictures }),
    ...(backend === undefined ? {} : { backend }),
    ...(learning === undefined ? {} : { learning }),
  })
  const run: Trip['run'] = (options = {}) =>
    reprocess === undefined
      ? fake.run(config, options)
      : fake.reprocess(givenPictures(...reprocess), config, options)
  return {
    subject,
    names,
    config,
    fake,
    tells: backend === undefined,
    calls: (stage, label) =>
      fake.calls.filter(
        (call) => call.stage === stage && (label === undefined || call.label === label),
      ),
    run,
    fails: async (options) => {
      const error: unknown = await run(options).then(
        ({ status }) => assert.fail(`the run ends ${status}, and should fail`),
        (thrown: unknown) => thrown,
      )
      if (!isPipelineError(error)) throw error
      return error
    },
    again: (parts) => start(subject, { ...init, ...parts }),
  }
}

/** What is true of every journey that ends well. */
async function arrive(trip: Trip, result: RunResult, expected: Expected): Promise<void> {
  assert.equal(result.status, 'done')
  assertStageOrder(result, expected.order)
  assertTerminalLast(result)
  assertChained(trip.fake.calls)
  assertChained(result)
  assert.deepEqual(
    trip.fake.calls.map(({ stage, label }) => (label === undefined ? stage : `${stage}:${label}`)),
    expected.calls,
    'the calls',
  )
  const sizes = result.images.map(({ width, height }) => `${width}x${height}`)
  assert.deepEqual(sizes, expected.sizes, 'the final sizes')
  assert.deepEqual(forecast(result), expected.sizes, 'the sizes as forecast')
  for (const image of result.images) {
    const { width, height, mediaType } = readImageHeader(await image.bytes()) ?? {}
    assert.deepEqual(
      { width, height, mediaType },
      { width: image.width, height: image.height, mediaType: image.mediaType },
      'a picture’s bytes are what it says',
    )
    assertThrough(image.lineage, expected.order, 'the lineage')
    if (trip.tells) assertThrough(await effectsOf(image), expected.order, 'the effects')
  }
  if (trip.tells) assert.deepEqual(result.warnings, [], 'warnings')
}

/** Asserts that what happened to a picture follows the plan's order. */
export function assertThrough(
  steps: readonly string[],
  order: readonly string[],
  what: string,
): void {
  const stages = steps.map((step) => step.split(':')[0])
  assert.deepEqual(
    stages.filter((stage, i) => stage !== stages[i - 1]),
    order,
    what,
  )
}

function forecast({ plan }: RunResult): string[] {
  const last = enabledIn(plan).at(-1)
  return (last?.output ?? []).flatMap(({ count, width, height }) =>
    Array.from({ length: count }, () => `${width}x${height}`),
  )
}
