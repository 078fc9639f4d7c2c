import { dirname, resolve } from 'node:path'

import { errors as core, type PipelineError } from '@stagewright/core'
import semver from 'semver'

import { errors } from '../errors.js'
import { throwAll } from '../report/several.js'
import { isThere, readRunFile } from '../run-file/read.js'
import { addressOf } from './address.js'
import { type DialectChoice, dialectChoices, isSizeMultiple, mostSeconds } from './choices.js'

export const configFileName = 'stagewright.config.yaml'

/** Where the credentials of a server are found: names of environment variables, never the secret itself. */
export type AuthSource =
  | { readonly user: string; readonly passwordEnv: string }
  | { readonly bearerEnv: string }

/** A server that the config file names. */
export interface NamedServer {
  readonly url: string
  readonly dialect?: DialectChoice | undefined
  readonly auth?: AuthSource | undefined
  /** Seconds. */
  readonly timeout?: number | undefined
  readonly stall?: number | undefined
  /** Pixels. */
  readonly sizeMultiple?: number | undefined
}

/** A plugin that may be loaded. */
export interface PluginEntry {
  /** The versions of it that may. */
  readonly range: string
  /** What it may use. */
  readonly allow: readonly string[]
}

export interface ConfigFile {
  readonly backend?: string | undefined
  /** Names or addresses of the servers that `--backend pool` takes together. */
  readonly pool?: readonly string[] | undefined
  readonly servers: ReadonlyMap<string, NamedServer>
  /** By the name of the package. */
  readonly plugins: ReadonlyMap<string, PluginEntry>
  /** Where plugins are looked for: the folder of the file. */
  readonly folder: string
}

/** Reads `stagewright.config.yaml` of the folder, or the file that was named; without either there is nothing in it.
 *  @throws {PipelineError} SW_CLI_CONFIG_NOT_FOUND, SW_CLI_CONFIG_INVALID, SW_CLI_SECRET_IN_FILE: all mistakes at once */
export async function readConfigFile(
  given: string | undefined,
  cwd: string,
  reserved: readonly string[],
): Promise<ConfigFile> {
  const file = given ?? configFileName
  const folder = dirname(resolve(cwd, file))
  if (!(await isThere(resolve(cwd, file)))) {
    if (given === undefined) return { servers: new Map(), plugins: new Map(), folder }
    throw errors.SW_CLI_CONFIG_NOT_FOUND({ file })
  }
  const { config, place, shown } = await readRunFile(file, cwd)
  const reader = new Reader((path) => place(path) ?? shown)
  const read = reader.file(config, reserved)
  throwAll(reader.found)
  return { ...read, folder }
}

/** Reads plain data key by key, and gathers every mistake. */
class Reader {
  readonly found: PipelineError[] = []
  readonly #place: (path: string) => string

  constructor(place: (path: string) => string) {
    this.#place = place
  }

  file(config: unknown, reserved: readonly string[]): Omit<ConfigFile, 'folder'> {
    const top = this.#map(config ?? {}, '', ['backend', 'backends', 'pool', 'plugins'])
    const backends = this.#map(top['backends'] ?? {}, 'backends')
    const servers = new Map<string, NamedServer>()
    for (const [name, value] of Object.entries(backends)) {
      const path = `backends.${name}`
      if (reserved.includes(name) || !/^[A-Za-z][\w-]*$/.test(name))
        this.#refuse(path, `"${name}" cannot be the name of a server`, 'choose another name')
      else servers.set(name, this.#server(value, path))
    }
    const backend = this.#text(top, 'backend', '')
    const pool = this.#names(top, 'pool')
    return { backend, pool, servers, plugins: this.#plugins(top['plugins'] ?? {}) }
  }

  #plugins(value: unknown): ReadonlyMap<string, PluginEntry> {
    const plugins = new Map<string, PluginEntry>()
    for (const [name, written] of Object.entries(this.#map(value, 'plugins'))) {
      const path = `plugins.${name}`
      if (packageName.test(name)) plugins.set(name, this.#plugin(written, path))
      else
        this.#refuse(
          path,
          `"${name}" is no name of an npm package`,
          'name the package as in npm install; no path, no address',
        )
    }
    return plugins
  }

  /** `^1.0.0`, or `{ version: ^1.0.0, allow: [network] }`. */
  #plugin(value: unknown, path: string): PluginEntry {
    const map =
      typeof value === 'string' ? { version: value } : this.#map(value, path, ['version', 'allow'])
    const range = this.#text(map, 'version', path)
    if (range === undefined && map['version'] === undefined)
      this.#refuse(path, `${path} has no version`, 'write the versions that may be loaded: ^1.0.0')
    if (range !== undefined && semver.validRange(range) === null)
      this.#refuse(path, `"${range}" is no range of versions`, 'write ^1.0.0, or "*" for any')
    const allow = map['allow'] ?? []
    const known: readonly unknown[] = permissions
    if (Array.isArray(allow) && allow.every((one) => known.includes(one)))
      return { range: range ?? '*', allow: allow as readonly string[] }
    const problem = `${path}.allow is no list of ${permissions.join(', ')}`
    this.#refuse(`${path}.allow`, problem, `write allow: [${permissions.join(', ')}]`)
    return { range: range ?? '*', allow: [] }
  }

  #server(value: unknown, path: string): NamedServer {
    const map = this.#map(value, path, [
      'url',
      'dialect',
      'auth',
      'timeout',
      'stall',
      'size_multiple',
    ])
    const dialect = this.#text(map, 'dialect', path)
    const known = dialectChoices.find((one) => one === dialect)
    if (dialect !== undefined && known === undefined)
      this.#refuse(
        `${path}.dialect`,
        `${JSON.stringify(dialect)} is no dialect`,
        `choose one of: ${dialectChoices.join(', ')}`,
      )
    return {
      url: this.#url(map, path),
      dialect: known,
      auth: this.#auth(map['auth'], `${path}.auth`),
      timeout: this.#seconds(map, 'timeout', path),
      stall: this.#seconds(map, 'stall', path),
      sizeMultiple: this.#multiple(map, 'size_multiple', path),
    }
  }

  #url(map: Values, path: string): string {
    const url = this.#text(map, 'url', path)
    const hint = 'write url: http://host:port'
    if (url === undefined) {
      if (map['url'] === undefined) this.#refuse(path, `${path} has no url`, hint)
      return ''
    }
    const address = addressOf(url)
    if (address === undefined) this.#refuse(`${path}.url`, 'this is no http:// address', hint)
    else if (address.secret) this.#secret(`${path}.url`, 'auth: { user: NAME, password_env: NAME }')
    return address?.url ?? ''
  }

  #auth(value: unknown, path: string): AuthSource | undefined {
    if (value === undefined) return undefined
    const keys = ['user', 'password_env', 'bearer_env']
    const map = this.#map(value, path, keys, {
      password: 'password_env: NAME',
      bearer: 'bearer_env: NAME',
      token: 'bearer_env: NAME',
    })
    const [user, password, bearer] = keys.map((key) => this.#text(map, key, path))
    for (const [key, name] of [
      ['password_env', password],
      ['bearer_env', bearer],
    ] as const)
      if (name !== undefined && !/^[A-Za-z_]\w*$/.test(name))
        this.#secret(`${path}.${key}`, `${key}: NAME, the name of a variable`)
    if (bearer !== undefined && user === undefined && password === undefined)
      return { bearerEnv: bearer }
    if (bearer === undefined && user !== undefined && password !== undefined)
      return { user, passwordEnv: password }
    if (this.found.every(({ details }) => !String(details['path']).startsWith(path)))
      this.#refuse(
        path,
        `${path} is neither a user with a password nor a bearer token`,
        'write auth: { user: NAME, password_env: VARIABLE } or auth: { bearer_env: VARIABLE }',
      )
    return undefined
  }

  /** The map at a path; a key that is not among the known ones is an error, a secret in its place one of its own. */
  #map(
    value: unknown,
    path: string,
    known?: readonly string[],
    secrets: Readonly<Record<string, string>> = {},
  ): Values {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#refuse(path, `${path === '' ? 'the file' : path} is no map`, 'write key: value lines')
      return {}
    }
    for (const key of known === undefined ? [] : Object.keys(value)) {
      const at = path === '' ? key : `${path}.${key}`
      const remedy = Object.hasOwn(secrets, key) ? secrets[key] : undefined
      if (remedy !== undefined) this.#secret(at, remedy)
      else if (known?.includes(key) === false) {
        const { message, hint } = core.SW_CONFIG_UNKNOWN_KEY({ path: at, key, known })
        this.#refuse(at, message, hint)
      }
    }
    return value as Values
  }

  #text(map: Values, key: string, path: string): string | undefined {
    const value = map[key]
    if (value === undefined || (typeof value === 'string' && value !== '')) return value
    const at = path === '' ? key : `${path}.${key}`
    this.#refuse(at, `${at} is no text`, `write ${key}: and a text, in quotes where needed`)
    return undefined
  }

  #names(map: Values, key: string): readonly string[] | undefined {
    const value = map[key]
    if (value === undefined) return undefined
    if (isNames(value)) return value
    this.#refuse(key, `${key} is no list of names`, `write ${key}: [gpu-a, gpu-b]`)
    return undefined
  }

  #seconds(map: Values, key: string, path: string): number | undefined {
    const value = map[key]
    if (value === undefined) return undefined
    if (typeof value === 'number' && value > 0 && value <= mostSeconds) return value
    const at = `${path}.${key}`
    this.#refuse(at, `${at} is no number of seconds`, `write ${key}: 120`)
    return undefined
  }

  #multiple(map: Values, key: string, path: string): number | undefined {
    const value = map[key]
    if (value === undefined || isSizeMultiple(value)) return value
    const at = `${path}.${key}`
    this.#refuse(at, `${at} is no multiple of 8 from 8 to 256`, `write ${key}: 16`)
    return undefined
  }

  #refuse(path: string, problem: string, remedy: string): void {
    const place = this.#place(path)
    this.found.push(errors.SW_CLI_CONFIG_INVALID({ path, place, problem, remedy }))
  }

  #secret(path: string, remedy: string): void {
    this.found.push(errors.SW_CLI_SECRET_IN_FILE({ path, place: this.#place(path), remedy }))
  }
}

function isNames(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => typeof one === 'string' && one !== '')
  )
}

type Values = Readonly<Record<string, unknown>>

/** What a plugin may be allowed to use. */
export const permissions = ['network', 'files'] as const

const packageName = /^(?:@[a-z0-9][a-z0-9-._]*\/)?[a-z0-9][a-z0-9-._]*$/
