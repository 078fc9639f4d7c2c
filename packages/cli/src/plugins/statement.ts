import { contractVersion, ImageSource, type PipelineError } from '@stagewright/core'
import semver from 'semver'

import { errors } from '../errors.js'
import { permissions, type PluginEntry } from '../servers/config-file.js'
import { version as stagewright } from '../version.js'
import type { FoundPackage } from './find-package.js'

/** What a plugin says of itself, in `stagewright` of its `package.json`. */
export interface Statement {
  /** Version of the contract that its stages were made for. */
  readonly contract: number
  /** The versions of stagewright that it works with. */
  readonly range: string
  /** What it uses: `network`, `files`, `service:<token>`. */
  readonly needs: readonly string[]
  /** Its entry with the handlers and slots for WebUI servers: `./webui`. */
  readonly webui?: string | undefined
}

/** Reads what a plugin says of itself, and compares it with what is here and with what the config file allows. Nothing
 *  of the plugin is run.
 *  @returns the statement, or everything that is against the plugin */
export function checkStatement(
  { manifest }: FoundPackage,
  entry: PluginEntry,
): { readonly statement?: Statement; readonly found: readonly PipelineError[] } {
  const { name, version } = manifest
  const read = statementOf(manifest.stagewright)
  if (typeof read === 'string')
    return { found: [errors.SW_CLI_PLUGIN_STATEMENT({ plugin: name, problem: read })] }
  const found: PipelineError[] = []
  const includePrerelease = true
  if (!semver.satisfies(version, entry.range, { includePrerelease }))
    found.push(errors.SW_CLI_PLUGIN_VERSION({ plugin: name, version, range: entry.range }))
  if (read.contract !== contractVersion)
    found.push(
      errors.SW_CLI_PLUGIN_CONTRACT({
        plugin: name,
        contract: read.contract,
        supported: contractVersion,
      }),
    )
  if (!semver.satisfies(stagewright, read.range, { includePrerelease }))
    found.push(errors.SW_CLI_PLUGIN_RANGE({ plugin: name, range: read.range, stagewright }))
  for (const need of read.needs) {
    const service = /^service:(.+)$/.exec(need)?.[1]
    if (service === undefined && !entry.allow.includes(need))
      found.push(
        errors.SW_CLI_PLUGIN_NOT_ALLOWED({
          plugin: name,
          need,
          allow: [...entry.allow, need],
          range: entry.range,
        }),
      )
    if (service !== undefined && !services.includes(service))
      found.push(errors.SW_CLI_PLUGIN_SERVICE({ plugin: name, service, known: services }))
  }
  return found.length > 0 ? { found } : { statement: read, found }
}

/** Services that the command line provides. */
const services: readonly string[] = [ImageSource.name]

function statementOf(value: unknown): Statement | string {
  if (value === undefined) return 'it has no "stagewright" field'
  if (typeof value !== 'object' || value === null) return '"stagewright" is no map'
  const { contract, range, needs = [], webui } = value as Partial<Statement>
  if (!Number.isInteger(contract)) return '"stagewright.contract" is no whole number'
  if (typeof range !== 'string' || semver.validRange(range) === null)
    return '"stagewright.range" is no version range'
  const known = (need: unknown): boolean =>
    typeof need === 'string' &&
    ((permissions as readonly string[]).includes(need) || need.startsWith('service:'))
  if (!Array.isArray(needs) || !needs.every(known))
    return '"stagewright.needs" is no list of network, files and service:<token>'
  if (webui !== undefined && (typeof webui !== 'string' || !webui.startsWith('./')))
    return '"stagewright.webui" is no entry such as ./webui'
  return { contract: contract as number, range, needs: needs as readonly string[], webui }
}
