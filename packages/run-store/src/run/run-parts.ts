import type { CallEntry } from '../calls/entry.js'
import type { StoreParts } from '../store-parts.js'
import type { JournalEvent, SavedRecord } from './journal-events.js'
import type { Journal } from './journal.js'
import type { RunRecord } from './run-record.js'
import type { Started, StartFile } from './started.js'

/** What a run leaves in its folder, by the digest of its pictures. */
export interface SavedPictures {
  readonly final: readonly SavedRecord[]
  readonly unfinished: readonly SavedRecord[]
}

/** What is settled of a run before it starts. */
export interface RunInit extends Pick<
  RunRecord,
  'run_id' | 'name' | 'config_given' | 'versions' | 'options' | 'sources'
> {
  readonly created_at: string
  readonly from?: string | undefined
}

/** Where a run is written. */
export interface Place {
  readonly folder: string
  readonly journal: Journal
}

/** What a stored run is made of. */
export interface RunParts {
  readonly store: StoreParts
  readonly init: RunInit
  /** Where it is, or how to make it: a run that is refused before its first stage leaves nothing. */
  readonly place: Place | (() => Promise<Place>)
  /** Of earlier attempts at this run. */
  readonly events: readonly JournalEvent[]
  /** Of the runs it may take calls from. */
  readonly borrowed: ReadonlyMap<string, CallEntry>
  readonly files: ((started: Started) => readonly StartFile[]) | undefined
}
