import {
  type BackendIdentity,
  canonicalName,
  type Capabilities,
  type Contribution,
  isStageImage,
  type Need,
  type StageImage,
} from '@stagewright/core'

import { hashOf } from './canonical.js'

/** What a call is known by. */
export interface CallFacts {
  readonly operation: string
  /** The whole request as handed to the backend. */
  readonly request: unknown
  readonly contributions: readonly Contribution[]
  /** Version of each stage, by name: a contribution means what its stage's version means by it. */
  readonly versions: Readonly<Record<string, string>>
  readonly backend: string
  readonly capabilities: Capabilities
  /** Every name that the plan says the backend must know. */
  readonly needs: readonly Need[]
}

/** What a call is found by. */
export interface CallKeys {
  /** Equal for calls that give the same pixels, different for all that does not. The first holds the hashes of the files
   *  that the call names, as far as they are known; a second one, where the hash of any is known, names them all by
   *  server and name, as they were known before the server had hashed them. */
  readonly keys: readonly string[]
  /** Those hashes by kind and name: what is found by the second key must not have been made with other files. */
  readonly hashes: Readonly<Record<string, string>>
}

/** The keys of a call.
 *  @param content tells what a picture is, whatever its texts say: a hash of what makes its pixels */
export async function callKeys(
  facts: CallFacts,
  content: (image: StageImage) => Promise<string>,
): Promise<CallKeys> {
  const names = renamed(facts)
  const request = await identified(facts.request, content, names)
  const contributions = await Promise.all(
    facts.contributions.map(async (one) => ({
      slot: one.slot,
      value: await identified(one.value, content, names),
      version: 'stage' in one ? facts.versions[String(one.stage)] : undefined,
    })),
  )
  const { dialect, version, options, server } = facts.capabilities.identity ?? {}
  const named = resourcesIn(facts, [request, contributions])
  const key = (identity: (one: Named) => string): string =>
    hashOf({
      v: 1,
      operation: facts.operation,
      request: withoutLabels(request),
      contributions,
      backend: { kind: facts.backend, dialect, version, options },
      resources: named.map((one) => [one.kind, identity(one)]),
    })
  const told = facts.capabilities.identity?.hashes ?? {}
  const hashes = Object.fromEntries(
    named.flatMap(({ kind, name }) => {
      const hash = told[fileKind(kind)]?.[name]
      return hash === undefined ? [] : [[`${kind} ${name}`, hash] as const]
    }),
  )
  const byName = ({ name }: Named): string => `${server ?? ''} ${name}`
  const exact = key((one) => hashes[`${one.kind} ${one.name}`] ?? byName(one))
  return { keys: [...new Set([exact, key(byName)])], hashes }
}

/** The key of a stage that works by itself. */
export async function stageKey(
  stage: { readonly name: string; readonly version: string; readonly config: unknown },
  images: readonly StageImage[],
  content: (image: StageImage) => Promise<string>,
): Promise<string> {
  const given = await Promise.all(
    images.map(async (image) => ({
      content: await content(image),
      seed: image.seed,
      settings: image.settings,
    })),
  )
  const { name, version, config } = stage
  return hashOf({ v: 1, stage: name, version, config, given })
}

type Rename = ReadonlyMap<string, string>

/** Other names that the request uses for a resource → the one that the backend goes by. */
function renamed({ needs, capabilities }: CallFacts): Rename {
  return new Map(
    needs.flatMap(({ kind, name }) => {
      const known = canonicalName(capabilities, kind, name)
      return known === name ? [] : [[name, known] as const]
    }),
  )
}

/** The value with every picture as what it is, and every resource by its one name. */
async function identified(
  value: unknown,
  content: (image: StageImage) => Promise<string>,
  names: Rename,
): Promise<unknown> {
  if (typeof value === 'string') return names.get(value) ?? value
  if (isStageImage(value)) return { picture: await content(value) }
  if (Array.isArray(value))
    return Promise.all(value.map((inner) => identified(inner, content, names)))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(async ([key, inner]) => {
    // Words that happen to be the name of a file are no file.
    const known = /(^|_)prompt$/.test(key) ? nothing : names
    return [key, await identified(inner, content, known)] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

const nothing: Rename = new Map()

/** `unit` tells the calls of one stage apart, and nothing to the backend. */
function withoutLabels(request: unknown): unknown {
  if (typeof request !== 'object' || request === null) return request
  const { unit: _, ...rest } = request as Record<string, unknown>
  // Without a share in the noise the seed of the variation makes no pixel.
  if (rest['subseed_strength'] === 0) delete rest['subseed']
  return rest
}

/** Resources that are files, among those that the plan needs: the ones that these values name. */
function resourcesIn({ needs, capabilities }: CallFacts, values: unknown): Named[] {
  const texts = textsIn(values)
  const found = new Map<string, Named>()
  for (const { kind, name: written } of needs) {
    const name = canonicalName(capabilities, kind, written)
    // A prompt keeps the name as it was written.
    const tags = [`<lora:${name}`, `<lora:${written}`]
    const used =
      kind === 'lora'
        ? texts.some((text) => tags.some((tag) => text.includes(tag)))
        : texts.includes(name)
    if (used && !notFiles.has(kind)) found.set(`${kind} ${name}`, { kind, name })
  }
  return [...found.values()].toSorted((a, b) =>
    `${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1,
  )
}

interface Named {
  readonly kind: string
  readonly name: string
}

const notFiles = new Set(['sampler', 'scheduler', 'script', 'option', 'field'])

/** A hires upscaler is a file like any other upscaler. */
function fileKind(kind: string): keyof NonNullable<BackendIdentity['hashes']> {
  return kind === 'hires_upscaler' ? 'upscaler' : kind
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}
