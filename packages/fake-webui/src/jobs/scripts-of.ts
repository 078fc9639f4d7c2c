import { HttpError } from '../http/errors.js'
import type { Exchange } from '../http/exchange.js'
import type { Script } from '../scripts/script.js'
import type { World } from '../world.js'
import type { Values } from './values.js'

export interface ChosenScript {
  readonly script: Script
  readonly args: readonly unknown[]
}

type Kind = 'txt2img' | 'img2img'

/** The always-on scripts with their arguments: the page's defaults, with the request's laid over them by position.
 *  @throws {HttpError} 422 with a string as detail */
export function alwaysOn(
  values: Values,
  kind: Kind,
  world: World,
  exchange: Exchange,
): ChosenScript[] {
  const wanted = new Map<string, readonly unknown[]>()
  for (const [name, entry] of Object.entries(values.alwayson_scripts ?? {})) {
    const script = byTitle(world, kind, name)
    if (script === undefined)
      throw new HttpError(
        422,
        world.dialect.name === 'sdnext'
          ? `Always on script not found: ${name}`
          : `Script '${name}' not found`,
      )
    if (!script.alwayson)
      throw new HttpError(422, 'Cannot have a selectable script in the always on scripts params')
    const given = (entry as { args?: unknown } | null)?.args
    if (Array.isArray(given)) wanted.set(script.title, given as unknown[])
  }
  return world.scripts
    .filter((script) => script.alwayson && script.tabs.includes(kind))
    .map((script) => {
      const args = script.args(world).map(({ value }) => structuredClone(value))
      const given = wanted.get(script.title) ?? []
      // Cut at the number of the page's arguments, without a word.
      for (let i = 0; i < Math.min(args.length, given.length); i++) args[i] = given[i]
      for (let i = args.length; i < given.length; i++)
        exchange.ignore(
          `alwayson_scripts.${script.title}.args[${String(i)}]`,
          `the script takes ${String(args.length)} arguments`,
        )
      return { script, args }
    })
}

/** The script that `script_name` chooses.
 *  @throws {HttpError} 422 */
export function selected(
  values: Values,
  kind: Kind,
  world: World,
  exchange: Exchange,
): ChosenScript | undefined {
  const name = values.script_name
  if (name === null || name === '' || name.toLowerCase() === 'none') {
    if (values.script_args.length > 0) exchange.ignore('script_args', 'acts only with script_name')
    return undefined
  }
  const script = byTitle(world, kind, name)
  if (script === undefined || script.alwayson) {
    if (world.dialect.name === 'sdnext') {
      exchange.ignore('script_name', `"${name}" is unknown`)
      return undefined
    }
    throw new HttpError(422, `Script '${name}' not found`)
  }
  return { script, args: values.script_args }
}

function byTitle(world: World, kind: Kind, name: string): Script | undefined {
  return world.scripts.find(
    (one) => one.title.toLowerCase() === name.toLowerCase() && one.tabs.includes(kind),
  )
}
