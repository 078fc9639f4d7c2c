import { relative } from 'node:path'

import {
  type PictureEntry,
  placeOf,
  type RunEntry,
  type RunQuery,
  type RunStatus,
} from '@stagewright/run-store'

import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import { printJson } from '../report/print-json.js'
import { columnsText, counted, timeText } from '../report/table.js'
import { openStore } from '../runs/open-store.js'

export interface HistoryOptions {
  readonly out: string
  readonly status?: RunStatus
  readonly text?: string
  readonly model?: string
  readonly since?: string
  readonly until?: string
  readonly rating?: number
  readonly limit: number
  readonly best?: true
  readonly rebuild?: true
  readonly json?: true
}

/** `stagewright history`: the runs, the newest first, or the pictures that were rated best.
 *  @throws {PipelineError} SW_CLI_BAD_DATE, SW_HISTORY_FAILED */
export async function historyCommand(options: HistoryOptions, host: CliHost): Promise<void> {
  const { history } = openStore(options.out, host)
  const human = options.json === true ? host.stderr : host.stdout
  if (options.rebuild === true)
    human.write(`read again: ${counted(await history.rebuild(), 'run')}\n`)
  if (options.best === true) {
    const pictures = await history.best(queryOf(options))
    if (options.json === true) printJson({ pictures: pictures.map(pictureEntryJson) }, host)
    else host.stdout.write(`${bestText(pictures, options, host)}\n`)
    return
  }
  const { runs, total } = await history.list(queryOf(options))
  if (options.json === true) printJson({ total, runs: runs.map(runEntryJson) }, host)
  else host.stdout.write(`${runsText(runs, total, options, host)}\n`)
}

export function runEntryJson(run: RunEntry): object {
  return {
    run_id: run.runId,
    folder: run.folder,
    name: run.name,
    created_at: run.createdAt,
    status: run.status,
    ms: run.ms,
    pictures: run.pictureCount,
    prompt: run.prompt,
    negative_prompt: run.negativePrompt,
    model: run.model,
    seed: run.seed,
    backend: run.backend,
    dialect: run.dialect,
    server: run.server,
    plan_hash: run.planHash,
    error: run.error,
  }
}

export function pictureEntryJson(picture: PictureEntry): object {
  const { digest, file, place, stage, width, height, seed, lineage, rating, note } = picture
  return {
    sha256: digest,
    path: file,
    place,
    stage,
    width,
    height,
    seed,
    lineage,
    rating,
    note,
    run_id: picture.runId,
    folder: picture.folder,
  }
}

function queryOf(options: HistoryOptions): RunQuery {
  const { status, text, model, since, until, rating, limit } = options
  return {
    status,
    text,
    model,
    since: dateOf('--since', since),
    until: dateOf('--until', until),
    minRating: rating,
    limit,
  }
}

function dateOf(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  // A day alone is meant in local time.
  const date = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(date.getTime()))
    throw errors.SW_CLI_BAD_DATE({ option, value: text })
  return date
}

function runsText(
  runs: readonly RunEntry[],
  total: number,
  options: HistoryOptions,
  host: CliHost,
): string {
  if (runs.length === 0)
    return total === 0 && !isNarrowed(options)
      ? `no run in ${options.out} yet: stagewright run <file> makes one, --out says where they are`
      : 'no run fits: leave out an option'
  const rows = runs.map((run) => [
    placeOf(run.folder).name,
    momentText(run.createdAt).slice(0, -3),
    run.status,
    String(run.pictureCount),
    run.ms === null ? '' : timeText(run.ms),
    run.model ?? '',
    [run.dialect ?? run.backend ?? '', hostOf(run.server)].join(' ').trimEnd(),
    oneLine(run.prompt ?? ''),
  ])
  const head = ['RUN', 'WHEN', 'STATUS', 'PICTURES', 'TIME', 'MODEL', 'ON', 'PROMPT']
  const more = total > runs.length ? `\n… and ${total - runs.length} more (--limit ${total})` : ''
  return columnsText([head, ...rows], host.stdout.columns) + more
}

function bestText(
  pictures: readonly PictureEntry[],
  options: HistoryOptions,
  host: CliHost,
): string {
  if (pictures.length === 0)
    return isNarrowed(options)
      ? 'no rated picture fits: leave out an option'
      : 'no picture is rated yet: stagewright rate <picture> <1-5> rates one'
  const rows = pictures.map(({ rating, file, width, height, seed, note }) => [
    '★'.repeat(rating ?? 0),
    relative(host.cwd, file),
    `${width}x${height}`,
    `seed ${seed}`,
    oneLine(note ?? ''),
  ])
  return columnsText(rows, host.stdout.columns)
}

function isNarrowed(options: HistoryOptions): boolean {
  return Object.values(queryOf({ ...options, limit: 0 })).some((one) => Boolean(one))
}

/** `2026-11-20 18:30:05`, in local time. */
export function momentText(iso: string): string {
  return new Date(iso).toLocaleString('sv')
}

/** `127.0.0.1:7860` of an address. */
function hostOf(server: string | null): string {
  return server !== null && URL.canParse(server) ? new URL(server).host : (server ?? '')
}

export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}
