import { type Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { CallCache } from '../calls/call-cache.js'
import { isMissing, readError } from '../disk/files.js'
import type { Objects } from '../disk/objects.js'
import { journalName } from '../run/read-run.js'
import { storeFolder } from '../store-folder.js'

/** What is looked after: a `RunStore` is such. */
export interface Cache {
  /** The folder that holds the folders of runs. */
  readonly root: string
  readonly objects: Objects
  readonly cache: CallCache
}

/** A file of the store, under its name there: the digest of a picture, the key of a call. */
export interface StoredFile {
  readonly name: string
  readonly path: string
  readonly bytes: number
  /** How many names the file has: with a second one, in the folder of a run, its bytes are not ours alone. */
  readonly links: number
  /** Milliseconds since the epoch. */
  readonly lastUsed: number
}

/** Every kept picture. */
export function storedObjects({ objects }: Cache): Promise<StoredFile[]> {
  return storedFiles(objects.folder, /^(?<name>[0-9a-f]{64})$/)
}

/** The file of every kept call. */
export function storedEntries({ cache }: Cache): Promise<StoredFile[]> {
  return storedFiles(cache.folder, /^(?<name>[0-9a-f]{64})\.json$/)
}

/** What a write that never ended has left. */
export async function leftovers({ root, objects, cache }: Cache): Promise<StoredFile[]> {
  const form = /^(?<name>\.[0-9a-f]{12}\.tmp)$/
  const shared = storeFolder(root)
  const found = await Promise.all([
    storedFiles(objects.folder, form),
    storedFiles(cache.folder, form),
    filesIn(shared, form),
    filesIn(join(shared, 'locks'), form),
  ])
  return found.flat()
}

/** Which runs name a picture in their journals: digest → names of their folders. Journals are searched as text: a
 *  damaged line counts, and a journal of a later version. */
export async function referencesIn(root: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>()
  for (const { name } of await entriesOf(root)) {
    if (name.startsWith('.')) continue
    const text = await textOf(join(root, name, journalName))
    for (const digest of new Set(text.match(/\b[0-9a-f]{64}\b/g)))
      found.set(digest, [...(found.get(digest) ?? []), name])
  }
  return found
}

async function storedFiles(folder: string, form: RegExp): Promise<StoredFile[]> {
  const found: StoredFile[] = []
  for (const shard of await entriesOf(folder))
    if (shard.isDirectory() && /^[0-9a-f]{2}$/.test(shard.name))
      found.push(...(await filesIn(join(folder, shard.name), form)))
  return found
}

async function filesIn(folder: string, form: RegExp): Promise<StoredFile[]> {
  const files = (await entriesOf(folder)).map(async (file) => {
    const name = form.exec(file.name)?.groups?.['name']
    return file.isFile() && name !== undefined ? storedFile(name, join(folder, file.name)) : []
  })
  return (await Promise.all(files)).flat()
}

async function storedFile(name: string, path: string): Promise<StoredFile[]> {
  try {
    const { size: bytes, nlink: links, mtimeMs: lastUsed } = await stat(path)
    return [{ name, path, bytes, links, lastUsed }]
  } catch (error) {
    if (isMissing(error)) return []
    throw readError(path, error)
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    throw readError(folder, error)
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1')
  } catch (error) {
    if (isMissing(error)) return ''
    throw readError(path, error)
  }
}
