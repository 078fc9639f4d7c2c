export { sketch, type SketchOptions } from './backend.js'
export { draw, type Raster, type Rendering, type Tick } from './draw.js'
