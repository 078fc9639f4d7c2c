export { errors } from './errors.js'
export { fileImages, filesNamed, type FileImagesOptions } from './file-images.js'
export { type Background, type Limits } from './limits.js'
export { toMask, toPicture } from './normalise.js'
