export { type RefinerConfig, refinerConfig } from './config.js'
export { refinerErrors, refinerNotes } from './errors.js'
export { refiner } from './stage.js'
