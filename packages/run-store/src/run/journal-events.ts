import type { Outcome, RunResult } from '@stagewright/core'

import type { CallEntry, PictureRecord } from '../calls/entry.js'

/** ISO 8601, UTC. */
interface At {
  readonly at: string
}

/** A call as the journal names it. `id` is the one that the backend got: a server can be asked about it. */
interface Call extends At {
  readonly id: string
  readonly stage: string
  readonly label?: string | undefined
  readonly operation: string
  /** The first of the call's keys, and the second where there is one. */
  readonly keys: readonly string[]
}

/** Where a call's pictures came from: made now, kept from before, or made by another run at the same time. */
export type CallSource = 'made' | 'kept' | 'shared'

/** One line of `journal.jsonl`. */
export type JournalEvent =
  | (At & { readonly type: 'journal'; readonly v: number; readonly run_id: string })
  /** One for each time that the run was begun or resumed. */
  | (At & { readonly type: 'attempt'; readonly pid: number })
  | (At & {
      readonly type: 'stage_started'
      readonly stage: string
      readonly images: readonly string[]
      readonly merged_with: readonly string[]
    })
  | (Call & { readonly type: 'call_started' })
  | (Call & {
      readonly type: 'call_finished'
      readonly source: CallSource
      /** Milliseconds that it took this run. */
      readonly ms: number
      readonly inputs: readonly string[]
      readonly entry: CallEntry
    })
  | (Call & { readonly type: 'call_failed'; readonly code: string; readonly message: string })
  /** A stage that works by itself, and says that it is deterministic. */
  | (At & {
      readonly type: 'work_finished'
      readonly stage: string
      readonly key: string
      readonly source: CallSource
      readonly entry: CallEntry
    })
  | (At & {
      readonly type: 'image_failed'
      readonly stage: string
      readonly code: string
      readonly message: string
    })
  | (At & {
      readonly type: 'stage_finished'
      readonly stage: string
      readonly outcome: Outcome
      readonly ms: number
      readonly calls: number
      readonly merged_into: readonly string[]
      readonly summary: readonly string[]
      readonly images: readonly SavedRecord[]
    })
  | (At & {
      readonly type: 'warning'
      readonly stage?: string | undefined
      readonly message: string
    })
  | (At & {
      readonly type: 'run_finished'
      readonly status: RunResult['status']
      readonly ms: number
      readonly images: readonly SavedRecord[]
      readonly unfinished: readonly (SavedRecord & { readonly stage: string })[]
      readonly warnings: readonly string[]
      readonly error?: { readonly code: string; readonly message: string } | undefined
    })
  | (At & {
      readonly type: 'rated'
      readonly digest: string
      /** 1–5. */
      readonly rating: number
      readonly note?: string | undefined
    })

/** A picture, and where it stands in the run's folder (with `/`). */
export interface SavedRecord extends PictureRecord {
  readonly path: string
}

/** An event without its time, which the writer adds. */
export type Untimed<E extends JournalEvent = JournalEvent> = E extends JournalEvent
  ? Omit<E, 'at'>
  : never
