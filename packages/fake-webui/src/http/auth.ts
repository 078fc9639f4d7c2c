import type { Dialect } from '../data/dialects.js'
import { HttpError } from './errors.js'

/** Basic auth as `--api-auth` asks for it.
 *  @throws {HttpError} 401; A1111 and reForge lose the WWW-Authenticate header on the way */
export function checkAuth(
  accounts: string | undefined,
  header: string | undefined,
  dialect: Dialect,
): void {
  if (accounts === undefined || dialect.name === 'sdcpp') return
  const given = /^Basic (.+)$/iu.exec(header ?? '')?.[1]
  const headers: Record<string, string> =
    dialect.name === 'forge' || dialect.name === 'sdnext' ? { 'www-authenticate': 'Basic' } : {}
  const unnamed = dialect.name === 'sdnext' ? 'Unauthorized' : undefined
  if (given === undefined) throw new HttpError(401, unnamed ?? 'Not authenticated', headers)
  const account = Buffer.from(given, 'base64').toString('utf8')
  if (!accounts.split(',').includes(account))
    throw new HttpError(401, unnamed ?? 'Incorrect username or password', headers)
}
