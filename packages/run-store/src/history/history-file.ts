import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { isPipelineError, messageOf } from '@stagewright/core'

import { releaseLock, takeLock } from '../disk/holder.js'
import { errors } from '../errors.js'
import { Database, isDamage } from './database.js'
import { schema, schemaVersion } from './schema.js'

/** Milliseconds between two looks at the lock, and until waiting ends: who holds it is alive, and may wait for a disk that
 *  is busy with much else. */
const interval = 20
const longest = 60_000

/** What the file was like that had to be made anew. */
export type Unusable = 'missing' | 'damaged' | 'of another version'

/** `history.db`: opened when it is needed, and made anew where it cannot be used. One at a time writes, among all
 *  processes, so that none writes into a file that another replaces. */
export class HistoryFile {
  readonly path: string
  /** Puts everything into an empty database. */
  readonly #fill: (db: Database, unusable: Unusable | undefined) => Promise<void>
  #open: { readonly db: Database; readonly id: string } | undefined
  #queue: Promise<unknown> = Promise.resolve()

  constructor(path: string, fill: (db: Database, unusable: Unusable | undefined) => Promise<void>) {
    this.path = path
    this.#fill = fill
  }

  /** @throws {PipelineError} SW_HISTORY_FAILED */
  read<T>(work: (db: Database) => T): Promise<T> {
    return this.#turn(async () => {
      try {
        if ((await this.#look()) === undefined && this.#open !== undefined)
          return work(this.#open.db)
      } catch (error) {
        if (!isDamage(error)) throw error
      }
      return this.#alone(() => this.#onUsable(work))
    })
  }

  /** As `read`, while nobody else writes. The work may be done twice: the first time on a file that proves damaged.
   *  @throws {PipelineError} SW_HISTORY_FAILED */
  write<T>(work: (db: Database) => T | Promise<T>): Promise<T> {
    return this.#turn(() => this.#alone(() => this.#onUsable(work)))
  }

  /** Makes the file anew.
   *  @throws {PipelineError} SW_HISTORY_FAILED */
  async remake(): Promise<void> {
    await this.#turn(() => this.#alone(() => this.#made(undefined)))
  }

  close(): void {
    this.#open?.db.close()
    this.#open = undefined
  }

  async #onUsable<T>(work: (db: Database) => T | Promise<T>): Promise<T> {
    try {
      const unusable = await this.#look()
      const db = this.#open?.db
      return await work(
        unusable === undefined && db !== undefined ? db : await this.#made(unusable),
      )
    } catch (error) {
      if (!isDamage(error)) throw error
      return work(await this.#made('damaged'))
    }
  }

  /** Opens the file, unless it is open and still the same. */
  async #look(): Promise<Unusable | undefined> {
    const id = await this.#identity()
    if (id !== undefined && id === this.#open?.id) return undefined
    this.close()
    if (id === undefined) return 'missing'
    const db = await Database.open(this.path)
    try {
      const [[version] = []] = db.query('pragma user_version')
      if (version === schemaVersion) this.#open = { db, id }
      else db.close()
      if (version === schemaVersion) return undefined
      // A file that was emptied has version 0.
      return version === 0 ? 'damaged' : 'of another version'
    } catch (error) {
      db.close()
      if (!isDamage(error)) throw error
      return 'damaged'
    }
  }

  /** Fills a new file beside the old one, and puts it in its place: whoever reads meanwhile reads the old one. */
  async #made(unusable: Unusable | undefined): Promise<Database> {
    this.close()
    const folder = dirname(this.path)
    for (const name of await readdir(folder))
      if (drafts.test(name)) await rm(join(folder, name), { force: true })
    const draft = join(folder, `history-${randomBytes(6).toString('hex')}.tmp`)
    const db = await Database.open(draft)
    try {
      db.execute('pragma journal_mode = off; pragma synchronous = off')
      db.execute(schema)
      db.execute('begin')
      await this.#fill(db, unusable)
      db.execute('commit')
      db.close()
      await synced(draft)
      // What an unfinished transaction left beside the old file must not be played into the new one.
      for (const rest of ['-journal', '-wal', '-shm']) await rm(this.path + rest, { force: true })
      await rename(draft, this.path)
    } catch (error) {
      db.close()
      await rm(draft, { force: true })
      throw error
    }
    await this.#look()
    return this.#open?.db as Database
  }

  /** One after another, within this process. */
  async #turn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => undefined)
    try {
      return await turn
    } catch (error) {
      if (isPipelineError(error)) throw error
      const details = { path: this.path, reason: messageOf(error) }
      throw errors.SW_HISTORY_FAILED(details, { cause: error })
    }
  }

  /** While no other process writes. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const lock = join(dirname(this.path), 'history.lock')
    const until = performance.now() + longest
    await mkdir(dirname(this.path), { recursive: true })
    for (;;) {
      const other = await takeLock(lock)
      if (other === undefined) break
      if (performance.now() > until)
        throw new Error(`process ${other.pid} on ${other.host} holds ${lock}`)
      await setTimeout(interval)
    }
    try {
      return await work()
    } finally {
      await releaseLock(lock)
    }
  }

  async #identity(): Promise<string | undefined> {
    if (!existsSync(this.path)) return undefined
    const { dev, ino, birthtimeMs } = await stat(this.path)
    return `${dev} ${ino} ${birthtimeMs}`
  }
}

const drafts = /^history-[0-9a-f]{12}\.tmp(?:-journal)?$/

async function synced(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
