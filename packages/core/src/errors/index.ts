export { errors } from './catalogue.js'
export { defineErrors, type ErrorFactories, type ErrorSpec } from './define-errors.js'
export {
  type ErrorKind,
  isPipelineError,
  PipelineError,
  type PipelineErrorInit,
  StagePlanError,
} from './pipeline-error.js'
