export type { Credentials } from './auth.js'
export {
  type HandlerContext,
  type WebuiHandler,
  webuiHandler,
  type WebuiSlot,
  webuiSlot,
} from './calls/plugins.js'
export { type DialectName, dialectNames, type Payload } from './dialects/dialect.js'
export { errors as connectionErrors } from './errors.js'
export { httpTransport } from './http/http-transport.js'
export { answerErrors } from './result/errors.js'
export { supportMarkdown, supportOf, supportTable } from './dialects/support.js'
export type { Support, SupportRow } from './dialects/support.js'
export type { WebuiCapabilities } from './inventory/capabilities.js'
export type { BodyPart, GenerateAnswer, Transport } from './transport.js'
export { overTransport, webui, type WebuiBackend, type WebuiOptions } from './webui.js'
