export { type ControlnetConfig, controlnetConfig, type ControlnetUnit } from './config.js'
export { ControlNet, type ControlUnits } from './slot.js'
export { controlnet } from './stage.js'
