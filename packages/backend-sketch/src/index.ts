export { sketch, type SketchOptions } from './backend.js'
export { draw } from './draw.js'
export type { Raster, Rendering, Tick } from './rendering.js'
