export { type AdetailerConfig, adetailerConfig, type AdetailerUnit } from './config.js'
export { adetailerNotes } from './errors.js'
export { adetailer } from './stage.js'
