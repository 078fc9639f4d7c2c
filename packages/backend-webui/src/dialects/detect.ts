import type { Transport } from '../transport.js'
import { dialects } from './all.js'
import type { Dialect, DialectName } from './dialect.js'

/** What a server is. */
export interface Server {
  readonly dialect: Dialect
  /** As far as a cheap read tells it. */
  readonly version?: string | undefined
}

/** Finds the dialect from the API itself, by cheap reads in order: each answer that is there settles it.
 *  @throws {PipelineError} SW_WEBUI_… when nothing at the address speaks `/sdapi/v1`
 *  @source reference §1 */
export async function detect(
  transport: Transport,
  wanted: DialectName | 'auto',
  signal?: AbortSignal,
): Promise<Server> {
  const read = async (path: string): Promise<unknown> =>
    (await transport.get(path, { optional: true, signal }))?.body
  const server = async (name: DialectName, said?: unknown): Promise<Server> => {
    const version = await versionOf(name, said, read)
    signal?.throwIfAborted()
    return { dialect: dialects[name], ...(version === undefined ? {} : { version }) }
  }
  if (wanted !== 'auto')
    return server(wanted, wanted === 'sdnext' ? await read('/sdapi/v1/version') : undefined)
  if (isRecord(await read('/sdcpp/v1/capabilities'))) return server('sdcpp')
  const version = await read('/sdapi/v1/version')
  if (isRecord(version) && version['app'] === 'sd.next') return server('sdnext', version)
  if (Array.isArray(await read('/sdapi/v1/sd-modules'))) return server('forge')
  if ((await read('/sdapi/v1/schedulers')) === undefined) {
    // Up to 1.9.0 AUTOMATIC1111 has no such listing. This read is not optional: without it the API is off.
    await transport.get('/sdapi/v1/samplers', { signal })
    return server('a1111')
  }
  const api = await read('/openapi.json')
  return server(hasHiresCfg(api) ? 'reforge' : 'a1111')
}

function hasHiresCfg(api: unknown): boolean {
  const schemas = at(at(api, 'components'), 'schemas')
  return (
    at(at(at(schemas, 'StableDiffusionProcessingTxt2Img'), 'properties'), 'hr_cfg') !== undefined
  )
}

/** As SD.Next says it of itself, or the page of the other WebUIs, which `--nowebui` leaves out: nothing depends on it,
 *  so a server that refuses it has no version. */
async function versionOf(
  name: DialectName,
  said: unknown,
  read: (path: string) => Promise<unknown>,
): Promise<string | undefined> {
  if (name === 'sdcpp') return 'stable-diffusion.cpp'
  const told =
    name === 'sdnext'
      ? ['version', 'updated', 'hash', 'commit'].map((key) => at(said, key))
      : [at(await read('/internal/sysinfo').catch(() => undefined), 'Version')]
  return told.find((one): one is string => typeof one === 'string' && one !== '')
}

function at(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
