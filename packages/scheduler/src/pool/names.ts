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

/** A file, as far as names and hashes tell: what it is called on the servers that have it. */
type Thing = readonly Own[]

/** A thing as one server has it. */
interface Own {
  readonly server: Naming
  readonly name: string
  readonly aliases: readonly string[]
  readonly hash: string | undefined
}

/** Finds what is the same on several servers: what shares a name, listed or other, unless the files are known to differ.
 *  `juggernaut` of one and `juggernaut.safetensors` of another are one checkpoint. Where that would make two files of a
 *  server one, or two hashes, only what is listed alike is the same. */
export function commonNames(servers: readonly Naming[], kind: string): CommonNames {
  const all = servers.flatMap((server) => ownNames(server, kind))
  const byName = new Map<string, Own[]>()
  for (const own of all)
    for (const name of namesOf(own)) byName.set(name, [...(byName.get(name) ?? []), own])
  const clashes = clashReasons(byName)
  const shared = [...byName].flatMap(([name, owns]) => (clashes.has(name) ? [] : [owns]))
  const things = joined(all, shared).flatMap((thing) =>
    isOne(thing) ? [thing] : listedAlike(thing),
  )
  const thingOf = new Map(things.flatMap((thing) => thing.map((own) => [own, thing] as const)))
  const isClear = (name: string): boolean =>
    !clashes.has(name) && new Set(byName.get(name)?.map((own) => thingOf.get(own))).size === 1
  const called = things.map((thing) => ({ thing, name: oneName(thing, isClear) }))
  return {
    names: [...new Set(called.map(({ name }) => name))],
    aliases: Object.fromEntries(
      called.flatMap(({ thing, name }) =>
        [...new Set(thing.flatMap(namesOf))].flatMap((other) =>
          other === name || !isClear(name) || !isClear(other) ? [] : [[other, name] as const],
        ),
      ),
    ),
    hashes: Object.fromEntries(
      called.flatMap(({ thing, name }) => {
        const hash = longest(thing.flatMap(({ hash: one }) => one ?? []))
        return hash === undefined ? [] : [[name, hash] as const]
      }),
    ),
    clashes: Object.fromEntries(clashes),
  }
}

function namesOf({ name, aliases }: Own): string[] {
  return [...new Set([name, ...aliases])]
}

function ownNames(server: Naming, kind: string): Own[] {
  const { resources, aliases, identity } = server.capabilities
  const listed = resources[kind]
  const others = new Map<string, string[]>()
  for (const [alias, name] of Object.entries(aliases?.[kind] ?? {}))
    others.set(name, [...(others.get(name) ?? []), alias])
  const names = new Set([...(listed === 'any' ? [] : (listed ?? [])), ...others.keys()])
  return [...names].map((name) => ({
    server,
    name,
    aliases: others.get(name) ?? [],
    hash: identity?.hashes?.[kind]?.[name],
  }))
}

/** A server tells a short hash before it has read the whole file, or none. */
function sameHash(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a.startsWith(b) || b.startsWith(a)
}

/** What is linked, however many steps lie between. */
function joined(all: readonly Own[], links: readonly (readonly Own[])[]): Own[][] {
  const groups = new Map(all.map((own) => [own, [own]]))
  for (const [first, ...others] of links)
    for (const other of others) {
      const into = groups.get(first as Own) as Own[]
      const from = groups.get(other) as Own[]
      if (into === from) continue
      into.push(...from)
      for (const own of from) groups.set(own, into)
    }
  return [...new Set(groups.values())]
}

function isOne(thing: Thing): boolean {
  return (
    new Set(thing.map(({ server }) => server)).size === thing.length &&
    thing.every(({ hash }) => thing.every((other) => sameHash(hash, other.hash)))
  )
}

function listedAlike(owns: readonly Own[]): Own[][] {
  const names = [...new Set(owns.map(({ name }) => name))]
  return names.map((name) => owns.filter((own) => own.name === name))
}

/** Names that stand for different files. Where servers list these files under it, their other names mean as little. */
function clashReasons(byName: ReadonlyMap<string, readonly Own[]>): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>()
  for (const [name, owns] of byName) {
    const told = owns.filter(({ hash }) => owns.some((other) => !sameHash(hash, other.hash)))
    if (told.length === 0) continue
    const files = told.map(({ server, hash = '' }) => `${server.name} ${hash.slice(0, 10)}`)
    const reason = `its file differs between the servers (${files.join(', ')}): rename one`
    reasons.set(name, reason)
    for (const own of owns)
      if (own.name === name) for (const alias of own.aliases) reasons.set(alias, reason)
  }
  return reasons
}

/** What most of the servers list it as, of what means nothing else; the first of those. */
function oneName(thing: Thing, isClear: (name: string) => boolean): string {
  const listed = thing.map(({ name }) => name)
  const clear = listed.filter(isClear)
  const others = thing.flatMap(({ aliases }) => aliases).filter(isClear)
  const names = [clear, others, listed].find(({ length }) => length > 0) as string[]
  const count = (name: string) => names.filter((one) => one === name).length
  return names.reduce((most, name) => (count(name) > count(most) ? name : most))
}

function longest(texts: readonly string[]): string | undefined {
  return texts.reduce<string | undefined>(
    (most, text) => (most === undefined || text.length > most.length ? text : most),
    undefined,
  )
}
