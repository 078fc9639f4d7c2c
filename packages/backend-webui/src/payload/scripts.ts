import { Detail, type Passthrough } from '@stagewright/core'

import type { Payload } from '../dialects/dialect.js'
import type { ScriptInfo } from '../inventory/inventory.js'
import { answerErrors } from '../result/errors.js'
import type { BodyPart } from '../transport.js'
import { type Encoding, mismatch } from './encoding.js'
import { isMap } from './merge.js'

/** ADetailer switched off in so many words: a server's page may have switched it on for every job. */
export function detailerOff({ dialect, inventory }: Encoding): Payload {
  const installed = dialect.detail === 'adetailer' && inventory.names['detector'] !== undefined
  return installed ? { alwayson_scripts: { ADetailer: { args: [false] } } } : {}
}

/** The user's scripts as they are. */
export function scriptsOf(encoding: Encoding, request: Passthrough): Payload {
  const { alwayson_scripts: always, script_name: name, script_args: args } = request
  const some = name !== undefined || Object.keys(always ?? {}).length > 0
  if (!some) return {}
  if (!encoding.dialect.fields.scripts) {
    mismatch(encoding, 'scripts', 'remove alwayson_scripts and script_name')
    return {}
  }
  if (Object.keys(always ?? {}).some((title) => title.toLowerCase() === 'adetailer'))
    encoding.warn(
      `ADetailer runs inside this call, not as the stage that makes ${Detail.name} calls`,
    )
  return {
    ...(always === undefined ? {} : { alwayson_scripts: always as Payload }),
    ...(name === undefined ? {} : { script_name: name, script_args: (args ?? []) as BodyPart }),
  }
}

/** Checks a whole payload's scripts against what the server lists: titles in any case, and how many arguments.
 *  @throws {PipelineError} SW_WEBUI_SCRIPT_UNKNOWN, SW_WEBUI_SCRIPT_KIND, SW_WEBUI_SCRIPT_ARGS, SW_WEBUI_SCRIPT_FORM */
export function checkScripts(encoding: Encoding, payload: Payload, img2img: boolean): void {
  const { scripts: listed } = encoding.inventory
  if (listed === undefined) return
  const there = listed.filter((one) => one.img2img === img2img)
  const { alwayson_scripts: always, script_name: name, script_args: args } = payload
  for (const [title, entry] of Object.entries(isMap(always) ? always : {})) {
    const script = find(encoding, there, title)
    const given = isMap(entry) ? entry['args'] : undefined
    if (!Array.isArray(given)) throw answerErrors.SW_WEBUI_SCRIPT_FORM({ title })
    if (script === undefined) continue
    if (!script.alwaysOn)
      throw answerErrors.SW_WEBUI_SCRIPT_KIND({ title, field: 'alwayson_scripts' })
    // Fewer are filled from the page; more are dropped in silence. ADetailer's own list is checked by its schema.
    const takes = script.argumentCount
    if (given.length > takes && takes > 0 && script.name !== 'adetailer')
      tell(encoding, answerErrors.SW_WEBUI_SCRIPT_ARGS({ title, given: given.length, takes }))
  }
  if (typeof name !== 'string') return
  const script = find(encoding, there, name)
  if (script === undefined) return
  if (script.alwaysOn)
    throw answerErrors.SW_WEBUI_SCRIPT_KIND({ title: name, field: 'script_name' })
  const given = Array.isArray(args) ? args.length : 0
  if (given !== script.argumentCount)
    tell(
      encoding,
      answerErrors.SW_WEBUI_SCRIPT_ARGS({ title: name, given, takes: script.argumentCount }),
    )
}

function find(
  encoding: Encoding,
  listed: readonly ScriptInfo[],
  title: string,
): ScriptInfo | undefined {
  const script = listed.find(({ name }) => name === title.toLowerCase())
  if (script !== undefined) return script
  const names = listed.map(({ name }) => name)
  const near = names.length === 0 ? '' : ` It has: ${names.slice(0, 12).join(', ')}`
  tell(encoding, answerErrors.SW_WEBUI_SCRIPT_UNKNOWN({ title, near }))
  return undefined
}

function tell({ lenient, warn }: Encoding, error: Error): void {
  if (!lenient) throw error
  warn(error.message)
}
