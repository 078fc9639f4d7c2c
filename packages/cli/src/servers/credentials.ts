import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import type { AuthSource } from './config-file.js'

/** What a server is given to let us in. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly bearer: string }

/** Reads the secrets that a server of the config file needs, from the environment.
 *  @throws {PipelineError} SW_CLI_SECRET_MISSING */
export function credentialsFor(
  auth: AuthSource | undefined,
  { env = {} }: CliHost,
  server: string,
): Credentials | undefined {
  if (auth === undefined) return undefined
  const read = (variable: string): string => {
    const value = env[variable]
    if (value === undefined || value === '')
      throw errors.SW_CLI_SECRET_MISSING({ server, variable })
    return value
  }
  return 'bearerEnv' in auth
    ? { bearer: read(auth.bearerEnv) }
    : { username: auth.user, password: read(auth.passwordEnv) }
}

/** `STAGEWRIGHT_AUTH` (user:password) or `STAGEWRIGHT_BEARER`, for a server that is named by its address.
 *  @throws {PipelineError} SW_CLI_AUTH_VARIABLES */
export function credentialsFromEnvironment({ env = {} }: CliHost): Credentials | undefined {
  const auth = env['STAGEWRIGHT_AUTH'] ?? ''
  const bearer = env['STAGEWRIGHT_BEARER'] ?? ''
  if (auth !== '' && bearer !== '') throw errors.SW_CLI_AUTH_VARIABLES({ problem: 'both are set' })
  if (bearer !== '') return { bearer }
  if (auth === '') return undefined
  const colon = auth.indexOf(':')
  if (colon < 1) throw errors.SW_CLI_AUTH_VARIABLES({ problem: 'STAGEWRIGHT_AUTH has no colon' })
  return { username: auth.slice(0, colon), password: auth.slice(colon + 1) }
}
