import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

import { isMissing, readError } from '../disk/files.js'
import { type Cache, referencesIn, storedEntries, storedObjects } from './contents.js'
import { digestsOf } from './list.js'

export interface CacheCheck {
  /** How many were looked at. */
  readonly pictures: number
  readonly calls: number
  readonly damagedPictures: readonly {
    readonly digest: string
    /** Names of the folders of the runs whose journals name it. */
    readonly runs: readonly string[]
  }[]
  readonly damagedCalls: readonly {
    readonly key: string
    readonly problem: string
  }[]
  /** Whether what is damaged was dropped. A run that needs it makes it again. */
  readonly repaired: boolean
}

/** Reads everything that is kept: every picture is hashed against its name, every call against its checksum, and its
 *  pictures are looked for.
 *  @param repair drops what is damaged
 *  @throws {PipelineError} SW_STORE_READ_FAILED */
export async function cacheVerify(
  cache: Cache,
  { repair = false }: { readonly repair?: boolean } = {},
): Promise<CacheCheck> {
  const runs = await referencesIn(cache.root)
  // Calls before pictures: a call that is kept meanwhile has its pictures kept before it.
  const entries = await storedEntries(cache)
  const objects = await storedObjects(cache)
  const damagedPictures: CacheCheck['damagedPictures'][number][] = []
  const sound = new Set<string>()
  for (const { name: digest, path } of objects) {
    const found = await hashOfFile(path)
    if (found === undefined) continue
    if (found === digest) sound.add(digest)
    else damagedPictures.push({ digest, runs: runs.get(digest) ?? [] })
  }
  const damagedCalls: CacheCheck['damagedCalls'][number][] = []
  for (const { name: key, path } of entries) {
    const problem = problemOf(await digestsOf(cache, path), sound)
    if (problem === undefined) continue
    damagedCalls.push({ key, problem })
    if (repair) await rm(path, { force: true })
  }
  if (repair) for (const { digest } of damagedPictures) await cache.objects.remove(digest)
  const counts = { pictures: objects.length, calls: entries.length }
  return { ...counts, damagedPictures, damagedCalls, repaired: repair }
}

function problemOf(
  pictures: readonly string[] | undefined,
  sound: ReadonlySet<string>,
): string | undefined {
  if (pictures === undefined) return 'its entry is not what was written'
  const lost = pictures.filter((digest) => !sound.has(digest))
  if (lost.length === 0) return undefined
  return `${lost.length} of its ${pictures.length} pictures ${lost.length === 1 ? 'is' : 'are'} missing or damaged`
}

/** SHA-256 of a file, lower-case hex; undefined where it is gone. */
async function hashOfFile(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw readError(path, error)
  }
  return hash.digest('hex')
}
