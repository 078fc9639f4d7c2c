export { backgroundConfig } from './config.js'
export { AlphaCoverage, Coverage, PixelReader } from './coverage.js'
export { RemoveBackground, type RemoveBackgroundRequest } from './operation.js'
export { removeBackground } from './stage.js'
