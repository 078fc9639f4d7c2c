import { modelStem, withoutModelEnding } from '@stagewright/metadata'

/** A checkpoint as the server lists it. */
export interface Checkpoint {
  /** Its file relative to the models' folder: what we call it. */
  readonly name: string
  /** What is sent: an exact alias on every server, whether the file was hashed or not. */
  readonly title: string
  /** SHA-256 of the file, or its first ten digits; unknown until the server has loaded it once. */
  readonly hash?: string
}

export interface Checkpoints {
  readonly list: readonly Checkpoint[]
  /** Every other name for one of them, less those that could mean two. */
  readonly aliases: Readonly<Record<string, string>>
}

/** Reads `GET /sdapi/v1/sd-models`. Titles change once a file is hashed, so a checkpoint is called by its file.
 *  @source reference §10 */
export function readCheckpoints(listed: readonly Readonly<Record<string, unknown>>[]): Checkpoints {
  const list: Checkpoint[] = []
  const claims = new Map<string, Set<string>>()
  for (const one of listed) {
    const title = text(one['title']) ?? text(one['model_name'])
    if (title === undefined) continue
    const name = title.replace(/ \[[0-9a-f]+\]$/i, '')
    const stem = modelStem(name)
    const hash = hashIn(one['hash'])
    const sha256 = hashIn(one['sha256'])
    const known = sha256 ?? hash
    list.push({ name, title, ...(known === undefined ? {} : { hash: known }) })
    const others = [
      title,
      text(one['model_name']),
      stem,
      withoutModelEnding(name),
      name.replaceAll('\\', '/'),
      fileName(one['filename']),
      hash,
      sha256,
      ...(hash === undefined ? [] : [`${name} [${hash}]`, `${stem} [${hash}]`]),
    ]
    for (const alias of others)
      if (alias !== undefined && alias !== name)
        claims.set(alias, (claims.get(alias) ?? new Set<string>()).add(name))
  }
  const names = new Set(list.map(({ name }) => name))
  const aliases = [...claims].flatMap(([alias, [first, ...more]]) =>
    first === undefined || more.length > 0 || names.has(alias) ? [] : [[alias, first] as const],
  )
  return { list, aliases: Object.fromEntries(aliases) }
}

/** sd-server makes its hashes up: the same digit over and over. @source sd-server.md, sd-models */
function hashIn(value: unknown): string | undefined {
  const hash = text(value)
  return hash === undefined || /^(.)\1*$/.test(hash) ? undefined : hash
}

/** Without its folders, and with its ending: what sd-server itself leaves out of its list, and names in its answers. */
function fileName(value: unknown): string | undefined {
  return text(value)?.split(/[/\\]/).at(-1)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
