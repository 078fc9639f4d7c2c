import { splitSampler } from '@stagewright/core/sampling'

import type { Dialect } from '../dialects/dialect.js'

interface Names {
  readonly names: readonly string[] | 'any'
  readonly aliases: Readonly<Record<string, string>>
}

type Rows = readonly Readonly<Record<string, unknown>>[]

/** Sampler names. Where no schedules are listed and names hold them ("DPM++ 2M Karras": AUTOMATIC1111 up to 1.8), the
 *  two are told apart, and `combined` keeps what the server really lists. @source reference §11 */
export function readSamplers(
  dialect: Dialect,
  listed: Rows,
  unscheduled: boolean,
): Names & { readonly combined: ReadonlySet<string> | undefined } {
  const raw = listed.flatMap((one) => text(one['name']) ?? [])
  const old = unscheduled && raw.some((name) => splitSampler(name) !== undefined)
  const names = old
    ? [...new Set(raw.map((name) => splitSampler(name)?.sampler_name ?? name))]
    : raw
  const told = listed.flatMap((one) => {
    const [name, aliases] = [text(one['name']), one['aliases']]
    return name !== undefined && !old && Array.isArray(aliases)
      ? aliases.flatMap((alias: unknown) =>
          typeof alias === 'string' && !names.includes(alias) ? [[alias, name] as const] : [],
        )
      : []
  })
  const here = Object.entries(dialect.samplers).filter(([, own]) => names.includes(own))
  return {
    names,
    aliases: Object.fromEntries([...told, ...here]),
    combined: old ? new Set(raw) : undefined,
  }
}

/** The WebUI's name of it, by label: known also where the server lists no such schedule. */
const automatic = { automatic: 'Automatic' }

/** Schedule names, by label where there is one. "Automatic" is always among them: it means that none is sent, or is the
 *  server's own word. */
export function readSchedulers(
  dialect: Dialect,
  listed: unknown,
  combined: ReadonlySet<string> | undefined,
): Names {
  const unlisted = Object.keys(dialect.schedulers)
  if (combined !== undefined) {
    const found = [...combined].flatMap((name) => splitSampler(name)?.scheduler ?? [])
    return { names: [...new Set(['Automatic', ...found])], aliases: { ...automatic } }
  }
  if (!Array.isArray(listed)) {
    if (dialect.lists.schedulers !== undefined) return { names: 'any', aliases: {} }
    const lower = Object.entries(dialect.schedulers).filter(([label, own]) => label !== own)
    return {
      names: ['Automatic', ...unlisted],
      aliases: { ...automatic, ...Object.fromEntries(lower.map(([label, own]) => [own, label])) },
    }
  }
  const names: string[] = []
  const aliases: Record<string, string> = { ...automatic }
  for (const one of listed as Rows) {
    const [name, label] = [text(one['name']), text(one['label'])]
    const known = label ?? name
    if (known === undefined) continue
    names.push(known)
    if (name !== undefined && name !== known) aliases[name] = known
  }
  for (const [label, own] of Object.entries(dialect.schedulers))
    if (names.includes(own) && !names.includes(label)) aliases[label] = own
  return { names: [...new Set(['Automatic', ...names])], aliases }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
