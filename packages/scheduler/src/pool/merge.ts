import {
  type BackendIdentity,
  canonicalName,
  type Capabilities,
  mismatch,
  type SettingLimit,
  type SizeGrid,
} from '@stagewright/core'

import { type CommonNames, commonNames, type Naming } from './names.js'

/** What servers can do together: what any of them can. Which of them can make a call is asked for each call.
 *  - Names of resources are those that any server has, each by one name. A checkpoint whose file differs between servers
 *    under one name is refused: its pictures would depend on where they are made.
 *  - A setting is refused where every server refuses it; where some can have it, each call finds them.
 *  - Sizes are rounded as most of the servers do; a call goes only where its own sizes come out the same.
 *  - What is left unset is pinned to what the most servers have, of what one of them uses now.
 *  - The identity is that of one server where all are alike; else it holds all of them, so that what is kept of calls is
 *    used again only by a pool of the same servers. */
export function mergeCapabilities(servers: readonly [Naming, ...Naming[]]): Capabilities {
  const all = servers.map(({ capabilities }) => capabilities)
  if (all.length === 1) return all[0] as Capabilities
  const kinds = union(
    all.flatMap(({ resources, aliases = {} }) => [Object.keys(resources), Object.keys(aliases)]),
  )
  const names = new Map(kinds.map((kind) => [kind, commonNames(servers, kind)]))
  const current = currentOf(all, names.get('model'))
  const limits = mergedLists(all.map((one) => one.limits))
  const anyCase = union(all.map((one) => one.anyCase))
  const exact = union(all.map((one) => one.exact))
  return {
    operations: union(all.map((one) => one.operations)),
    slots: union(all.map((one) => one.slots)),
    grid: gridOf(all.map(({ grid }) => grid)),
    resources: mergedNames(all, names),
    aliases: Object.fromEntries([...names].map(([kind, { aliases }]) => [kind, aliases])),
    ...(anyCase.length > 0 ? { anyCase } : {}),
    ...(exact.length > 0 ? { exact } : {}),
    refused: mergedRefusals(all, names),
    remedies: mergedRemedies(servers),
    ...(current === undefined ? {} : { current }),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    settings: commonLimits(all),
    previews: all.some(({ previews }) => previews === true),
    maxSeed: Math.max(...all.map(({ maxSeed = 2 ** 32 - 1 }) => maxSeed)),
    identity: identityOf(servers, names),
  }
}

/** Whether what was told before holds of `after` too: the same pictures for the same calls, and no name that means
 *  something else. */
export function stillTold(before: Capabilities, after: Capabilities): boolean {
  const character = ({ identity, grid, refused }: Capabilities) =>
    JSON.stringify([identity?.dialect, identity?.version, identity?.options, grid, refused])
  const { aliases = {}, resources } = before
  return (
    character(before) === character(after) &&
    Object.keys({ ...resources, ...aliases }).every((kind) => {
      const listed = resources[kind] ?? []
      return [...Object.keys(aliases[kind] ?? {}), ...(listed === 'any' ? [] : listed)].every(
        (name) => canonicalName(after, kind, name) === canonicalName(before, kind, name),
      )
    })
  )
}

/** The grid that most have, the first of them where several are as many. */
function gridOf(grids: readonly SizeGrid[]): SizeGrid {
  const same = (a: SizeGrid, b: SizeGrid) => a.multiple === b.multiple && a.round === b.round
  const count = (grid: SizeGrid) => grids.filter((one) => same(one, grid)).length
  return grids.reduce((most, grid) => (count(grid) > count(most) ? grid : most))
}

function union(lists: readonly (readonly string[] | undefined)[]): string[] {
  return [...new Set(lists.flatMap((list) => list ?? []))]
}

type Names = ReadonlyMap<string, CommonNames>

function mergedNames(
  all: readonly Capabilities[],
  names: Names,
): Record<string, readonly string[] | 'any'> {
  return Object.fromEntries(
    union(all.map(({ resources }) => Object.keys(resources))).map((kind) => [
      kind,
      all.some(({ resources }) => resources[kind] === 'any')
        ? 'any'
        : (names.get(kind)?.names ?? []),
    ]),
  )
}

function mergedLists(
  all: readonly (Readonly<Record<string, readonly string[]>> | undefined)[],
): Record<string, readonly string[]> {
  const keys = union(all.map((one) => Object.keys(one ?? {})))
  return Object.fromEntries(keys.map((key) => [key, union(all.map((one) => one?.[key]))]))
}

/** What all of them say, or each of those that say something. */
function mergedRemedies(servers: readonly Naming[]): Readonly<Record<string, string>> {
  const kinds = union(servers.map(({ capabilities: { remedies = {} } }) => Object.keys(remedies)))
  return Object.fromEntries(
    kinds.map((kind) => {
      const told = servers.flatMap(({ name, capabilities: { remedies } }) => {
        const text = remedies?.[kind]
        return text === undefined ? [] : [{ name, text }]
      })
      const [first] = told
      const same = told.length === servers.length && told.every(({ text }) => text === first?.text)
      const each = told.map(({ name, text }) => `${name}: ${text}`)
      return [kind, same ? (first?.text ?? '') : each.join('; ')]
    }),
  )
}

/** Names that every server refuses, and those that mean different things; what one of them refuses is asked with each
 *  call. */
function mergedRefusals(
  all: readonly Capabilities[],
  names: Names,
): NonNullable<Capabilities['refused']> {
  const [first, ...others] = all
  const common = Object.entries(first?.refused ?? {}).map(([kind, refusals]) => [
    kind,
    Object.fromEntries(
      Object.entries(refusals).filter(([name]) =>
        others.every(({ refused }) => refused?.[kind]?.[name] !== undefined),
      ),
    ),
  ])
  const refused = Object.fromEntries(common) as Record<string, Record<string, string>>
  for (const [kind, { clashes }] of names)
    if (Object.keys(clashes).length > 0) refused[kind] = { ...refused[kind], ...clashes }
  return refused
}

/** Limits that every server has, in the words of the first. */
function commonLimits(all: readonly Capabilities[]): readonly SettingLimit[] {
  const [first = [], ...others] = all.map(({ settings = [] }) => settings)
  const bound = ({ on, field, only, least, most, beside }: SettingLimit) =>
    JSON.stringify([on, field, only, least, most, beside])
  const bounds = others.map((limits) => new Set(limits.map((limit) => bound(limit))))
  return first.filter((limit) => bounds.every((has) => has.has(bound(limit))))
}

/** Of the servers' own settings, those whose model the most servers have, by the name that the most of them know. */
function currentOf(
  all: readonly Capabilities[],
  models: CommonNames | undefined,
): Capabilities['current'] {
  const having = (name: string | undefined) =>
    name === undefined || models?.clashes[name] !== undefined
      ? 0
      : all.filter((one) => mismatch({ kind: 'model', name, path: '' }, one, '') === undefined)
          .length
  const most = all
    .flatMap(({ current }) => (current === undefined ? [] : inAllNames(current, models)))
    .reduce<Capabilities['current']>(
      (best, current) =>
        best === undefined || having(current.model) > having(best.model) ? current : best,
      undefined,
    )
  if (most === undefined) return undefined
  // The checkpoint's own VAE and no modules ask for nothing where every server means them anyway, and would keep all calls
  // from servers that know of neither.
  const { vae, additional_modules: modules, ...others } = most
  const currents = all.map(({ current = {} }) => current)
  const ownVae = currents.every(({ vae: one = 'None' }) => one === 'Automatic' || one === 'None')
  const noModules = currents.every(({ additional_modules: some = [] }) => some.length === 0)
  const everywhere = (kind: string, name: string) =>
    all.every(({ resources: { [kind]: names } }) => names === 'any' || names?.includes(name))
  return {
    ...others,
    ...(vae === undefined || (ownVae && !everywhere('vae', vae)) ? {} : { vae }),
    ...(modules === undefined || (noModules && !everywhere('field', 'additional_modules'))
      ? {}
      : { additional_modules: modules }),
  }
}

/** Settings once for each name of their model, its one name first; names that mean two things are left out. */
function inAllNames(
  current: NonNullable<Capabilities['current']>,
  { aliases = {}, clashes = {} }: Partial<CommonNames> = {},
): NonNullable<Capabilities['current']>[] {
  const { model } = current
  if (model === undefined) return [current]
  const name = aliases[model] ?? model
  const others = Object.keys(aliases).filter((alias) => aliases[alias] === name)
  const clear = [name, ...others].filter((one) => clashes[one] === undefined)
  return (clear.length > 0 ? clear : [model]).map((one) => ({ ...current, model: one }))
}

function identityOf(servers: readonly Naming[], names: Names): BackendIdentity {
  const all = servers.map(({ capabilities: { identity = {} } }) => identity)
  const hashes = Object.fromEntries(
    union(all.map(({ hashes: of = {} }) => Object.keys(of))).map((kind) => [
      kind,
      names.get(kind)?.hashes ?? {},
    ]),
  )
  const server = [...new Set(all.map(({ server: at }, i) => at ?? servers[i]?.name ?? ''))]
    .toSorted()
    .join(' + ')
  const character = ({ dialect, version, options }: BackendIdentity) => ({
    dialect,
    version,
    options,
  })
  const kinds = [...new Set(all.map((one) => JSON.stringify(character(one))))]
  if (kinds.length === 1) {
    const [{ dialect, version, options } = {}] = all
    return {
      ...(dialect === undefined ? {} : { dialect }),
      ...(version === undefined ? {} : { version }),
      ...(options === undefined ? {} : { options }),
      server,
      hashes,
    }
  }
  return {
    dialect: [...new Set(all.map(({ dialect }) => dialect ?? 'unknown'))].toSorted().join(' + '),
    options: { pool: kinds.toSorted().map((kind) => JSON.parse(kind) as BackendIdentity) },
    server,
    hashes,
  }
}
