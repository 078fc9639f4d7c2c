import { appendFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'

import {
  explainPlan,
  isPipelineError,
  LearningRecorder,
  type Observer,
  type RunResult,
} from '@stagewright/core'
import { type BeginOptions, checkWritable, RunStore, type StoredRun } from '@stagewright/run-store'

import { versionsOf } from '../built-in.js'
import type { CliHost } from '../host.js'
import { CallLog } from '../output/call-log.js'
import { PreviewFile } from '../output/preview-file.js'
import { type SavedRun, saveRun } from '../output/save-run.js'
import { summaryText } from '../output/summary.js'
import { jsonEvents, pictureJson } from '../progress/json-events.js'
import { LiveBlock } from '../progress/live-block.js'
import { watched } from '../progress/pool-table.js'
import { lineOn, progressOn } from '../progress/progress.js'
import { TimeLeft } from '../progress/time-left.js'
import { errorJson } from '../report/error-text.js'
import { printJson } from '../report/print-json.js'
import { effectiveRun, effectiveYaml } from '../run-file/effective.js'
import type { RunFile } from '../run-file/read.js'
import { etaOf } from '../runs/eta.js'
import type { ChosenBackend } from '../servers/choose-backend.js'
import { serverLabel, unfitServers } from '../servers/server-facts.js'
import { version } from '../version.js'
import type { RunFileOptions } from './options.js'
import { prepare, type Prepared, refuseNotes } from './prepared.js'
import { runSweepCommand, sweepOf } from './sweep.js'

export interface RunOptions extends RunFileOptions {
  readonly out: string
  readonly quiet?: true
  readonly learn?: true
  readonly preview?: true
  /** False with `--no-cache`. */
  readonly cache?: boolean
  readonly from?: string
  /** How many cells of a sweep are made at a time. */
  readonly cells?: number
}

/** `stagewright run <file>`: runs it and writes its folder.
 *  @throws {PipelineError} what stopped the run; its pictures are written by then */
export async function runCommand(
  file: RunFile,
  options: RunOptions,
  host: CliHost,
  begin: Pick<BeginOptions, 'name' | 'sources' | 'from'> = {},
  after?: Performed['after'],
): Promise<number> {
  const swept = await sweepOf(file, options, host)
  if (swept !== undefined) return runSweepCommand(file, swept, options, host)
  return performRun({
    file,
    options,
    host,
    after,
    open: async (store, prepared, flags) => {
      const { chosen, config, stages, pictures } = prepared
      if (options.strict === true) refuseNotes(await prepared.pipeline.plan(prepared.config))
      await checkWritable(store.root)
      const run = await store.begin({
        name: file.stem,
        config,
        versions: { stagewright: version, ...(await versionsOf(host)) },
        options: { file: basename(file.path), flags, cache: options.cache !== false },
        from: options.from,
        ...begin,
        files: (started) => {
          const effective = effectiveRun(started, stages, pictures)
          const yaml = effectiveYaml(effective.config, basename(file.path), flags)
          return [{ path: 'run.yaml', content: yaml }, ...effective.copies]
        },
      })
      return { run, told: chosen.backend.mismatches }
    },
  })
}

interface Performed {
  /** Told what came of it, once all is written. */
  readonly after?: ((result: RunResult) => Promise<void>) | undefined
  readonly file: RunFile
  readonly options: RunOptions
  readonly host: CliHost
  /** Begins the run on the disk, or takes it up; `told` is worth telling before it goes on. */
  readonly open: (
    store: RunStore,
    prepared: Prepared,
    flags: readonly string[],
  ) => Promise<{ readonly run: StoredRun; readonly told: readonly string[] }>
}

/** Runs what is prepared, tells how it goes, and leaves its folder. */
export async function performRun(performed: Performed): Promise<number> {
  const { file, options, host, open, after } = performed
  const out = resolve(host.cwd, options.out)
  const store = new RunStore({
    root: out,
    cache: options.cache !== false,
    ...(host.now === undefined ? {} : { now: host.now }),
  })
  const log = new CallLog()
  const json = options.json === true
  const human = new LiveBlock(json ? host.stderr : host.stdout)
  const say = (text: string): void => void human.write(`${text}\n`)
  const quiet = options.quiet === true
  const shows = options.preview === true
  let stored: StoredRun | undefined
  const previews = new PreviewFile(
    () => stored?.folder,
    ({ stage, path }, first) => {
      if (json) printJson({ type: 'preview', stage, path }, host)
      if (first && !quiet) lineOn(human, `preview in ${path}`)
    },
  )
  let remarks = (): readonly string[] => []
  let on: ChosenBackend | undefined
  const left = new TimeLeft(async (plan) =>
    on === undefined ? undefined : etaOf(plan, on, options.out, host),
  )
  const prepared = await prepare(file, options, host, {
    interceptors: [log.interceptor],
    observers: [
      ...(quiet
        ? []
        : [
            planOn(say, () => [...remarks(), ...(on === undefined ? [] : unfitServers(on))]),
            progressOn(human, left),
          ]),
      ...(json ? [jsonEvents((value) => printJson(value, host))] : []),
      ...(shows ? [previews.observer] : []),
    ],
    previews: shows,
    learning: options.learn === true ? recorderIn(out) : undefined,
  })
  const started = performance.now()
  try {
    const { pictures, chosen } = prepared
    on = chosen
    const flags = [...chosen.flags, ...(options.allowLarge === true ? ['--allow-large'] : [])]
    const { run, told } = await open(store, prepared, flags)
    stored = run
    await using _ = run
    // What the backend can show is known once the run has asked it.
    remarks = () => [...told, ...(shows ? withoutPreviews(chosen) : [])]
    const { result: ended, error } = await watched(chosen.pool?.pool, human, options, host, () =>
      outcomeOf(prepared.pipeline.run(prepared.config, { ...run.options, signal: host.signal })),
    )
    const trouble = await previews.end(ended.status === 'done')
    const result = { ...ended, warnings: [...remarks(), ...ended.warnings, ...trouble] }
    const finished = { result, error, stored: run, log, pictures, chosen, file, flags }
    const saved = await saveRun(finished).catch((failure: unknown) => {
      throw error ?? failure
    })
    if (json) printJson(runFinished(result, saved, error), host)
    if (!quiet || error !== undefined) say('')
    const ms = performance.now() - started
    say(summaryText(result, saved, { cwd: host.cwd, ms, quiet }))
    await after?.(result)
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

/** Says that `--preview` will show nothing. */
function withoutPreviews(chosen: ChosenBackend): readonly string[] {
  if (chosen.backend.capabilities?.previews === true) return []
  const label = serverLabel(chosen) ?? chosen.backend.kind
  return [`--preview: ${label} shows no pictures while it makes them`]
}

function planOn(say: (text: string) => void, remarks: () => readonly string[]): Observer {
  return (event) => {
    if (event.type !== 'run-started') return
    const passed = remarks().map((text) => `! ${text}\n`)
    say([explainPlan(event.plan), '', ...passed].join('\n'))
  }
}

function recorderIn(out: string): LearningRecorder {
  return new LearningRecorder({
    write: (line) => appendFile(join(out, 'learning_records.jsonl'), line),
  })
}
