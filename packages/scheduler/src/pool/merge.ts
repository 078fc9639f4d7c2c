import type { BackendIdentity, Capabilities, SettingLimit, SizeGrid } from '@stagewright/core'

interface Known {
  readonly name: string
  readonly capabilities: Capabilities
}

/** What servers can do together: what any of them can. Which of them can make a call is asked for each call.
 *  - Names of resources are those that any server has. A checkpoint whose file differs between servers under one name is
 *    refused: its pictures would depend on where they are made.
 *  - A setting is refused where every server refuses it; where some can have it, each call finds them.
 *  - Sizes are rounded as most of the servers do; a call goes only where its own sizes come out the same.
 *  - What is left unset is pinned to what the most servers have, of what one of them uses now.
 *  - The identity is that of one server where all are alike; else it holds all of them, so that what is kept of calls is
 *    used again only by a pool of the same servers. */
export function mergeCapabilities(servers: readonly [Known, ...Known[]]): Capabilities {
  const all = servers.map(({ capabilities }) => capabilities)
  if (all.length === 1) return all[0] as Capabilities
  const resources = mergedNames(all)
  const current = currentOf(all)
  const clashes = clashingModels(servers)
  const limits = mergedLists(all.map((one) => one.limits))
  const anyCase = union(all.map((one) => one.anyCase))
  const exact = union(all.map((one) => one.exact))
  return {
    operations: union(all.map((one) => one.operations)),
    slots: union(all.map((one) => one.slots)),
    grid: gridOf(all.map(({ grid }) => grid)),
    resources,
    aliases: mergedAliases(all),
    ...(anyCase.length > 0 ? { anyCase } : {}),
    ...(exact.length > 0 ? { exact } : {}),
    refused: { ...commonRefusals(all), ...(clashes === undefined ? {} : { model: clashes }) },
    remedies: mergedRemedies(servers),
    ...(current === undefined ? {} : { current }),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    settings: commonLimits(all),
    previews: all.some(({ previews }) => previews === true),
    maxSeed: Math.max(...all.map(({ maxSeed = 2 ** 32 - 1 }) => maxSeed)),
    identity: identityOf(servers),
  }
}

/** Whether what was told before holds of `after` too: the same pictures for the same calls, and no name that means
 *  something else. */
export function stillTold(before: Capabilities, after: Capabilities): boolean {
  const character = ({ identity, grid, refused }: Capabilities) =>
    JSON.stringify([identity?.dialect, identity?.version, identity?.options, grid, refused])
  return (
    character(before) === character(after) &&
    Object.entries(before.aliases ?? {}).every(([kind, names]) =>
      Object.entries(names).every(([alias, name]) => after.aliases?.[kind]?.[alias] === name),
    )
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

function mergedNames(all: readonly Capabilities[]): Record<string, readonly string[] | 'any'> {
  const kinds = union(all.map(({ resources }) => Object.keys(resources)))
  return Object.fromEntries(
    kinds.map((kind) => {
      const lists = all.flatMap(({ resources }) => resources[kind] ?? [])
      return [kind, lists.includes('any') ? 'any' : union([lists])]
    }),
  )
}

function mergedLists(
  all: readonly (Readonly<Record<string, readonly string[]>> | undefined)[],
): Record<string, readonly string[]> {
  const keys = union(all.map((one) => Object.keys(one ?? {})))
  return Object.fromEntries(keys.map((key) => [key, union(all.map((one) => one?.[key]))]))
}

/** An alias that means different things on two servers means nothing. */
function mergedAliases(
  all: readonly Capabilities[],
): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const kinds = union(all.map(({ aliases = {} }) => Object.keys(aliases)))
  return Object.fromEntries(
    kinds.map((kind) => {
      const names = union(all.map(({ aliases }) => Object.keys(aliases?.[kind] ?? {})))
      const entries = names.flatMap((alias) => {
        const meant = union([all.flatMap(({ aliases }) => aliases?.[kind]?.[alias] ?? [])])
        return meant.length === 1 ? [[alias, meant[0] as string]] : []
      })
      return [kind, Object.fromEntries(entries) as Record<string, string>]
    }),
  )
}

/** What all of them say, or each of those that say something. */
function mergedRemedies(servers: readonly Known[]): Readonly<Record<string, string>> {
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

/** Names that every server refuses; what one of them refuses is asked with each call. */
function commonRefusals(all: readonly Capabilities[]): NonNullable<Capabilities['refused']> {
  const [first, ...others] = all
  return Object.fromEntries(
    Object.entries(first?.refused ?? {}).map(([kind, names]) => [
      kind,
      Object.fromEntries(
        Object.entries(names).filter(([name]) =>
          others.every(({ refused }) => refused?.[kind]?.[name] !== undefined),
        ),
      ),
    ]),
  )
}

/** Limits that every server has, in the words of the first. */
function commonLimits(all: readonly Capabilities[]): readonly SettingLimit[] {
  const [first = [], ...others] = all.map(({ settings = [] }) => settings)
  const bound = ({ on, field, only, least, most, beside }: SettingLimit) =>
    JSON.stringify([on, field, only, least, most, beside])
  const bounds = others.map((limits) => new Set(limits.map((limit) => bound(limit))))
  return first.filter((limit) => bounds.every((has) => has.has(bound(limit))))
}

/** Of the servers' own settings, those whose model the most servers have. */
function currentOf(all: readonly Capabilities[]): Capabilities['current'] {
  const having = (model: string | undefined) =>
    all.filter(({ resources: { model: names } }) =>
      model === undefined ? false : names === 'any' || names?.includes(model),
    ).length
  const most = all
    .map(({ current }) => current)
    .filter((current) => current !== undefined)
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

function clashingModels(servers: readonly Known[]): Record<string, string> | undefined {
  const hashes = servers.map(({ capabilities }) => capabilities.identity?.hashes?.['model'] ?? {})
  const clashes = union(hashes.map((one) => Object.keys(one))).flatMap((model) => {
    const told = servers.flatMap(({ name }, i) => {
      const hash = hashes[i]?.[model]
      return hash === undefined ? [] : [{ name, hash }]
    })
    return told.every(({ hash }) => sameHash(hash, told[0]?.hash ?? ''))
      ? []
      : [
          [
            model,
            `its file differs between the servers (${told.map(({ name, hash }) => `${name} ${hash.slice(0, 10)}`).join(', ')}): rename one`,
          ] as const,
        ]
  })
  if (clashes.length === 0) return undefined
  const reasons = new Map(clashes)
  // By whatever name it is asked for.
  const aliases = servers.flatMap(({ capabilities: { aliases: all } }) =>
    Object.entries(all?.['model'] ?? {}).flatMap(([alias, model]) => {
      const reason = reasons.get(model)
      return reason === undefined ? [] : [[alias, reason] as const]
    }),
  )
  return Object.fromEntries([...clashes, ...aliases])
}

/** A server tells a short hash before it has read the whole file. */
function sameHash(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a)
}

function identityOf(servers: readonly Known[]): BackendIdentity {
  const all = servers.map(({ capabilities: { identity = {} } }) => identity)
  const hashes = Object.fromEntries(
    union(all.map(({ hashes: of = {} }) => Object.keys(of))).map((kind) => [
      kind,
      Object.assign({}, ...all.map(({ hashes: of }) => of?.[kind])) as Record<string, string>,
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
    options: { pool: kinds.toSorted() },
    server,
    hashes,
  }
}
