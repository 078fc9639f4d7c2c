import { basename, join } from 'node:path'

import type { RunResult, StageImage } from '@stagewright/core'
import { type StoredRun, writeWhole } from '@stagewright/run-store'

import type { OpenedPictures } from '../run-file/effective.js'
import type { RunFile } from '../run-file/read.js'
import type { ChosenBackend } from '../servers/choose-backend.js'
import { serverLabel } from '../servers/server-facts.js'
import type { CallLog } from './call-log.js'
import { contactSheet } from './contact-sheet.js'
import { sheetOf } from './sheet.js'

/** A final picture and where it is. */
export interface SavedPicture {
  readonly image: StageImage
  readonly path: string
}

/** What a run has left, as absolute paths. */
export interface SavedRun {
  readonly folder: string
  readonly runFile: string
  /** Absent when there is no picture to show. */
  readonly contactSheet?: string | undefined
  readonly finals: readonly SavedPicture[]
  /** Options that a run of `runFile` needs too. */
  readonly flags: readonly string[]
  readonly trouble?: string | undefined
}

export interface FinishedRun {
  readonly result: RunResult
  readonly error: unknown
  readonly stored: StoredRun
  readonly log: CallLog
  readonly pictures: OpenedPictures
  readonly chosen: ChosenBackend
  readonly file: RunFile
  readonly flags: readonly string[]
}

/** Ends a run on the disk, whether it is done or not: its last pictures and the contact sheet.
 *  @throws {PipelineError} SW_STORE_… */
export async function saveRun(run: FinishedRun): Promise<SavedRun> {
  const { result, error, stored, flags } = run
  const { final } = await stored.end(result, error)
  const folder = stored.folder ?? ''
  const finals = result.images.flatMap((image, i) => {
    const saved = final[i]
    return saved === undefined ? [] : [{ image, path: join(folder, saved.path) }]
  })
  return { folder, runFile: join(folder, 'run.yaml'), finals, flags, ...(await drawSheet(run)) }
}

/** The pictures are there by now: a sheet that cannot be drawn is told, and takes nothing away. */
async function drawSheet(run: FinishedRun): Promise<Pick<SavedRun, 'contactSheet' | 'trouble'>> {
  const { result, log, pictures, chosen, file, stored } = run
  const sketch = chosen.backend.kind === 'sketch'
  const about = { file: basename(file.path), sketch, server: serverLabel(chosen) }
  const sheet = sheetOf(result, log, pictures.byDigest(), about)
  if (sheet.rows.length === 0) return {}
  const path = join(stored.folder ?? '', 'contact-sheet.png')
  try {
    await writeWhole(path, await contactSheet(sheet))
    return { contactSheet: path }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { trouble: `the contact sheet could not be drawn: ${reason}` }
  }
}
