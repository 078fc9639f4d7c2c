import type { Backend } from '@stagewright/core'
import type { Pool } from '@stagewright/scheduler'

import { makeBackend } from '../built-in.js'
import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import { isHostAndPort } from './address.js'

/** A server of a pool, and where it is. */
export interface PoolServer {
  readonly name: string
  /** Undefined for one that is no server. */
  readonly url: string | undefined
  readonly backend: Backend
}

export interface ChosenPool {
  readonly pool: Pool
  readonly servers: readonly PoolServer[]
}

/** The servers of `--pool a,b`, or of the config file's list, as one backend.
 *  @param connect makes a member of a name that is no built-in backend; undefined where there is no such server
 *  @throws {PipelineError} SW_CLI_UNKNOWN_BACKEND, SW_POOL_MEMBERS, and what `connect` throws */
export async function choosePool(
  names: readonly string[],
  builtIn: readonly string[],
  host: CliHost,
  connect: (name: string) => Promise<PoolServer | undefined>,
  known: readonly string[],
  lenient: boolean,
): Promise<ChosenPool> {
  const servers: PoolServer[] = []
  for (const name of names) {
    const server = builtIn.includes(name)
      ? { name, url: undefined, backend: await makeBackend(name, host) }
      : await connect(name)
    if (server === undefined)
      throw errors.SW_CLI_UNKNOWN_BACKEND({ name, known: isHostAndPort(name) ? [] : known })
    servers.push(server)
  }
  const { pool, poolErrors } = await import('@stagewright/scheduler')
  const byUrl = new Map<string, string>()
  for (const { name, url } of servers) {
    if (url === undefined) continue
    const other = byUrl.get(url)
    // It would be given two calls at a time.
    if (other !== undefined && other !== name)
      throw poolErrors.SW_POOL_MEMBERS({ problem: `"${other}" and "${name}" are both ${url}` })
    byUrl.set(url, name)
  }
  return { pool: pool(servers, { lenient }), servers }
}

/** `gpu-a, http://10.0.0.2:7860` → its names. */
export function namesIn(list: string): string[] {
  return list.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))
}
