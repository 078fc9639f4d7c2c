export { type Txt2ImgConfig, txt2imgConfig } from './config.js'
export { txt2img } from './stage.js'
