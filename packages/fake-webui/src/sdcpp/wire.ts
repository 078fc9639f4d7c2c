import { Answer } from '../http/errors.js'
import type { Exchange } from '../http/exchange.js'
import type { World } from '../world.js'

/** What cpp-httplib answers before any route is looked for. Source: sd-server.md, errors and transport.
 *  @throws {Answer} 204 to a preflight of CORS, 414 and 415 without a body */
export async function beforeRoutes(exchange: Exchange, world: World): Promise<void> {
  const { method, path, query, headers } = exchange
  if (path.length + query.toString().length >= longestUri) throw new Answer(414)
  if (method === 'OPTIONS') throw new Answer(204)
  if (headers['content-encoding'] !== undefined) throw new Answer(415)
  // It waits for a body that nothing announces, until it gives up.
  const silent =
    headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
  if (silent && (method === 'POST' || method === 'DELETE')) await world.takes(5)
}

const longestUri = 8192
