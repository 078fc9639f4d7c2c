import { readFile, utimes } from 'node:fs/promises'
import { join } from 'node:path'

import { isMissing, readError, writeWhole } from '../disk/files.js'
import type { Objects } from '../disk/objects.js'
import { hashOf } from './canonical.js'
import { type CallEntry, isSound, readEntry } from './entry.js'

/** What calls gave, by key, for every run of the store. */
export class CallCache {
  readonly folder: string
  readonly #objects: Objects

  constructor(folder: string, objects: Objects) {
    this.folder = folder
    this.#objects = objects
  }

  path(key: string): string {
    return join(this.folder, key.slice(0, 2), `${key}.json`)
  }

  /** What is kept under a key, if it and its pictures are whole. */
  async get(key: string): Promise<CallEntry | undefined> {
    const entry = await this.read(this.path(key))
    if (entry === undefined || !(await isSound(entry, this.#objects))) return undefined
    await this.#touch(key)
    return entry
  }

  /** An entry by its file; undefined where it is missing or damaged. */
  async read(path: string): Promise<CallEntry | undefined> {
    try {
      const { sum, ...entry } = JSON.parse(await readFile(path, 'utf8')) as { sum?: unknown }
      return hashOf(entry) === sum ? readEntry(entry) : undefined
    } catch (error) {
      if (isMissing(error) || error instanceof SyntaxError || error instanceof TypeError)
        return undefined
      throw readError(path, error)
    }
  }

  /** Not synced: the journal is, and an entry that a power cut takes costs one call. */
  async put(key: string, entry: CallEntry): Promise<void> {
    const text = JSON.stringify({ ...entry, sum: hashOf(entry) })
    await writeWhole(this.path(key), text, { sync: false })
  }

  /** What was used last is removed last. */
  async #touch(key: string): Promise<void> {
    const now = new Date()
    await utimes(this.path(key), now, now).catch(() => undefined)
  }
}
