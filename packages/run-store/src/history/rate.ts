import { join } from 'node:path'

import { LearningRecorder, messageOf, type StageResult } from '@stagewright/core'

import { imageOf } from '../calls/entry.js'
import type { Objects } from '../disk/objects.js'
import { errors } from '../errors.js'
import type { JournalEvent, SavedRecord } from '../run/journal-events.js'
import { Journal } from '../run/journal.js'
import { journalName, readRun, type RunOnDisk } from '../run/read-run.js'
import { lockRun, unlockRun } from '../run/run-lock.js'
import type { PictureEntry } from './entries.js'
import type { History } from './history.js'

export interface Rated {
  readonly picture: PictureEntry
  /** One line for `learning_records.jsonl`, with its newline: the run that made the picture, the picture as its only
   *  output, and `rating` and `note` in its metadata. Absent for a run that ended before its first call. */
  readonly learningLine?: string
  /** Why the history does not show the rating yet. The run keeps it in any case. */
  readonly problem?: string
}

/** Rates a picture, in the journal of its run.
 *  @param name a file in the folder of a run, or the beginning of the picture's SHA-256
 *  @param rating 1–5
 *  @throws {PipelineError} SW_HISTORY_RATING_RANGE, SW_HISTORY_NO_SUCH_PICTURE, SW_HISTORY_AMBIGUOUS,
 *  SW_STORE_RUN_LOCKED while the run is running, SW_STORE_WRITE_FAILED */
export async function rate(
  {
    history,
    objects,
    now = () => new Date(),
  }: { readonly history: History; readonly objects: Objects; readonly now?: () => Date },
  name: string,
  rating: number,
  note?: string,
): Promise<Rated> {
  if (!Number.isInteger(rating) || rating < 1 || rating > 5)
    throw errors.SW_HISTORY_RATING_RANGE({ rating })
  const picture = await history.picture(name)
  if (picture === undefined) throw errors.SW_HISTORY_NO_SUCH_PICTURE({ name })
  const { digest, folder } = picture
  const at = now()
  const rated = { digest, rating, ...(note === undefined ? {} : { note }) }
  const run = await append(folder, { type: 'rated', at: at.toISOString(), ...rated })
  const learningLine = await learningLineOf(run, rated, objects, at)
  const problem = await history.indexRun(folder).then(() => undefined, messageOf)
  return {
    picture: { ...picture, rating, note: note ?? null },
    ...(learningLine === undefined ? {} : { learningLine }),
    ...(problem === undefined ? {} : { problem }),
  }
}

async function append(folder: string, event: JournalEvent): Promise<RunOnDisk> {
  await lockRun(folder)
  try {
    const run = await readRun(folder)
    const journal = await Journal.open(join(folder, journalName), run.length)
    try {
      await journal.append(event, { sync: true })
    } finally {
      await journal.close()
    }
    return run
  } finally {
    await unlockRun(folder)
  }
}

async function learningLineOf(
  { record, events }: RunOnDisk,
  rated: { readonly digest: string; readonly rating: number; readonly note?: string },
  objects: Objects,
  at: Date,
): Promise<string | undefined> {
  const picture = savedIn(events).find(({ digest }) => digest === rated.digest)
  if (record === undefined || picture === undefined) return undefined
  const { rating, note } = rated
  const { config, plan, run_id: runId } = record
  const metadata = {
    ...(config['metadata'] as object | undefined),
    rating,
    ...(note === undefined ? {} : { note }),
  }
  const lines: string[] = []
  const recorder = new LearningRecorder({ write: (line) => void lines.push(line), now: () => at })
  await recorder.record({
    runId,
    status: 'done',
    images: [imageOf(picture, objects)],
    stages: stageResultsOf(events),
    unfinished: [],
    warnings: [],
    plan,
    config: { ...config, metadata },
  })
  return lines.join('')
}

/** The pictures that stand in the run's folder. */
function savedIn(events: readonly JournalEvent[]): readonly SavedRecord[] {
  return events.flatMap((event) => {
    if (event.type === 'stage_finished') return event.images
    return event.type === 'run_finished' ? [...event.images, ...event.unfinished] : []
  })
}

/** Each stage as it ended last. */
function stageResultsOf(events: readonly JournalEvent[]): readonly StageResult[] {
  const results = events.flatMap((event): StageResult[] => {
    if (event.type !== 'stage_finished') return []
    const { stage: name, outcome, ms, merged_into: mergedInto, summary } = event
    return [{ name, outcome, ms, mergedInto, summary, images: [], calls: [] }]
  })
  return [...new Map(results.map((one) => [one.name, one])).values()]
}
