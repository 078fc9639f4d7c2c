import { randomBytes } from 'node:crypto'
import { rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { isMissing, writeError } from '../disk/files.js'
import {
  type Cache,
  leftovers,
  referencesIn,
  type StoredFile,
  storedEntries,
  storedObjects,
} from './contents.js'
import { bytesOf, digestsOf, isOursAlone } from './list.js'

/** How large the cache may grow by itself: 20 GiB. */
export const defaultCacheBytes = 20 * 2 ** 30

/** What was used within this many milliseconds stays: a run may be about to name it in its journal. */
const grace = 60 * 60_000

export interface PruneOptions {
  /** How many bytes may stay, of what no run needs. Default 20 GiB. */
  readonly mostBytes?: number | undefined
  /** Only tells what would be removed. */
  readonly dryRun?: boolean | undefined
  /** Milliseconds since the epoch. */
  readonly now?: number | undefined
}

export interface Pruned {
  /** Keys of the calls that were removed, those not used for longest first. */
  readonly calls: readonly string[]
  /** Digests of the pictures. */
  readonly pictures: readonly string[]
  /** How many bytes that freed. */
  readonly freed: number
  /** How many bytes stay, of what no run needs. More than `mostBytes` where the rest was used within the last hour. */
  readonly left: number
}

/** Makes room: removes kept calls, and pictures that nothing refers to, those first that were not used for longest.
 *  What the journal of a run names stays, and so does what was used within the last hour. Of a call its entry goes
 *  first: whatever happens, no entry is left without its pictures.
 *  @throws {PipelineError} SW_STORE_READ_FAILED, SW_STORE_WRITE_FAILED */
export async function cachePrune(
  cache: Cache,
  { mostBytes = defaultCacheBytes, dryRun = false, now = Date.now() }: PruneOptions = {},
): Promise<Pruned> {
  const [objects, entries, torn] = await Promise.all([
    storedObjects(cache),
    storedEntries(cache),
    leftovers(cache),
  ])
  const isOld = ({ lastUsed }: StoredFile): boolean => lastUsed < now - grace
  const remove = async (file: StoredFile): Promise<boolean> =>
    isOld(file) && (dryRun || (await removeUnused(file)))
  for (const file of torn) await remove(file)
  // At most so much: without looking into the journals, which may be many.
  const atMost = bytesOf(entries) + bytesOf(objects.filter(({ links }) => links === 1))
  if (atMost <= mostBytes) return { calls: [], pictures: [], freed: 0, left: atMost }

  const runs = await referencesIn(cache.root)
  const ours = new Map(
    objects.filter((one) => isOursAlone(one, runs)).map((one) => [one.name, one] as const),
  )
  const units = await unitsOf(cache, entries, ours)
  const users = countUsers(units)
  const gone = { calls: [] as string[], pictures: [] as string[], freed: 0 }
  const total = bytesOf(entries) + bytesOf([...ours.values()])
  for (const { entry, pictures } of units) {
    if (total - gone.freed <= mostBytes) break
    if (entry !== undefined) {
      if (!(await remove(entry))) continue
      gone.calls.push(entry.name)
      gone.freed += entry.bytes
    }
    for (const picture of pictures) {
      const others = (users.get(picture.name) ?? 0) - 1
      users.set(picture.name, others)
      if (others > 0 || !(await remove(picture))) continue
      gone.pictures.push(picture.name)
      gone.freed += picture.bytes
    }
  }
  return { ...gone, left: total - gone.freed }
}

/** What goes together: a call with those of its pictures that no run needs, or a picture that no call gave. */
interface Unit {
  readonly entry?: StoredFile
  readonly pictures: readonly StoredFile[]
  readonly lastUsed: number
}

/** In the order in which they go: those that free pictures first, and of these the least recently used. */
async function unitsOf(
  cache: Cache,
  entries: readonly StoredFile[],
  ours: ReadonlyMap<string, StoredFile>,
): Promise<Unit[]> {
  const units: Unit[] = []
  const given = new Set<string>()
  for (const entry of entries) {
    const digests = (await digestsOf(cache, entry.path)) ?? []
    for (const digest of digests) given.add(digest)
    const pictures = digests.flatMap((digest) => ours.get(digest) ?? [])
    units.push({ entry, pictures, lastUsed: entry.lastUsed })
  }
  for (const [digest, picture] of ours)
    if (!given.has(digest)) units.push({ pictures: [picture], lastUsed: picture.lastUsed })
  const rank = ({ pictures }: Unit): number => (pictures.length > 0 ? 0 : 1)
  return units.toSorted((a, b) => rank(a) - rank(b) || a.lastUsed - b.lastUsed)
}

function countUsers(units: readonly Unit[]): Map<string, number> {
  const users = new Map<string, number>()
  for (const { pictures } of units)
    for (const { name } of pictures) users.set(name, (users.get(name) ?? 0) + 1)
  return users
}

/** Removes a file, unless it has been used since it was looked at: it is taken aside first, where nobody finds it, and
 *  put back if it was. Whoever missed it meanwhile has written the same again. */
async function removeUnused({ path, lastUsed, links }: StoredFile): Promise<boolean> {
  const aside = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await rename(path, aside)
    const now = await stat(aside)
    const isUsed = now.mtimeMs > lastUsed || now.nlink !== links
    await (isUsed ? rename(aside, path) : rm(aside, { force: true }))
    return !isUsed
  } catch (error) {
    if (isMissing(error)) return false
    throw writeError(path, error)
  }
}
