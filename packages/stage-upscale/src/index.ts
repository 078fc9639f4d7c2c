export { type UpscaleConfig, upscaleConfig } from './config.js'
export { upscale } from './stage.js'
