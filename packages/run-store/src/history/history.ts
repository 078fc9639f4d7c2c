import { existsSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'

import type { PipelinePlan } from '@stagewright/core'
import { messageOf } from '@stagewright/core'

import { errors } from '../errors.js'
import { journalName, namesUnder, readRun, runNameIn, type RunStatus } from '../run/read-run.js'
import { recordPath } from '../run/run-record.js'
import { storeFolder } from '../store-folder.js'
import type { Database } from './database.js'
import {
  openStatus,
  type PictureEntry,
  pictureEntry,
  type RunDetails,
  type RunEntry,
  runEntry,
  stageEntry,
} from './entries.js'
import { type Estimate, estimate, loadTimes } from './estimate.js'
import { HistoryFile, type Unusable } from './history-file.js'
import {
  bestPictures,
  loadsOn,
  picturesNamed,
  picturesOf,
  type RunQuery,
  type RunRow,
  runsNamed,
  samplesFor,
  selectRuns,
  stagesOf,
  type TimedBackend,
} from './queries.js'
import { factsOf, type RunFacts } from './run-facts.js'
import { removeRun, writeRun } from './write-run.js'

export interface HistoryOptions {
  /** The folder that holds the folders of runs. */
  readonly root: string
  /** Told what could not be read, and why the history was made anew. */
  readonly onProblem?: ((problem: string) => void) | undefined
}

export interface RunList {
  readonly runs: readonly RunEntry[]
  /** How many there are without `limit` and `offset`. */
  readonly total: number
}

/** The runs under a root, to be looked through: `.stagewright/history.db`. The folders of the runs are the truth; what
 *  is missing here, or lost, is read from them again. Every method may reject with SW_HISTORY_FAILED. */
export class History {
  readonly root: string
  readonly #file: HistoryFile
  readonly #onProblem: (problem: string) => void

  constructor({ root, onProblem = () => undefined }: HistoryOptions) {
    this.root = resolve(root)
    this.#onProblem = onProblem
    this.#file = new HistoryFile(join(storeFolder(this.root), 'history.db'), (db, unusable) =>
      this.#fill(db, unusable),
    )
  }

  /** Reads the folder of a run, and keeps everything about it in place of what was known. A folder that is gone is
   *  forgotten.
   *  @throws {PipelineError} SW_STORE_NOT_A_RUN, SW_STORE_NEWER, SW_STORE_READ_FAILED */
  async indexRun(folder: string): Promise<void> {
    const name = relative(this.root, resolve(folder)).split(sep).join('/')
    await this.#file.write(async (db) => this.#put(db, name, await this.#read(name)))
  }

  /** Reads the folders of all runs again.
   *  @returns how many there are */
  async rebuild(): Promise<number> {
    await this.#file.remake()
    return this.#file.read((db) => Number(db.query('select count(*) from runs')[0]?.[0]))
  }

  /** The runs that the query asks for, the newest first. */
  async list(query: RunQuery = {}): Promise<RunList> {
    await this.#catchUp()
    const { status, limit, offset = 0 } = query
    const byLock = status === 'running' || status === 'interrupted'
    const { rows, total } = await this.#file.read((db) =>
      selectRuns(db, byLock ? { ...query, limit: undefined, offset: undefined } : query),
    )
    const runs: RunEntry[] = []
    for (const row of rows)
      runs.push(runEntry(row, this.root, row.ended ?? (await this.#openStatus(row))))
    if (!byLock) return { runs, total }
    const found = runs.filter((run) => run.status === status)
    const end = limit === undefined ? undefined : offset + limit
    return { runs: found.slice(offset, end), total: found.length }
  }

  /** A run by its id, its folder, the beginning of either, or the number of a cell that one sweep alone has.
   *  @throws {PipelineError} SW_HISTORY_AMBIGUOUS */
  async run(name: string): Promise<RunDetails | undefined> {
    await this.#catchUp()
    const path = this.#within(name)
    const known = path === undefined ? name : runNameIn(path)
    const found = await this.#file.read((db) =>
      runsNamed(db, known).map((row) => ({
        row,
        stages: stagesOf(db, row.folder),
        pictures: picturesOf(db, row.folder),
      })),
    )
    const [one] = found
    if (found.length > 1)
      throw errors.SW_HISTORY_AMBIGUOUS({ name, found: found.map(({ row }) => row.folder) })
    if (one === undefined) return undefined
    return {
      ...runEntry(one.row, this.root, one.row.ended ?? (await this.#openStatus(one.row))),
      stages: one.stages.map(stageEntry),
      pictures: one.pictures.map((row) => pictureEntry(row, this.root)),
    }
  }

  /** A picture by its file, or by the beginning of its SHA-256 (at least 4 digits): where it has several names, the
   *  one in the newest run, among the final pictures if it is there.
   *  @throws {PipelineError} SW_HISTORY_AMBIGUOUS */
  async picture(name: string): Promise<PictureEntry | undefined> {
    await this.#catchUp()
    const path = this.#within(name)
    const [row, ...others] = await this.#file.read((db) =>
      picturesNamed(db, path === undefined ? { digest: name } : { path }),
    )
    if (row === undefined) return undefined
    const digests = new Set([row, ...others].map(({ digest }) => digest))
    if (digests.size > 1) throw errors.SW_HISTORY_AMBIGUOUS({ name, found: [...digests] })
    return pictureEntry(row, this.root)
  }

  /** The pictures that were rated best, each once, of the runs that the query asks for.
   *  @param query limit: default 50; minRating: of the picture itself */
  async best(query: RunQuery = {}): Promise<readonly PictureEntry[]> {
    await this.#catchUp()
    const rows = await this.#file.read((db) => bestPictures(db, { limit: 50, ...query }))
    return rows.map((row) => pictureEntry(row, this.root))
  }

  /** How long a plan takes on a backend, from what its calls took before; undefined where nothing is known. */
  async estimate(plan: PipelinePlan, backend: TimedBackend): Promise<Estimate | undefined> {
    return this.#file.read((db) => estimate(plan, samplesFor(db, plan, backend)))
  }

  /** How long each checkpoint took to load on a backend, in milliseconds by its name there: the median of what was
   *  measured last. Empty where nothing was. */
  async loadTimes(backend: TimedBackend): Promise<Readonly<Record<string, number>>> {
    return this.#file.read((db) => loadTimes(loadsOn(db, backend)))
  }

  /** Lets go of the file; the next question opens it again. */
  close(): void {
    this.#file.close()
  }

  async #fill(db: Database, unusable: Unusable | undefined): Promise<void> {
    const names = namesUnder(this.root).filter((name) => this.#isRun(name))
    for (let i = 0; i < names.length; i += together) {
      const some = names.slice(i, i + together)
      const read = await Promise.all(some.map((name) => this.#tried(name)))
      for (const one of read) if (one !== undefined) writeRun(db, one.name, one.bytes, one.facts)
    }
    // The first run of all finds no history either.
    const worthTelling = unusable !== undefined && (unusable !== 'missing' || names.length > 1)
    if (worthTelling)
      this.#onProblem(
        `${this.#file.path} was ${unusable}: it was made anew from ${names.length} ${names.length === 1 ? 'run' : 'runs'}`,
      )
  }

  /** Before a question: what has come, gone or changed without being told is read. */
  async #catchUp(): Promise<void> {
    const stale = await this.#file.read((db) => this.#stale(db))
    if (stale.length === 0) return
    try {
      await this.#file.write(async (db) => {
        for (const name of stale) this.#put(db, name, await this.#tried(name))
      })
    } catch (error) {
      this.#onProblem(messageOf(error))
    }
  }

  /** A run that is done changes no more, but for ratings, which tell of themselves. */
  #stale(db: Database): string[] {
    const there = new Set(namesUnder(this.root))
    const known = new Set(db.select(['folder'], 'from runs').map(({ folder }) => String(folder)))
    const came = [...there].filter((name) => !known.has(name) && this.#isRun(name))
    const gone = [...known].filter((name) => !there.has(name))
    const changed = db
      .select(['folder', 'journal_bytes'], `from runs where ended is not 'done'`)
      .map(({ folder, journal_bytes: bytes }) => ({ name: String(folder), bytes }))
      .filter(({ name, bytes }) => there.has(name) && this.#size(name) !== bytes)
    return [...came, ...gone, ...changed.map(({ name }) => name)]
  }

  #put(db: Database, name: string, run: ReadRun | undefined): void {
    db.transaction(() => {
      if (run === undefined) removeRun(db, name)
      else writeRun(db, name, run.bytes, run.facts)
    })
  }

  async #read(name: string): Promise<ReadRun | undefined> {
    if (!this.#isRun(name)) return undefined
    const folder = join(this.root, name)
    // Before it is read: what is added meanwhile makes it stale.
    const bytes = this.#size(name)
    return { name, bytes, facts: factsOf(await readRun(folder), name) }
  }

  /** A folder that cannot be read is passed over, and told. */
  async #tried(name: string): Promise<ReadRun | undefined> {
    try {
      return await this.#read(name)
    } catch (error) {
      this.#onProblem(`${name} is not in the history: ${messageOf(error)}`)
      return undefined
    }
  }

  #isRun(name: string): boolean {
    const folder = join(this.root, name)
    return existsSync(join(folder, journalName)) || existsSync(recordPath(folder))
  }

  #openStatus({ folder }: RunRow): Promise<RunStatus> {
    return openStatus(join(this.root, folder))
  }

  #size(name: string): number {
    return statSync(join(this.root, name, journalName), { throwIfNoEntry: false })?.size ?? 0
  }

  /** The path under the root, with `/`, of something that exists; from here, or from the root. */
  #within(name: string): string | undefined {
    for (const path of [resolve(name), resolve(this.root, name)]) {
      const from = relative(this.root, path)
      const isUnder = from !== '' && !from.startsWith('..') && !isAbsolute(from)
      if (isUnder && existsSync(path)) return from.split(sep).join('/')
    }
    return undefined
  }
}

interface ReadRun {
  readonly name: string
  readonly bytes: number
  readonly facts: RunFacts
}

/** How many runs are read at a time. */
const together = 32
