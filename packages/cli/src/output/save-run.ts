import { basename } from 'node:path'

import type { RunResult, Stage } from '@stagewright/core'

import { effectiveRun, effectiveYaml, type OpenedPictures } from '../run-file/effective.js'
import type { RunFile } from '../run-file/read.js'
import type { ChosenBackend } from '../servers/choose-backend.js'
import { serverLabel } from '../servers/server-facts.js'
import type { CallLog } from './call-log.js'
import { contactSheet } from './contact-sheet.js'
import type { PictureWriter, SavedPicture } from './picture-writer.js'
import type { RunFolder } from './run-folder.js'
import { sheetOf } from './sheet.js'

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

interface Finished {
  readonly result: RunResult
  readonly writer: PictureWriter
  readonly log: CallLog
  readonly pictures: OpenedPictures
  readonly stages: readonly Stage[]
  readonly chosen: ChosenBackend
  readonly file: RunFile
  readonly flags: readonly string[]
}

/** Writes what a run leaves, whether it is done or not: pictures, `run.yaml` with its inputs, and the contact sheet.
 *  @throws {PipelineError} SW_CLI_OUTPUT_FAILED */
export async function saveRun(run: Finished): Promise<SavedRun> {
  const { result, writer, pictures, stages, file, flags } = run
  const folder = await writer.folder()
  const finals = await writer.finish(result)
  const { config, copies } = effectiveRun(result, stages, pictures)
  for (const { path, image } of copies) await folder.write(path, await image.bytes())
  const runFile = await folder.write('run.yaml', effectiveYaml(config, basename(file.path), flags))
  return { folder: folder.path, runFile, finals, flags, ...(await drawSheet(run, folder)) }
}

/** The pictures are there by now: a sheet that cannot be drawn is told, and takes nothing away. */
async function drawSheet(
  { result, log, pictures, chosen, file }: Finished,
  folder: RunFolder,
): Promise<Pick<SavedRun, 'contactSheet' | 'trouble'>> {
  const sketch = chosen.backend.kind === 'sketch'
  const about = { file: basename(file.path), sketch, server: serverLabel(chosen) }
  const sheet = sheetOf(result, log, pictures.byDigest(), about)
  if (sheet.rows.length === 0) return {}
  try {
    return { contactSheet: await folder.write('contact-sheet.png', await contactSheet(sheet)) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { trouble: `the contact sheet could not be drawn: ${reason}` }
  }
}
