export { sharpenConfig, type SharpenConfig } from './config.js'
export { Sharpener } from './sharpener.js'
export { sharpen, sharpen as default } from './stage.js'
