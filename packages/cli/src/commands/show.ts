import { join, relative, resolve } from 'node:path'

import { explainPlan } from '@stagewright/core'
import {
  type PictureEntry,
  type PictureRecord,
  placeOf,
  readRun,
  type RunDetails,
  type RunRecord,
  type StageEntry,
} from '@stagewright/run-store'
import { readSweep } from '@stagewright/scheduler'

import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import { planJson } from '../report/plan-json.js'
import { printJson } from '../report/print-json.js'
import { columnsText, counted, timeText } from '../report/table.js'
import { isThere } from '../run-file/read.js'
import { sweepNamed } from '../runs/find-sweep.js'
import { openStore } from '../runs/open-store.js'
import { pictureNamed } from '../runs/picture-named.js'
import { momentText, pictureEntryJson, runEntryJson } from './history.js'
import { showSweep } from './show-sweep.js'

interface ShowOptions {
  readonly out: string
  readonly json?: true
}

/** `stagewright show <run|picture|sweep>`: everything that is known of a run, of a picture and the way it went, or of a
 *  sweep and its cells.
 *  @throws {PipelineError} SW_CLI_NOTHING_NAMED, SW_HISTORY_AMBIGUOUS, SW_HISTORY_FAILED, SW_STORE_… */
export async function showCommand(
  named: string,
  options: ShowOptions,
  host: CliHost,
): Promise<void> {
  const path = resolve(host.cwd, named)
  // A run may lie elsewhere than in `out`: what is known of it lies beside it.
  const elsewhere = await isThere(join(path, 'journal.jsonl'))
  const { history, root } = openStore(elsewhere ? placeOf(path).root : options.out, host)
  const swept = await sweepNamed(named, root, host.cwd)
  if (swept !== undefined) return showSweep(await readSweep(swept), options, host)
  const name = (await isThere(path)) ? path : named
  const asPicture = async () => history.picture(await pictureNamed(named, history, host.cwd))
  // A file in the folder of a run names the run too.
  const file = /\.(?:png|jpe?g|webp)$/i.test(named) ? await asPicture() : undefined
  const run = file === undefined ? await history.run(name) : undefined
  if (run !== undefined) return showRun(run, options, host)
  const picture = file ?? (await asPicture())
  if (picture === undefined) throw errors.SW_CLI_NOTHING_NAMED({ named, root })
  const of = await history.run(picture.runId)
  if (options.json === true)
    return printJson({ ...pictureEntryJson(picture), ...(await wayJson(picture)) }, host)
  host.stdout.write(`${await pictureText(picture, of, host)}\n`)
}

async function showRun(run: RunDetails, options: ShowOptions, host: CliHost): Promise<void> {
  const { record, events, problems } = await readRun(run.folder)
  const warnings = events.flatMap((one) => (one.type === 'warning' ? [one] : []))
  if (options.json === true) {
    printJson(
      {
        ...runEntryJson(run),
        ...(record === undefined ? {} : { ...planJson(record.plan), config: record.config }),
        versions: record?.versions ?? {},
        resources: record?.resources ?? [],
        outcomes: run.stages,
        images: run.pictures.map(pictureEntryJson),
        warnings: warnings.map(({ stage, message }) => ({ stage, message })),
        problems,
      },
      host,
    )
    return
  }
  const { error } = run
  const head = [
    ['run', placeOf(run.folder).name],
    ['status', error === null ? run.status : `${run.status} (${error})`],
    ['begun', momentText(run.createdAt)],
    ['time', run.ms === null ? 'not known' : timeText(run.ms)],
    ['made by', madeBy(run, record)],
    ['versions', versionsText(record)],
    ['folder', relative(host.cwd, run.folder) || '.'],
  ]
  const stages = run.stages.map((stage) => stageCells(stage, record))
  const finals = run.pictures.filter(({ place }) => place !== 'stage')
  const pictures = finals.map(({ path, width, height, seed, rating }) => [
    path,
    `${width}x${height}`,
    `seed ${seed}`,
    '★'.repeat(rating ?? 0),
  ])
  const files = await filesIn(run.folder, host)
  const told = warnings.map(({ stage, message }) =>
    stage === undefined ? `! ${message}` : `! ${stage}: ${message}`,
  )
  const parts = [
    columnsText(head, undefined),
    ...(record === undefined ? [] : [explainPlan(record.plan)]),
    ...(stages.length === 0 ? [] : [columnsText(stages, undefined)]),
    ...(pictures.length === 0 ? [] : [columnsText(pictures, undefined)]),
    ...(files.length === 0 ? [] : [columnsText(files, undefined)]),
    ...(told.length === 0 ? [] : [told.join('\n')]),
    ...problems.map((problem) => `! journal: ${problem}`),
  ]
  host.stdout.write(`${parts.join('\n\n')}\n`)
}

function stageCells(
  { name, outcome, ms, calls, kept }: StageEntry,
  record: RunRecord | undefined,
): string[] {
  const execution = record?.plan.stages.find((stage) => stage.name === name)?.execution
  if (execution?.kind === 'merged')
    return [name, outcome ?? 'not reached', '', `in the calls of ${execution.into.join(', ')}`]
  const time = ms === null ? '' : timeText(ms)
  return [name, outcome ?? 'not reached', time, callsText(calls, kept)]
}

function callsText(calls: number, kept: number): string {
  if (calls > 0 && kept === calls) return `${counted(calls, 'call')}, kept from before`
  return counted(calls, 'call') + (kept > 0 ? `, ${kept} kept from before` : '')
}

/** What lies in the folder beside the pictures above. */
async function filesIn(folder: string, host: CliHost): Promise<string[][]> {
  const names = [
    ['stages', 'stages'],
    ['contact sheet', 'contact-sheet.png'],
    ['run again', 'run.yaml'],
  ] as const
  const found: string[][] = []
  for (const [what, name] of names) {
    const path = join(folder, name)
    if (!(await isThere(path))) continue
    const shown = relative(host.cwd, path)
    found.push([what, name === 'run.yaml' ? `stagewright run ${shown}` : shown])
  }
  return found
}

function madeBy(run: RunDetails, record: RunRecord | undefined): string {
  const { kind = run.backend ?? 'not known', dialect, version, server } = record?.backend ?? {}
  return [dialect ?? kind, version, ...(server === undefined ? [] : ['at', server])]
    .filter((part) => part !== undefined)
    .join(' ')
}

function versionsText(record: RunRecord | undefined): string {
  const { stagewright = '?', node = '?' } = record?.versions ?? {}
  return `stagewright ${stagewright}, Node ${node}, plan ${record?.plan_hash ?? '?'}`
}

/** The calls that led to the picture, the first one first. */
async function wayOf(picture: PictureEntry) {
  const { events } = await readRun(picture.folder)
  const calls = events.flatMap((event) => (event.type === 'call_finished' ? [event] : []))
  const way: { call: (typeof calls)[number]; image: PictureRecord }[] = []
  const seen = new Set<string>()
  for (let digest: string | undefined = picture.digest; digest !== undefined;) {
    const at: string = digest
    if (seen.has(at)) break
    seen.add(at)
    const call = calls.findLast(({ entry }) => entry.images.some((image) => image.digest === at))
    if (call === undefined) break
    const place = call.entry.images.findIndex((image) => image.digest === at)
    const image = call.entry.images[place]
    if (image === undefined) break
    way.unshift({ call, image })
    digest = call.inputs.length > 1 ? call.inputs[place] : call.inputs[0]
  }
  return way
}

async function wayJson(picture: PictureEntry): Promise<object> {
  const way = await wayOf(picture)
  return {
    calls: way.map(({ call: { stage, label, operation, source, ms, entry }, image }) => ({
      stage,
      label,
      operation,
      seed: image.seed,
      source,
      ms,
      made_in_ms: entry.ms,
    })),
    settings: way.flatMap(({ image }) => image.settings ?? []).at(-1) ?? null,
  }
}

const sourceTexts = { kept: 'kept from before', shared: 'made by another run' } as const

async function pictureText(
  picture: PictureEntry,
  run: RunDetails | undefined,
  host: CliHost,
): Promise<string> {
  const way = await wayOf(picture)
  const settings = way.flatMap(({ image }) => image.settings ?? []).at(-1)
  const head = [
    ['picture', relative(host.cwd, picture.file)],
    ['size', `${picture.width}x${picture.height}`],
    ['seed', String(picture.seed)],
    ['sha256', picture.digest],
    ['run', run === undefined ? picture.runId : `${placeOf(run.folder).name} (${run.status})`],
    ...(picture.rating === null
      ? []
      : [['rated', `${'★'.repeat(picture.rating)} ${picture.note ?? ''}`.trim()]]),
    ...(settings === undefined
      ? []
      : [
          ['prompt', settings.prompt],
          ['model', settings.model ?? 'the server’s own'],
          [
            'settings',
            `${settings.sampler_name} ${settings.scheduler}, ${settings.steps} steps, CFG ${settings.cfg_scale}`,
          ],
        ]),
  ]
  const calls = way.map(({ call: { stage, label, operation, source, entry }, image }) => [
    label === undefined ? stage : `${stage}: ${label}`,
    operation,
    `seed ${image.seed}`,
    timeText(entry.ms),
    source === 'made' ? '' : sourceTexts[source],
  ])
  return [columnsText(head, undefined), columnsText(calls, undefined)].join('\n\n')
}
