import type { World } from '../world.js'
import type { Exchange, Reply } from './exchange.js'

export interface Route {
  readonly method: 'GET' | 'POST'
  /** `:name` stands for one segment. */
  readonly path: string
  /** Who adds it: `api` routes want the password and --api, `ui` and `extension` routes do not. */
  readonly by: 'api' | 'ui' | 'extension'
  handle(exchange: Exchange, world: World): Promise<Reply> | Reply
}

const route =
  (method: 'GET' | 'POST', by: Route['by']) =>
  (path: string, handle: Route['handle']): Route => ({ method, path, by, handle })

export const get = route('GET', 'api')
export const post = route('POST', 'api')
export const uiGet = route('GET', 'ui')
export const uiPost = route('POST', 'ui')
export const extensionGet = route('GET', 'extension')
export const extensionPost = route('POST', 'extension')
