import { pathToFileURL } from 'node:url'

import type { WebuiHandler, WebuiSlot } from '@stagewright/backend-webui'
import { errors as core, messageOf, type PipelineError, type Stage } from '@stagewright/core'

import { errors } from '../errors.js'
import type { RegisteredStage } from '../host.js'
import { throwAll } from '../report/several.js'
import type { ConfigFile, PluginEntry } from '../servers/config-file.js'
import { entryOf, findPackage, type FoundPackage } from './find-package.js'
import { checkStatement, type Statement } from './statement.js'

/** What the plugins of a config file bring. */
export interface Plugins {
  readonly stages: readonly RegisteredStage[]
  readonly handlers: readonly WebuiHandler[]
  readonly slots: readonly WebuiSlot[]
}

/** Loads the plugins that the config file lists, and no others. All are checked before the first one is run: one that
 *  does not fit, and none is loaded.
 *  @param builtIn stages whose names are taken
 *  @throws {PipelineError} SW_CLI_PLUGIN_…, SW_PLUGIN_DUPLICATE_STAGE: every mistake at once */
export async function loadPlugins(
  { plugins, folder }: Pick<ConfigFile, 'plugins' | 'folder'>,
  builtIn: readonly RegisteredStage[],
): Promise<Plugins> {
  const checked = await Promise.all([...plugins].map((one) => check(one, folder)))
  throwAll(checked.flatMap(({ found }) => found))
  const loaded = await Promise.all(checked.flatMap(({ plugin }) => plugin ?? []).map(load))
  throwAll(loaded.flatMap(({ found }) => found))
  const stages = loaded.flatMap((one) => one.stages)
  throwAll(duplicates([...builtIn, ...stages]))
  return {
    stages,
    handlers: loaded.flatMap((one) => one.handlers),
    slots: loaded.flatMap((one) => one.slots),
  }
}

interface Checked {
  readonly found: FoundPackage
  readonly statement: Statement
  readonly main: string
  readonly webui: string | undefined
}

async function check(
  [name, entry]: readonly [string, PluginEntry],
  folder: string,
): Promise<{ readonly plugin?: Checked; readonly found: readonly PipelineError[] }> {
  const found = await findPackage(name, folder)
  if (found === undefined)
    return { found: [errors.SW_CLI_PLUGIN_NOT_FOUND({ plugin: name, folder, range: entry.range })] }
  const { statement, found: against } = checkStatement(found, entry)
  if (statement === undefined) return { found: against }
  const main = entryOf(found, '.')
  const webui = statement.webui === undefined ? undefined : entryOf(found, statement.webui)
  const missing = [
    ...(main === undefined ? ['.'] : []),
    ...(statement.webui !== undefined && webui === undefined ? [statement.webui] : []),
  ].map((what) =>
    errors.SW_CLI_PLUGIN_STATEMENT({ plugin: name, problem: `it has no entry "${what}"` }),
  )
  if (main === undefined || missing.length > 0) return { found: missing }
  return { plugin: { found, statement, main, webui }, found: [] }
}

async function load({
  found: { manifest },
  main,
  webui,
}: Checked): Promise<Plugins & { readonly found: readonly PipelineError[] }> {
  const { name: from, version } = manifest
  const none = { stages: [], handlers: [], slots: [] }
  try {
    const [own, second] = await Promise.all([main, webui].map(namespaceOf))
    const stages = [...new Set(Object.values(own ?? {}).flat())].filter(isStage)
    const { handlers, slots } = (second ?? {}) as Partial<Plugins>
    const found =
      stages.length === 0 ? [errors.SW_CLI_PLUGIN_NO_STAGE({ plugin: from, file: main })] : []
    return {
      stages: stages.map((stage) => ({ stage, from, version })),
      handlers: handlers ?? [],
      slots: slots ?? [],
      found,
    }
  } catch (cause) {
    const details = { plugin: from, reason: messageOf(cause) }
    return { ...none, found: [errors.SW_CLI_PLUGIN_THREW(details, { cause })] }
  }
}

async function namespaceOf(file: string | undefined): Promise<object | undefined> {
  return file === undefined ? undefined : ((await import(pathToFileURL(file).href)) as object)
}

function isStage(value: unknown): value is Stage {
  const { name, contract, definition } = (value ?? {}) as Partial<Stage>
  return typeof name === 'string' && contract !== undefined && typeof definition === 'object'
}

function duplicates(stages: readonly RegisteredStage[]): PipelineError[] {
  const names = new Map<string, string[]>()
  for (const { stage, from } of stages)
    names.set(stage.name, [...(names.get(stage.name) ?? []), from])
  return [...names].flatMap(([stage, origins]) =>
    origins.length < 2 ? [] : [core.SW_PLUGIN_DUPLICATE_STAGE({ stage, origins })],
  )
}
