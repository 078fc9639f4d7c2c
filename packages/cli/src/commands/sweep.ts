import { mkdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'

import { isPipelineError, messageOf, type PipelinePlan, type RunConfig } from '@stagewright/core'
import { checkWritable, RunStore, writeWhole } from '@stagewright/run-store'
import {
  configOf,
  csvOf,
  explainSweep,
  linesOf,
  planSweep,
  readSweep,
  resumeSweep,
  runSweep,
  type Sweep,
  sweepIn,
  type SweepEvent,
  type SweepPlan,
  type SweepResult,
  type SweepRunOptions,
  tableOf,
  valueText,
  type WildcardReader,
} from '@stagewright/scheduler'

import { stagesOf, versionsOf } from '../built-in.js'
import type { CliHost, Output } from '../host.js'
import { sweepGrids } from '../output/sweep-grid.js'
import { errorJson } from '../report/error-text.js'
import { printJson } from '../report/print-json.js'
import { timeText } from '../report/table.js'
import { effectiveRun, effectiveYaml } from '../run-file/effective.js'
import { withOverrides } from '../run-file/overrides.js'
import { readRunFile, type RunFile } from '../run-file/read.js'
import { etaOf, loadTimesOf } from '../runs/eta.js'
import { flagOptions } from '../runs/run-file-of.js'
import { version } from '../version.js'
import type { RunFileOptions } from './options.js'
import { letPass, prepare, type Prepared, refuseNotes } from './prepared.js'
import type { RunOptions } from './run.js'

/** Whether a run file has a sweep, with the options laid over it. */
export async function sweepOf(
  file: RunFile,
  options: RunFileOptions,
  host: CliHost,
): Promise<Sweep | undefined> {
  return sweepIn(withOverrides(file.config, options, await stagesOf(host), host.cwd))
}

/** `stagewright plan` of a file with a sweep. */
export async function planSweepCommand(
  file: RunFile,
  swept: Sweep,
  options: RunFileOptions,
  host: CliHost,
): Promise<number> {
  const prepared = await prepare(plainFile(file, swept), laidOver(options), host)
  try {
    const plan = await plannedSweep(swept, prepared, file, options, 'out', host)
    if (options.strict === true) refuseSweepNotes(plan)
    tellMismatches(prepared, host)
    const first = await prepared.pipeline.plan(cellConfig(plan), { signal: host.signal })
    if (options.json === true)
      host.stdout.write(`${JSON.stringify(sweepPlanJson(plan), null, 2)}\n`)
    else host.stdout.write(`${explainSweep(plan)}\n\nthe first cell\n${first.explain()}\n`)
    return 0
  } finally {
    await prepared.dispose()
  }
}

/** `stagewright run` of a file with a sweep. */
export async function runSweepCommand(
  file: RunFile,
  swept: Sweep,
  options: RunOptions,
  host: CliHost,
): Promise<number> {
  const prepared = await prepare(plainFile(file, swept), laidOver(options), host)
  try {
    const plan = await plannedSweep(swept, prepared, file, options, options.out, host)
    if (options.strict === true) refuseSweepNotes(plan)
    tellMismatches(prepared, host)
    const told = teller(options, host)
    told.say(`${explainSweep(plan)}\n`)
    const root = resolve(host.cwd, options.out)
    await checkWritable(root)
    const flags = flagsOf(prepared, options)
    const given = (file.config as RunConfig)['sweep'] as unknown
    const result = await runSweep(plan, {
      ...(await runningOf(prepared, file, options, host, told.onEvent)),
      name: file.stem,
      given,
      options: { file: file.path, folder: file.folder, flags, cache: options.cache !== false },
      ...(host.now === undefined ? {} : { now: host.now }),
    })
    return await endSweep(result, options, host)
  } finally {
    await prepared.dispose()
  }
}

/** `stagewright resume` of the folder of a sweep.
 *  @throws {PipelineError} SW_SWEEP_NOT_A_SWEEP, and those of `run` */
export async function resumeSweepCommand(
  folder: string,
  given: RunOptions,
  host: CliHost,
): Promise<number> {
  const { record } = await readSweep(folder)
  const before = record.options as { readonly file?: string; readonly flags?: readonly string[] }
  const options = flagOptions(before.flags ?? [], record.options['cache'] === false, {
    ...given,
    out: dirname(folder),
  })
  const path = before.file ?? join(folder, 'sweep.yaml')
  const named = await readRunFile(path, host.cwd).catch(() => undefined)
  const file: RunFile = {
    path,
    folder: named?.folder ?? dirname(path),
    shown: relative(host.cwd, path),
    stem: record.name,
    config: record.base,
    place: () => undefined,
  }
  const prepared = await prepare(file, options, host)
  try {
    const told = teller(options, host)
    const cells = options.lenient === true ? record.cells : []
    for (const cell of cells)
      await letPass(prepared.pipeline, configOf(record.base, cell), prepared.chosen, host)
    tellMismatches(prepared, host)
    const running = await runningOf(prepared, file, options, host, told.onEvent)
    return await endSweep(await resumeSweep(folder, running), options, host)
  } finally {
    await prepared.dispose()
  }
}

/** The options without those that are laid over the file by now. */
function laidOver(options: RunFileOptions): RunFileOptions {
  const { set: _set, prompt: _prompt, model: _model, seed: _seed, count: _count, ...rest } = options
  return rest
}

/** The file without its sweep: what every cell starts from. */
function plainFile(file: RunFile, { config }: Sweep): RunFile {
  return { ...file, config }
}

async function plannedSweep(
  swept: Sweep,
  prepared: Prepared,
  file: RunFile,
  options: RunFileOptions,
  out: string,
  host: CliHost,
): Promise<SweepPlan> {
  const { chosen, stages } = prepared
  const plan = (): Promise<SweepPlan> =>
    planSweep(
      // Options that belong to the run as a whole are laid over by now.
      { ...swept, config: prepared.config },
      {
        backend: chosen.backend,
        stages,
        services: prepared.services,
        allowLarge: options.allowLarge === true,
        signal: host.signal,
        wildcards: wildcardsIn(file, swept.spec.wildcards.from, options, host),
        estimate: (one: PipelinePlan) => etaOf(one, chosen, out, host),
        loadTimes: () => loadTimesOf(chosen, out, host),
      },
    )
  if (options.lenient !== true) return plan()
  try {
    return await plan()
  } catch (error) {
    if (!isPipelineError(error) || !chosen.backend.forgive(error)) throw error
    return plan()
  }
}

/** What `--lenient` let pass. */
function tellMismatches({ chosen }: Prepared, host: CliHost): void {
  for (const mismatch of chosen.backend.mismatches) host.stderr.write(`! ${mismatch}\n`)
}

/** Reads `name.txt` of the folder that the sweep names: within that of the run file, or one that is allowed. */
function wildcardsIn(
  file: RunFile,
  from: string | undefined,
  options: RunFileOptions,
  host: CliHost,
): WildcardReader | undefined {
  if (from === undefined) return undefined
  const folder = resolve(file.folder, from)
  const allowed = [file.folder, ...(options.allowPath ?? []).map((one) => resolve(host.cwd, one))]
  return async (name) => {
    const path = resolve(folder, `${name}.txt`)
    try {
      const real = await realpath(path)
      const roots = await Promise.all(allowed.map((one) => realpath(one)))
      if (!roots.some((root) => real.startsWith(`${root}${sep}`)))
        return { reason: 'it lies outside the folder of the run file (--allow-path lets it)' }
      if ((await stat(real)).size > mostBytes) return { reason: 'it is over 1 MiB large' }
      const lines = linesOf(await readFile(real, 'utf8'))
      return lines.length === 0 ? { reason: 'it is empty' } : lines
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      return { reason: missing ? 'there is no such file' : messageOf(error) }
    }
  }
}

const mostBytes = 2 ** 20

async function runningOf(
  prepared: Prepared,
  file: RunFile,
  options: RunOptions,
  host: CliHost,
  onEvent: (event: SweepEvent) => void,
): Promise<SweepRunOptions> {
  const { pipeline, chosen, stages, pictures } = prepared
  const flags = flagsOf(prepared, options)
  return {
    store: new RunStore({
      root: resolve(host.cwd, options.out),
      cache: options.cache !== false,
      ...(host.now === undefined ? {} : { now: host.now }),
    }),
    pipeline,
    backend: chosen.backend,
    ...(options.cells === undefined ? {} : { concurrency: options.cells }),
    signal: host.signal,
    versions: { stagewright: version, ...(await versionsOf(host)) },
    files: (started) => {
      const effective = effectiveRun(started, stages, pictures)
      const yaml = effectiveYaml(effective.config, basename(file.path), flags)
      return [{ path: 'run.yaml', content: yaml }, ...effective.copies]
    },
    onEvent,
  }
}

function flagsOf({ chosen }: Prepared, options: RunFileOptions): string[] {
  return [...chosen.flags, ...(options.allowLarge === true ? ['--allow-large'] : [])]
}

interface Teller {
  readonly say: (text: string) => void
  readonly onEvent: (event: SweepEvent) => void
}

/** Tells how a sweep goes: a line a cell, with the time that is left. */
function teller(options: RunOptions, host: CliHost): Teller {
  const json = options.json === true
  const human: Output = json ? host.stderr : host.stdout
  const quiet = options.quiet === true
  const say = (text: string): void => void (quiet ? undefined : human.write(`${text}\n`))
  const began = performance.now()
  return {
    say,
    onEvent: (event) => {
      if (event.type === 'sweep-started') {
        const { folder, record, open } = event
        if (json) printJson({ type: event.type, folder, cells: record.cells.length, open }, host)
        const left = open < record.cells.length ? `, ${open} left to make` : ''
        say(`${record.cells.length} cells${left} in ${relative(host.cwd, folder) || folder}`)
        return
      }
      const { cell, at, of } = event
      if (event.type === 'cell-started') {
        if (json)
          printJson({ type: event.type, cell: cell.number, at, of, point: cell.point }, host)
        return
      }
      const { result } = event
      if (json) printJson({ type: event.type, at, of, point: cell.point, ...result }, host)
      const values = Object.entries(cell.point).map(
        ([field, value]) => `${field} ${valueText(value)}`,
      )
      const calls = `${result.calls_made} made, ${result.calls_kept} shared`
      const end =
        result.error === undefined ? calls : `${result.error.code}: ${result.error.message}`
      const left = ((performance.now() - began) / at) * (of - at)
      const time = at < of ? `  about ${timeText(left)} left` : ''
      say(
        `cell ${cell.number} (${at} of ${of})  ${values.join(', ')}  ${result.status}: ${end}${time}`,
      )
      for (const warning of result.warnings) say(`  ! ${warning}`)
    },
  }
}

/** Writes the table and the grid, tells where they are, and gives the exit code.
 *  @throws {PipelineError} what ended the sweep before its last cell */
async function endSweep(result: SweepResult, options: RunOptions, host: CliHost): Promise<number> {
  const { folder, status, error } = result
  await mkdir(folder, { recursive: true })
  const csv = join(folder, 'sweep.csv')
  await writeWhole(csv, csvOf(result))
  const { grids, trouble } = await drawn(result)
  const rows = tableOf(result)
  const count = (wanted: string): number => rows.filter((row) => row.status === wanted).length
  const shown = (path: string): string => relative(host.cwd, path) || path
  if (options.json === true)
    printJson(
      {
        type: 'sweep-finished',
        status,
        folder,
        table: csv,
        grids,
        cells: rows,
        ...(error === undefined ? {} : { error: errorJson(error) }),
      },
      host,
    )
  const human = options.json === true ? host.stderr : host.stdout
  const states = ['done', 'partial', 'failed', 'cancelled', 'open'].flatMap((one) =>
    count(one) === 0 ? [] : [`${count(one)} ${one}`],
  )
  const lines = [
    `${states.join(', ')} of ${rows.length} cells`,
    ...grids.map((path) => `grid   ${shown(path)}`),
    `table  ${shown(csv)}`,
    ...(trouble === undefined ? [] : [`! ${trouble}`]),
    ...(status === 'done' ? [] : [`go on  stagewright resume ${shown(folder)}`]),
  ]
  const quiet = options.quiet === true && status === 'done'
  human.write(`${quiet ? shown(folder) : lines.join('\n')}\n`)
  if (error !== undefined) throw error
  if (status === 'cancelled') return 130
  return status === 'done' ? 0 : 4
}

async function drawn(
  result: SweepResult,
): Promise<{ readonly grids: readonly string[]; readonly trouble?: string }> {
  try {
    const pictures = await sweepGrids(result)
    const paths = pictures.map((_, i) =>
      join(result.folder, i === 0 ? 'grid.png' : `grid-${i + 1}.png`),
    )
    for (const [i, bytes] of pictures.entries()) await writeWhole(paths[i] ?? '', bytes)
    return { grids: paths }
  } catch (error) {
    if (isPipelineError(error)) throw error
    return { grids: [], trouble: `the grid could not be drawn: ${messageOf(error)}` }
  }
}

function refuseSweepNotes({ notes }: SweepPlan): void {
  refuseNotes({ stages: [{ name: 'sweep', notes }] })
}

function cellConfig({ base, cells: [first] }: SweepPlan): RunConfig {
  return first === undefined ? base : configOf(base, first)
}

function sweepPlanJson(plan: SweepPlan): object {
  const {
    axes,
    cells,
    order,
    ours,
    plain,
    shared,
    basePassesSaved,
    callsShared,
    estimates,
    loads,
    notes,
  } = plan
  const known = estimates.filter((ms) => ms !== undefined)
  return {
    sweep: {
      axes,
      cells,
      order,
      calls: ours.calls,
      calls_shared: callsShared,
      model_loads: ours.modelLoads,
      changes: ours.changes,
      loads: {
        counted_as: loads.average === undefined ? 'one each' : 'measured',
        measured_ms: loads.measured,
        ...(loads.average === undefined || loads.unmeasured.length === 0
          ? {}
          : { others_ms: loads.average }),
      },
      cell_by_cell: { calls: plain.calls, model_loads: plain.modelLoads, changes: plain.changes },
      shared,
      base_passes_saved: basePassesSaved,
      ...(known.length === 0 ? {} : { estimate: { ms: known.reduce((sum, ms) => sum + ms, 0) } }),
      notes,
    },
  }
}
