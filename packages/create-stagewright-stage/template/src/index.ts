export { type MyStageConfig, myStageConfig } from './config.js'
export { myStage } from './stage.js'
