export {
  fakeBackend,
  type FakeBackendOptions,
  type Named,
  resourceKinds,
} from './backend/fake-backend.js'
export { type RecordedCall, recording, type RecordingBackend } from './backend/recording.js'
export { type Gate, gate, type Script, scripted, type ScriptStep } from './backend/scripted.js'
export { FakePipeline, type FakePipelineOptions } from './fake-pipeline.js'
export {
  effectsOf,
  fakePicture,
  type FakePictureInit,
  type Story,
  storyOf,
} from './picture/fake-picture.js'
export { given, givenPictures, type GivenPictures, type GivenSpec } from './picture/given.js'
export { stageClauses, stageContract } from './contract/stage-contract.js'
export type { Section, StageSubject } from './contract/stage-subject.js'
export type { Clause, Exemptions, TestRunner } from './contract/suite.js'
export { assertChained } from './assert/chained.js'
export { assertAdetailerLast, assertStageOrder, assertTerminalLast } from './assert/order.js'
export {
  assertNoCalls,
  assertNoKey,
  assertNoSlot,
  assertRequest,
  assertSlot,
} from './assert/requests.js'
export type { Journey, JourneyStages, JourneySubject } from './journeys/journey.js'
export { journeys, journeySuite } from './journeys/journeys.js'
export type { JourneyNames } from './journeys/words.js'
export { backendClauses, backendContract } from './contract/backend-contract.js'
export type { BackendSubject } from './contract/backend-subject.js'
export { configTable } from './readme/config-table.js'
export { markdownTable, replaceGenerated } from './readme/markdown.js'
export { positionTable } from './readme/position-table.js'
