export { type Img2ImgConfig, img2imgConfig } from './config.js'
export { img2imgErrors, img2imgNotes } from './errors.js'
export { img2img } from './stage.js'
