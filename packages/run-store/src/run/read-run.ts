import { existsSync, readdirSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { type CallEntry, readEntry } from '../calls/entry.js'
import { isMissing, readError } from '../disk/files.js'
import { errors } from '../errors.js'
import type { JournalEvent } from './journal-events.js'
import { readJournal } from './journal.js'
import { holderOf } from './run-lock.js'
import { readRecord, type RunRecord } from './run-record.js'

/** How a run stands. `interrupted`: nobody works on it, and it did not come to its end. */
export type RunStatus = 'running' | 'interrupted' | 'done' | 'partial' | 'failed' | 'cancelled'

/** A run as its folder tells it. */
export interface RunOnDisk {
  /** Absolute. */
  readonly folder: string
  /** Undefined where the run ended before it was written. */
  readonly record: RunRecord | undefined
  readonly status: RunStatus
  readonly events: readonly JournalEvent[]
  /** What was passed over in the journal. */
  readonly problems: readonly string[]
  /** Bytes of the journal up to its last whole line. */
  readonly length: number
}

export const journalName = 'journal.jsonl'

/** Reads a run from its folder: the truth about it.
 *  @throws {PipelineError} SW_STORE_NOT_A_RUN, SW_STORE_NEWER, SW_STORE_READ_FAILED */
export async function readRun(folder: string): Promise<RunOnDisk> {
  const [record, journal, holder] = await Promise.all([
    readRecord(folder),
    readJournal(join(folder, journalName)),
    holderOf(folder),
  ])
  if (record === undefined && journal.events.length === 0)
    throw errors.SW_STORE_NOT_A_RUN({
      path: folder,
      problem: 'it has neither run.json nor a journal',
    })
  return { folder, record, status: statusOf(journal.events, holder !== undefined), ...journal }
}

/** The folders under `root` that hold runs, in the order of their names: the oldest first, those of a sweep by cell. */
export async function runFolders(root: string): Promise<string[]> {
  try {
    const folders = namesUnder(root).map((name) => join(root, name))
    const found = await Promise.all(
      folders.map(async (one) => ((await holdsJournal(one)) ? [one] : [])),
    )
    return found.flat().toSorted()
  } catch (error) {
    if (isMissing(error)) return []
    throw readError(root, error)
  }
}

async function holdsJournal(folder: string): Promise<boolean> {
  try {
    await access(join(folder, journalName))
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** Names of what may be the folder of a run, from the root, with `/`: what lies right under it, or in `cells/` there. */
export function namesUnder(root: string): string[] {
  if (!existsSync(root)) return []
  const names = readdirSync(root).filter((name) => !name.startsWith('.'))
  // Only a sweep has cells, and its name says so: among thousands of runs, looking into each takes its time.
  const cellsOf = new Map(
    names
      .filter((name) => name.includes(sweepMark) && existsSync(join(root, name, cellsName)))
      .map((name) => [name, readdirSync(join(root, name, cellsName))]),
  )
  if (cellsOf.size === 0) return names
  return names.flatMap(
    (name) => cellsOf.get(name)?.map((cell) => `${name}/${cellsName}/${cell}`) ?? [name],
  )
}

/** The name of the run that a path from the root lies in. */
export function runNameIn(path: string): string {
  const parts = path.split('/')
  return parts.slice(0, parts[1] === cellsName ? 3 : 1).join('/')
}

/** Where the folder of a run belongs: the root that it shares pictures and calls under, its name there, with `/`, and
 *  the folder of its sweep where it is a cell. */
export function placeOf(folder: string): {
  readonly root: string
  readonly name: string
  readonly sweep: string | undefined
} {
  const above = dirname(folder)
  const sweep = dirname(above)
  if (basename(above) !== cellsName || !basename(sweep).includes(sweepMark))
    return { root: above, name: basename(folder), sweep: undefined }
  const name = [basename(sweep), cellsName, basename(folder)].join('/')
  return { root: dirname(sweep), name, sweep }
}

const cellsName = 'cells'
const sweepMark = '-sweep'

/** What the run's calls and works gave, by key. */
export function entriesIn(events: readonly JournalEvent[]): ReadonlyMap<string, CallEntry> {
  const found = new Map<string, CallEntry>()
  for (const event of events) {
    if (event.type !== 'call_finished' && event.type !== 'work_finished') continue
    const entry = readEntry(event.entry)
    const keys = event.type === 'call_finished' ? event.keys : [event.key]
    if (entry !== undefined) for (const key of keys) found.set(key, entry)
  }
  return found
}

/** Calls that were begun and not finished: the server may still be at them, also when the client had an error. */
export function openCalls(events: readonly JournalEvent[]): string[] {
  const open = new Set<string>()
  for (const event of events) {
    if (event.type === 'call_started') open.add(event.id)
    if (event.type === 'call_finished') open.delete(event.id)
  }
  return [...open]
}

function statusOf(events: readonly JournalEvent[], held: boolean): RunStatus {
  if (held) return 'running'
  const last = events.findLast(({ type }) => type === 'attempt' || type === 'run_finished')
  return last?.type === 'run_finished' ? last.status : 'interrupted'
}
