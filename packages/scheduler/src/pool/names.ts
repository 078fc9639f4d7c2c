import type { Capabilities } from '@stagewright/core'

/** A server as far as it has names. */
export interface Naming {
  readonly name: string
  readonly capabilities: Capabilities
}

/** What several servers call the things of one kind: checkpoints, samplers. */
export interface CommonNames {
  /** One name for each thing that any server has. */
  readonly names: readonly string[]
  /** Its other names; those that could mean two things are none. */
  readonly aliases: Readonly<Record<string, string>>
  /** Hashes of files by their one name, as long as any server tells them. */
  readonly hashes: Readonly<Record<string, string>>
  /** Names that stand for different files, with what is told of that. */
  readonly clashes: Readonly<Record<string, string>>
}

/** One thing, on the servers that have it. */
interface Thing {
  /** Server → what it is called there. */
  readonly on: Map<Naming, Own>
  readonly names: Set<string>
}

/** A thing as one server has it. */
interface Own {
  readonly name: string
  readonly aliases: readonly string[]
  readonly hash: string | undefined
}

/** Finds what is the same on several servers: what shares a name, listed or other, unless the files are known to differ.
 *  `juggernaut` of one and `juggernaut.safetensors` of another are one checkpoint. */
export function commonNames(servers: readonly Naming[], kind: string): CommonNames {
  const things: Thing[] = []
  const byName = new Map<string, Thing[]>()
  const clashes = new Map<string, Map<Naming, string>>()
  for (const server of servers)
    for (const own of ownNames(server, kind)) {
      const sharing = [own.name, ...own.aliases].flatMap((name) =>
        (byName.get(name) ?? []).map((thing) => ({ name, thing })),
      )
      for (const { name, thing } of sharing) tellClash(clashes, name, thing, server, own)
      const same = sharing.find(({ thing }) => isSame(thing, server, own))?.thing
      const thing = same ?? { on: new Map<Naming, Own>(), names: new Set<string>() }
      if (same === undefined) things.push(thing)
      thing.on.set(server, own)
      for (const name of [own.name, ...own.aliases]) {
        if (thing.names.has(name)) continue
        thing.names.add(name)
        byName.set(name, [...(byName.get(name) ?? []), thing])
      }
    }
  const called = things.map((thing) => ({ ...thing, name: mostListed(thing) }))
  return {
    names: [...new Set(called.map(({ name }) => name))],
    aliases: Object.fromEntries(
      called.flatMap(({ name, names }) =>
        [...names].flatMap((other) =>
          other === name || byName.get(other)?.length !== 1 ? [] : [[other, name] as const],
        ),
      ),
    ),
    hashes: Object.fromEntries(
      called.flatMap(({ name, on }) => {
        const hash = longest([...on.values()].flatMap(({ hash: one }) => one ?? []))
        return hash === undefined ? [] : [[name, hash] as const]
      }),
    ),
    clashes: clashReasons(clashes, things),
  }
}

function ownNames({ capabilities }: Naming, kind: string): Own[] {
  const { resources, aliases, identity } = capabilities
  const listed = resources[kind]
  const others = new Map<string, string[]>()
  for (const [alias, name] of Object.entries(aliases?.[kind] ?? {}))
    others.set(name, [...(others.get(name) ?? []), alias])
  const names = new Set([...(listed === 'any' ? [] : (listed ?? [])), ...others.keys()])
  return [...names].map((name) => ({
    name,
    aliases: others.get(name) ?? [],
    hash: identity?.hashes?.[kind]?.[name],
  }))
}

function isSame({ on }: Thing, server: Naming, { hash }: Own): boolean {
  return !on.has(server) && [...on.values()].every((own) => sameHash(own.hash, hash))
}

/** A server tells a short hash before it has read the whole file, or none. */
function sameHash(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a.startsWith(b) || b.startsWith(a)
}

function tellClash(
  clashes: Map<string, Map<Naming, string>>,
  name: string,
  { on }: Thing,
  server: Naming,
  { hash }: Own,
): void {
  for (const [other, own] of on) {
    const shares = own.name === name || own.aliases.includes(name)
    if (!shares || other === server || sameHash(own.hash, hash)) continue
    const told = clashes.get(name) ?? new Map<Naming, string>()
    clashes.set(name, told.set(other, own.hash ?? '').set(server, hash ?? ''))
  }
}

/** Where servers list different files under one name, the other names of these files mean as little. */
function clashReasons(
  clashes: ReadonlyMap<string, ReadonlyMap<Naming, string>>,
  things: readonly Thing[],
): Record<string, string> {
  const reasons = new Map<string, string>()
  for (const [name, told] of clashes) {
    const files = [...told].map(([{ name: server }, hash]) => `${server} ${hash.slice(0, 10)}`)
    const reason = `its file differs between the servers (${files.join(', ')}): rename one`
    reasons.set(name, reason)
    for (const { on } of things)
      for (const own of on.values())
        if (own.name === name) for (const alias of own.aliases) reasons.set(alias, reason)
  }
  return Object.fromEntries(reasons)
}

/** What most of the servers list it as; the first of those. */
function mostListed({ on }: Thing): string {
  const listed = [...on.values()].map(({ name }) => name)
  const count = (name: string) => listed.filter((one) => one === name).length
  return listed.reduce((most, name) => (count(name) > count(most) ? name : most))
}

function longest(texts: readonly string[]): string | undefined {
  return texts.reduce<string | undefined>(
    (most, text) => (most === undefined || text.length > most.length ? text : most),
    undefined,
  )
}
