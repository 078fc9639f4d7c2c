import { basename, dirname, join, relative, resolve } from 'node:path'

import {
  type ExplainedPlan,
  isPipelineError,
  orderInWords,
  type PipelinePlan,
  type RunConfig,
} from '@stagewright/core'
import { checkWritable, RunStore } from '@stagewright/run-store'
import {
  configOf,
  explainSweep,
  planSweep,
  readSweep,
  resumeSweep,
  runSweep,
  type Sweep,
  type SweepEvent,
  sweepFile,
  sweepIn,
  type SweepPlan,
  type SweepRunOptions,
} from '@stagewright/scheduler'

import { stagesOf, versionsOf } from '../built-in.js'
import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import { watched } from '../progress/pool-table.js'
import { teller } from '../progress/sweep-progress.js'
import { throwAll } from '../report/several.js'
import { endSweep } from '../report/sweep-end.js'
import { sweepPlanJson } from '../report/sweep-plan-json.js'
import { effectiveRun, effectiveYaml } from '../run-file/effective.js'
import { withOverrides } from '../run-file/overrides.js'
import { readRunFile, type RunFile } from '../run-file/read.js'
import { wildcardsIn } from '../run-file/wildcards.js'
import { etaOf, loadTimesOf } from '../runs/eta.js'
import { flagOptions } from '../runs/run-file-of.js'
import { type ChosenBackend, chooseBackend } from '../servers/choose-backend.js'
import { tellRemarks } from '../servers/server-facts.js'
import { version } from '../version.js'
import type { RunFileOptions } from './options.js'
import { letPass, prepare, type Prepared, prepareOn, refuseNotes } from './prepared.js'
import type { RunOptions } from './run.js'

/** Whether a run file has a sweep, with the options laid over it.
 *  @throws {PipelineError} SW_CLI_SWEEP_RECORD, SW_CLI_OPTION_SWEPT for each option that would have no effect, SW_SWEEP_… */
export async function sweepOf(
  file: RunFile,
  options: RunFileOptions,
  host: CliHost,
): Promise<Sweep | undefined> {
  const { config } = file as { readonly config: RunConfig | null | undefined }
  if (basename(file.path) === sweepFile && Array.isArray(config?.['cells'])) {
    const folder = relative(host.cwd, file.folder)
    throw errors.SW_CLI_SWEEP_RECORD({ file: file.shown, folder: folder === '' ? '.' : folder })
  }
  const swept = sweepIn(withOverrides(file.config, options, await stagesOf(host), host.cwd))
  if (swept !== undefined) refuseSwept(swept, options)
  return swept
}

/** Refuses options whose field every cell has a value of its own for. */
function refuseSwept({ spec }: Sweep, { set = [], count, ...options }: RunFileOptions): void {
  const given = [
    ...set.map((option) => ({ option: `--set ${option}`, field: option.split('=')[0] })),
    ...(['prompt', 'model', 'seed'] as const).flatMap((field) =>
      options[field] === undefined ? [] : [{ option: `--${field} ${options[field]}`, field }],
    ),
    ...(count === undefined ? [] : [{ option: `--count ${count}`, field: 'n_iter' }]),
  ]
  throwAll(
    given.flatMap(({ option, field = '' }) =>
      spec.dimensions
        .filter(({ points }) => points.every((point) => Object.hasOwn(point, field)))
        .map(({ path }) => errors.SW_CLI_OPTION_SWEPT({ option, field, path })),
    ),
  )
}

/** `stagewright plan` of a file with a sweep; with `--explain` also why the stages of its first cell stand in their
 *  order. */
export async function planSweepCommand(
  file: RunFile,
  swept: Sweep,
  options: RunFileOptions & { readonly explain?: true },
  host: CliHost,
): Promise<number> {
  const chosen = await chooseBackend(options, host)
  try {
    const { plan, first } = await sweepOn(chosen, file, swept, options, host)
    if (options.strict === true) refuseSweepNotes(plan)
    tellRemarks(chosen, host)
    const order = options.explain === true ? first.orderReasons() : undefined
    if (options.json === true) host.stdout.write(sweepPlanJson(plan, order))
    else {
      const cell = `the first cell\n${first.explain()}`
      const parts = [
        explainSweep(plan),
        cell,
        ...(order === undefined ? [] : [orderInWords(order)]),
      ]
      host.stdout.write(`${parts.join('\n\n')}\n`)
    }
    return 0
  } finally {
    await chosen.backend[Symbol.asyncDispose]()
  }
}

/** The plan of a sweep on a backend, and that of its first cell.
 *  @throws {PipelineError} what is wrong with the file, or lacking there */
export async function sweepOn(
  chosen: ChosenBackend,
  file: RunFile,
  swept: Sweep,
  options: RunFileOptions,
  host: CliHost,
): Promise<{ readonly plan: SweepPlan; readonly first: ExplainedPlan }> {
  const stages = await stagesOf(host)
  const wanted = { file: plainFile(file, swept), stages, options: laidOver(options) }
  const prepared = await prepareOn(chosen, wanted, host)
  const plan = await plannedSweep(swept, prepared, file, options, 'out', host)
  const first = await prepared.pipeline.plan(cellConfig(plan), { signal: host.signal })
  return { plan, first }
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
    tellRemarks(prepared.chosen, host)
    const told = teller(options, host)
    told.say(`${explainSweep(plan)}\n`)
    const root = resolve(host.cwd, options.out)
    await checkWritable(root)
    const flags = flagsOf(prepared, options)
    const given = (file.config as RunConfig)['sweep'] as unknown
    const running = await runningOf(prepared, file, options, host, told.onEvent)
    const result = await watched(prepared.chosen.pool?.pool, told.output, options, host, () =>
      runSweep(plan, {
        ...running,
        name: file.stem,
        given,
        options: { file: file.path, folder: file.folder, flags, cache: options.cache !== false },
        ...(host.now === undefined ? {} : { now: host.now }),
      }),
    )
    return await endSweep(result, options, host)
  } finally {
    await prepared.dispose()
  }
}

/** `stagewright resume` of the folder of a sweep.
 *  @throws {PipelineError} SW_SWEEP_NOT_A_SWEEP, SW_SWEEP_NEWER, and those of `run` */
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
    tellRemarks(prepared.chosen, host)
    const running = await runningOf(prepared, file, options, host, told.onEvent)
    const result = await watched(prepared.chosen.pool?.pool, told.output, options, host, () =>
      resumeSweep(folder, running),
    )
    return await endSweep(result, options, host)
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
        files: prepared.files,
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
    concurrency: options.cells ?? usualCells(chosen),
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

/** On a pool two a server: one is made there, one has its next call ready. */
function usualCells({ pool }: ChosenBackend): number {
  return pool === undefined ? 1 : 2 * pool.servers.length
}

function flagsOf({ chosen }: Prepared, options: RunFileOptions): string[] {
  return [...chosen.flags, ...(options.allowLarge === true ? ['--allow-large'] : [])]
}

function refuseSweepNotes({ notes }: SweepPlan): void {
  refuseNotes({ stages: [{ name: 'sweep', notes }] })
}

function cellConfig({ base, cells: [first] }: SweepPlan): RunConfig {
  return first === undefined ? base : configOf(base, first)
}
