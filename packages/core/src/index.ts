export { fromFlatRunConfig } from './config/flat.js'
export { type JsonSchema, jsonSchemaOf, rangeInWords, schemaAt } from './config/json-schema.js'
export { nativeSide, presetNames, type PresetName, presets } from './config/presets.js'
export type { ReservedFields, RunConfig, RunConfigInput } from './config/run-config.js'
export { runFileSchema } from './config/run-file-schema.js'
export {
  type Backend,
  type BackendIdentity,
  type CallContext,
  type CallNeeds,
  type CallResult,
  type Capabilities,
  coreCapabilities,
  type CountRange,
  limitedKey,
  meetsLimit,
  type ModelLoad,
  type Need,
  onGrid,
  type Preview,
  type SettingLimit,
  type SizeGrid,
} from './contract/backend.js'
export { contractVersion, defineStage } from './contract/define-stage.js'
export { type GivenPicture, ImageSource } from './contract/image-source.js'
export type { Interceptor } from './contract/interceptor.js'
export { type Operation, operation } from './contract/operation.js'
export { Phase, phaseBetween, type PhaseRef } from './contract/phase.js'
export type { Passthrough, Sampling } from './contract/sampling.js'
export { type PictureInPlan, pictureInPlan } from './contract/picture-in-plan.js'
export { type Contribution, type PlannedContribution, type Slot, slot } from './contract/slot.js'
export {
  type ImageBatch,
  type StageImage,
  stageImage,
  type StageImageInit,
} from './contract/stage-image.js'
export {
  type CallOptions,
  type FlatKeys,
  type Forecast,
  type GivenForecast,
  type Intent,
  type PictureForecast,
  type PictureReference,
  type PlanView,
  type PreviousCall,
  type Schema,
  Stage,
  type StageContext,
  type StageDefinition,
} from './contract/stage.js'
export {
  Detail,
  type DetailRequest,
  type ExtrasRequest,
  Hires,
  type HiresPass,
  Img2Img,
  type Img2ImgRequest,
  Refiner,
  type RefinerSwitch,
  type SdUpscaleRequest,
  Txt2Img,
  type Txt2ImgRequest,
  Upscale,
  type UpscaleRequest,
} from './contract/vocabulary.js'
export { provide, type Provider, token, type Token } from './di/token.js'
export { errors } from './errors/catalogue.js'
export { defineErrors, type ErrorFactories, type ErrorSpec } from './errors/define-errors.js'
export { defineNotes, type NoteFactories, type PlanNote } from './errors/define-notes.js'
export { nearest } from './errors/nearest.js'
export { notes } from './errors/notes.js'
export {
  type ErrorKind,
  isPipelineError,
  PipelineError,
  type PipelineErrorInit,
  StagePlanError,
} from './errors/pipeline-error.js'
export { messageOf } from './errors/wrap.js'
export { type ImageHeader, type MediaType, readImageHeader } from './image/image-header.js'
export {
  createPipeline,
  type ExplainedPlan,
  type Pipeline,
  type PipelineOptions,
  type RunOptions,
} from './pipeline.js'
export { buildPipelinePlan, type PlanFacts } from './plan/build-pipeline-plan.js'
export { explainPlan } from './plan/explain.js'
export { type Move, orderInWords, type OrderReason } from './plan/order-reasons.js'
export type { Placement, Placements } from './plan/placement.js'
export { sequence, type SequenceEntry } from './plan/sequence.js'
export type { PipelinePlan, SizeForecast, StagePlan } from './plan/stage-plan.js'
export { StageSequencer } from './plan/stage-sequencer.js'
export { askedFor, imagesIn, isStageImage, requestAsJson } from './run/call.js'
export type { Observer, RunEvent } from './run/events.js'
export { type LearningOptions, type LearningRecord, LearningRecorder } from './run/learning.js'
export { canonicalName, refusalOf } from './contract/names.js'
export { mismatch } from './run/preflight.js'
export type { CallRecord, Outcome, RunResult, StageResult, UnfinishedImage } from './run/result.js'
export { PipelineRunner, type RunInput, type RunnerHost } from './run/runner.js'
export { type RandomSeed, randomSeed, resolveSeeds } from './run/seeds.js'
export { StageRegistry } from './stage-registry.js'
