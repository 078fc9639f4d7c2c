export { errors } from './errors.js'
export type { CliHost, Output, RegisteredStage } from './host.js'
export { runCli } from './main.js'
