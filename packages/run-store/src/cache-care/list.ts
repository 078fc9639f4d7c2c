import { picturesOf } from '../calls/entry.js'
import {
  type Cache,
  referencesIn,
  type StoredFile,
  storedEntries,
  storedObjects,
} from './contents.js'

export interface CacheList {
  readonly calls: readonly CachedCall[]
  readonly pictures: readonly CachedPicture[]
  /** Of all calls and pictures. */
  readonly bytes: number
  /** Of those, what no run needs: `cachePrune` can free it. */
  readonly prunable: number
}

/** What a call gave, kept for other runs. */
export interface CachedCall {
  readonly key: string
  /** Of the entry alone. */
  readonly bytes: number
  readonly lastUsed: Date
  /** Digests of its pictures; undefined where the entry is damaged. */
  readonly pictures: readonly string[] | undefined
}

export interface CachedPicture {
  readonly digest: string
  readonly bytes: number
  readonly lastUsed: Date
  /** Keys of the calls that gave it. */
  readonly calls: readonly string[]
  /** Names of the folders of the runs whose journals name it. */
  readonly runs: readonly string[]
}

/** What the cache holds, what refers to it, and when it was used last.
 *  @throws {PipelineError} SW_STORE_READ_FAILED */
export async function cacheList(cache: Cache): Promise<CacheList> {
  const [entries, objects, runs] = await Promise.all([
    storedEntries(cache),
    storedObjects(cache),
    referencesIn(cache.root),
  ])
  const calls: CachedCall[] = []
  const givenBy = new Map<string, string[]>()
  for (const { name: key, path, bytes, lastUsed } of entries) {
    const pictures = await digestsOf(cache, path)
    calls.push({ key, bytes, lastUsed: new Date(lastUsed), pictures })
    for (const digest of pictures ?? []) givenBy.set(digest, [...(givenBy.get(digest) ?? []), key])
  }
  const pictures = objects.map(({ name: digest, bytes, lastUsed }) => ({
    digest,
    bytes,
    lastUsed: new Date(lastUsed),
    calls: givenBy.get(digest) ?? [],
    runs: runs.get(digest) ?? [],
  }))
  return {
    calls,
    pictures,
    bytes: bytesOf([...entries, ...objects]),
    prunable: bytesOf(entries) + bytesOf(objects.filter((one) => isOursAlone(one, runs))),
  }
}

/** Whether a picture is kept for the cache's sake: no run names it, and no other file holds its bytes. */
export function isOursAlone(
  { name, links }: StoredFile,
  runs: ReadonlyMap<string, unknown>,
): boolean {
  return links === 1 && !runs.has(name)
}

/** Digests of the pictures of an entry, each once; undefined where it is damaged or gone. */
export async function digestsOf({ cache }: Cache, path: string): Promise<string[] | undefined> {
  const entry = await cache.read(path)
  return entry && [...new Set(picturesOf(entry).map(({ digest }) => digest))]
}

export function bytesOf(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}
