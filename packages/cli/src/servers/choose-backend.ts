import type { Backend } from '@stagewright/core'
import { toPicture } from '@stagewright/image-files'

import { backendNames, makeBackend } from '../built-in.js'
import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import { addressOf, isHostAndPort } from './address.js'
import type { DialectChoice } from './choices.js'
import { type ChosenPool, choosePool, namesIn } from './choose-pool.js'
import { type ConfigFile, readConfigFile } from './config-file.js'
import { type Credentials, credentialsFor, credentialsFromEnvironment } from './credentials.js'
import { findServer } from './find-server.js'
import { WatchedBackend } from './watched-backend.js'

/** The options that say which backend, and how to deal with it. */
export interface BackendOptions {
  readonly backend?: string
  /** Names or addresses, separated by commas. */
  readonly pool?: string
  readonly config?: string
  readonly dialect?: DialectChoice
  readonly lenient?: true
  /** Seconds. */
  readonly timeout?: number
  readonly stall?: number
  readonly onOom?: 'halve_batch'
  /** Pixels. */
  readonly sizeMultiple?: number
}

export interface ChosenBackend {
  readonly backend: WatchedBackend
  /** Its address; undefined for one that is no server. */
  readonly url: string | undefined
  /** The options that choose it again; none for the one that is used anyway. */
  readonly flags: readonly string[]
  /** Where several servers are one backend. */
  readonly pool?: ChosenPool | undefined
}

/** The backend that `--backend` names: a built-in one, the address of a server, `auto`, or a name of the config file.
 *  `--pool` names several servers as one; `--backend pool` takes those that the config file lists.
 *  Without the option it is the config file's `backend`, else `fallback`, else the first built-in one.
 *  @throws {PipelineError} SW_CLI_UNKNOWN_BACKEND, SW_CLI_NO_SERVER, SW_CLI_SERVER_OPTION, SW_CLI_SECRET_…,
 *  SW_CLI_CONFIG_… */
export async function chooseBackend(
  options: BackendOptions,
  host: CliHost,
  fallback?: string,
): Promise<ChosenBackend> {
  const builtIn = backendNames(host)
  const config = await readConfigFile(options.config, host.cwd, [...builtIn, 'auto', 'pool'])
  const usual = builtIn[0] ?? 'auto'
  const name = options.backend ?? config.backend ?? fallback ?? usual
  if (options.pool !== undefined && options.backend !== undefined)
    throw errors.SW_CLI_POOL_AND_BACKEND({ pool: options.pool, backend: options.backend })
  const pooled = options.pool === undefined ? undefined : namesIn(options.pool)
  if (pooled !== undefined || (name === 'pool' && config.pool !== undefined)) {
    const flag = options.pool === undefined ? '--backend pool' : `--pool ${options.pool}`
    return choosePooled(pooled ?? config.pool ?? [], flag, { options, host, config })
  }
  if (builtIn.includes(name)) {
    refuseServerOptions(options, name)
    const backend = await makeBackend(name, host)
    const unasked = name === usual && config.backend === undefined
    const flags = unasked ? [] : [`--backend ${name}`]
    return {
      backend: new WatchedBackend(backend),
      url: undefined,
      flags: [...flags, ...lenientFlag(options)],
    }
  }
  const server = await serverNamed(name, config, host)
  if (server === undefined) {
    const known = [...builtIn, 'auto', ...knownServers(config)]
    throw errors.SW_CLI_UNKNOWN_BACKEND({ name, known: isHostAndPort(name) ? [] : known })
  }
  return {
    backend: await connect(server, options, host),
    url: server.url,
    flags: [...server.flags, ...serverFlags(options), ...lenientFlag(options)],
  }
}

async function choosePooled(
  names: readonly string[],
  flag: string,
  from: {
    readonly options: BackendOptions
    readonly host: CliHost
    readonly config: ConfigFile
  },
): Promise<ChosenBackend> {
  const { options, host, config } = from
  const builtIn = backendNames(host)
  const connectTo = async (name: string) => {
    const server = name === 'auto' ? undefined : await serverNamed(name, config, host)
    if (server === undefined) return undefined
    const { url } = server
    const called = config.servers.has(name) ? name : new URL(url).host
    // Asked strictly also with `--lenient`: a call still goes to a server that has what it names, where one has it.
    return { name: called, url, backend: await connect(server, options, host) }
  }
  const known = [...builtIn, ...knownServers(config)]
  const lenient = options.lenient === true
  const chosen = await choosePool(names, builtIn, host, connectTo, known, lenient)
  return {
    backend: new WatchedBackend(chosen.pool),
    url: undefined,
    flags: [flag, ...serverFlags(options), ...lenientFlag(options)],
    pool: chosen,
  }
}

function knownServers({ servers, pool }: ConfigFile): string[] {
  return ['http://host:port', ...servers.keys(), ...(pool === undefined ? [] : ['pool'])]
}

interface Server {
  readonly url: string
  readonly credentials: Credentials | undefined
  readonly dialect?: DialectChoice | undefined
  readonly timeout?: number | undefined
  readonly stall?: number | undefined
  readonly sizeMultiple?: number | undefined
  readonly flags: readonly string[]
}

async function serverNamed(
  name: string,
  config: ConfigFile,
  host: CliHost,
): Promise<Server | undefined> {
  const named = config.servers.get(name)
  if (named !== undefined) {
    const credentials = credentialsFor(named.auth, host, name)
    return { ...named, credentials, flags: [`--backend ${name}`] }
  }
  const address = addressOf(name)
  if (address?.secret === true) throw errors.SW_CLI_SECRET_IN_ADDRESS({ url: address.url })
  const url = name === 'auto' ? await findServer(host) : address?.url
  if (url === undefined) return undefined
  return { url, credentials: credentialsFromEnvironment(host), flags: [`--backend ${url}`] }
}

async function connect(
  server: Server,
  options: BackendOptions,
  host: CliHost,
): Promise<WatchedBackend> {
  const make = await makerOf(server, options, host)
  const strict = make(false)
  return new WatchedBackend(strict, options.lenient === true ? make(true) : strict)
}

async function makerOf(
  server: Server,
  options: BackendOptions,
  host: CliHost,
): Promise<(lenient: boolean) => Backend> {
  const { webui } = await import('@stagewright/backend-webui')
  const { handlers = [], slots = [] } = (await host.webuiParts?.()) ?? {}
  const timeout = options.timeout ?? server.timeout
  const stall = options.stall ?? server.stall
  return (lenient) =>
    webui({
      url: server.url,
      auth: server.credentials,
      dialect: options.dialect ?? server.dialect ?? 'auto',
      lenient,
      toPicture,
      handlers,
      slots,
      timeouts: {
        ...(timeout === undefined
          ? {}
          : {
              total: timeout * 1000,
              connect: Math.min(usualConnect, timeout * 1000),
              read: Math.min(usualRead, timeout * 1000),
            }),
        ...(stall === undefined ? {} : { stall: stall * 1000 }),
      },
      ...(options.onOom === undefined ? {} : { onOom: options.onOom }),
      sizeMultiple: options.sizeMultiple ?? server.sizeMultiple,
    })
}

/** Milliseconds; `--timeout` makes them shorter, never longer. */
const usualConnect = 10_000
const usualRead = 60_000

/** Options for servers, given where there is none, would do nothing. */
function refuseServerOptions(options: BackendOptions, backend: string): void {
  const given = [
    ['--dialect', options.dialect],
    ['--timeout', options.timeout],
    ['--stall', options.stall],
    ['--on-oom', options.onOom],
    ['--size-multiple', options.sizeMultiple],
  ] as const
  const used = given.flatMap(([flag, value]) => (value === undefined ? [] : [flag]))
  if (used.length > 0) throw errors.SW_CLI_SERVER_OPTION({ options: used, backend })
}

function serverFlags({ config, dialect, onOom, sizeMultiple }: BackendOptions): string[] {
  return [
    ...(config === undefined ? [] : [`--config ${config}`]),
    ...(dialect === undefined ? [] : [`--dialect ${dialect}`]),
    ...(onOom === undefined ? [] : [`--on-oom ${onOom}`]),
    ...(sizeMultiple === undefined ? [] : [`--size-multiple ${sizeMultiple}`]),
  ]
}

function lenientFlag({ lenient }: BackendOptions): string[] {
  return lenient === true ? ['--lenient'] : []
}
