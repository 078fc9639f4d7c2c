import { appendFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import {
  explainPlan,
  isPipelineError,
  LearningRecorder,
  type Observer,
  type RunResult,
} from '@stagewright/core'

import type { CliHost, Output } from '../host.js'
import { CallLog } from '../output/call-log.js'
import { PictureWriter } from '../output/picture-writer.js'
import { checkWritable, RunFolder } from '../output/run-folder.js'
import { type SavedRun, saveRun } from '../output/save-run.js'
import { summaryText } from '../output/summary.js'
import { jsonEvents, pictureJson } from '../progress/json-events.js'
import { progressOn } from '../progress/progress.js'
import { errorJson } from '../report/error-text.js'
import { printJson } from '../report/print-json.js'
import type { RunFile } from '../run-file/read.js'
import type { RunFileOptions } from './options.js'
import { prepare, refuseNotes } from './prepared.js'

export interface RunOptions extends RunFileOptions {
  readonly out: string
  readonly quiet?: true
  readonly learn?: true
}

/** `stagewright run <file>`: runs it and writes its folder.
 *  @throws {PipelineError} what stopped the run; its pictures are written by then */
export async function runCommand(
  file: RunFile,
  options: RunOptions,
  host: CliHost,
): Promise<number> {
  const out = resolve(host.cwd, options.out)
  const now = host.now?.() ?? new Date()
  const writer = new PictureWriter(() => RunFolder.create(out, file.stem, now))
  const log = new CallLog()
  const json = options.json === true
  const human: Output = json ? host.stderr : host.stdout
  const say = (text: string): void => void human.write(`${text}\n`)
  const quiet = options.quiet === true
  const prepared = await prepare(file, options, host, {
    interceptors: [log.interceptor],
    observers: [
      ...(quiet ? [] : [planOn(say), progressOn(human)]),
      ...(json ? [jsonEvents((value) => printJson(value, host))] : []),
      writer.observer,
    ],
    learning: options.learn === true ? recorderIn(out) : undefined,
  })
  const started = performance.now()
  try {
    if (options.strict === true) refuseNotes(await prepared.pipeline.plan(prepared.config))
    await checkWritable(out)
    const { result, error } = await outcomeOf(
      prepared.pipeline.run(prepared.config, { signal: host.signal }),
    )
    const { backend, stages, pictures } = prepared
    const saved = await saveRun({
      result,
      writer,
      log,
      pictures,
      stages,
      backend,
      file,
      flags: flagsOf(options),
    })
    if (json) printJson(runFinished(result, saved, error), host)
    if (!quiet || error !== undefined) say('')
    say(summaryText(result, saved, { cwd: host.cwd, ms: performance.now() - started, quiet }))
    if (error !== undefined) throw error
    return result.status === 'partial' ? 4 : 0
  } finally {
    await prepared.dispose()
  }
}

/** The result of a run, also of one that failed; what never began is thrown on. */
async function outcomeOf(
  run: Promise<RunResult>,
): Promise<{ readonly result: RunResult; readonly error?: unknown }> {
  try {
    return { result: await run }
  } catch (error) {
    if (!isPipelineError(error) || error.result === undefined) throw error
    return { result: error.result, error }
  }
}

function runFinished(result: RunResult, saved: SavedRun, error: unknown): object {
  return {
    type: 'run-finished',
    status: result.status,
    run_id: result.runId,
    folder: saved.folder,
    run_file: saved.runFile,
    contact_sheet: saved.contactSheet ?? null,
    images: saved.finals.map(({ image, path }) => ({
      path,
      ...pictureJson(image),
      stages: image.lineage,
    })),
    unfinished: result.unfinished.map(({ stage, error: cause }) => ({
      stage,
      error: errorJson(cause),
    })),
    warnings: result.warnings,
    ...(error === undefined ? {} : { error: errorJson(error) }),
  }
}

/** What a run cannot be repeated without, beside its file. */
function flagsOf({ backend, allowLarge }: RunOptions): string[] {
  return [
    ...(backend === 'sketch' ? [] : [`--backend ${backend}`]),
    ...(allowLarge === true ? ['--allow-large'] : []),
  ]
}

function planOn(say: (text: string) => void): Observer {
  return (event) => {
    if (event.type === 'run-started') say(`${explainPlan(event.plan)}\n`)
  }
}

function recorderIn(out: string): LearningRecorder {
  return new LearningRecorder({
    write: (line) => appendFile(join(out, 'learning_records.jsonl'), line),
  })
}
