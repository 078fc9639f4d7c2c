import {
  type Backend,
  createPipeline,
  type Pipeline,
  type PipelineOptions,
  type Stage,
} from '@stagewright/core'

import { fakeBackend, type FakeBackendOptions } from './backend/fake-backend.js'
import { type RecordedCall, recording } from './backend/recording.js'
import { type Script, scripted } from './backend/scripted.js'
import { given, type GivenPictures } from './picture/given.js'

/** As for `createPipeline`, less the backend; what the fake backend can do; and what shall happen. */
export interface FakePipelineOptions<S extends readonly Stage[]>
  extends Omit<PipelineOptions<S>, 'backend'>, Omit<FakeBackendOptions, 'kind'> {
  /** What the config may name: provides an `ImageSource` for these pictures. */
  readonly pictures?: GivenPictures
  /** Failures, delays, cancellation, "nothing found": what happens at which call. */
  readonly script?: Script
  /** Records and scripts this backend instead of a fake one; it stays the caller's to dispose. */
  readonly backend?: Backend
}

/** The real pipeline over a backend that only pretends: same signature, same checks, same runner, no server.
 *  Seeds of -1 become 1, 2, 3, … so that runs repeat; `randomSeed` changes that.
 *  @throws {PipelineError} as `createPipeline` does, when stages or services do not fit */
export class FakePipeline<const S extends readonly Stage[]> implements Pipeline<S> {
  declare readonly parse: Pipeline<S>['parse']
  declare readonly plan: Pipeline<S>['plan']
  declare readonly run: Pipeline<S>['run']
  declare readonly reprocess: Pipeline<S>['reprocess']
  declare readonly [Symbol.asyncDispose]: Pipeline<S>[typeof Symbol.asyncDispose]
  /** Every call of the backend, failed ones too, in the order in which they began. */
  readonly calls: readonly RecordedCall[]

  constructor(options: FakePipelineOptions<S>) {
    const { pictures, script = [], services = [], randomSeed = counting(), ...rest } = options
    const innermost = options.backend ?? fakeBackend(options)
    const backend = recording(scripted(innermost, script))
    const pipeline = createPipeline<S>({
      ...rest,
      backend,
      randomSeed,
      services: [...services, ...(pictures === undefined ? [] : [given(pictures)])],
    })
    this.calls = backend.calls
    Object.assign(this, pipeline)
  }
}

function counting(): () => number {
  let last = 0
  return () => (last += 1)
}
