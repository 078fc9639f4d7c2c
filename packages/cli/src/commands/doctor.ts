import { type Capabilities, type PipelinePlan, type StagePlan } from '@stagewright/core'

import { stagesOf } from '../built-in.js'
import type { CliHost } from '../host.js'
import {
  type DoctorReport,
  doctorText,
  type MemberReport,
  type RunFileReport,
  type SupportLine,
} from '../report/doctor-text.js'
import { errorJson } from '../report/error-text.js'
import type { RunFile } from '../run-file/read.js'
import { type ChosenBackend, chooseBackend } from '../servers/choose-backend.js'
import type { ChosenPool } from '../servers/choose-pool.js'
import { askServer } from '../servers/find-server.js'
import { serverFacts, unfitServers } from '../servers/server-facts.js'
import type { RunFileOptions } from './options.js'
import { prepareOn } from './prepared.js'
import { sweepOf, sweepOn } from './sweep.js'

/** `stagewright doctor [file]`: what the server is, what it has, what works there, and what the run file lacks.
 *  @throws {PipelineError} what is wrong with the server or the file, after the report of what is known */
export async function doctorCommand(
  file: RunFile | undefined,
  options: RunFileOptions,
  host: CliHost,
): Promise<void> {
  const json = options.json === true
  const columns = Math.min(host.stdout.columns || 100, 120)
  const print = (report: DoctorReport, error?: unknown): void => {
    const text = json
      ? JSON.stringify({ ok: error === undefined, ...report, ...errorPart(error) }, null, 2)
      : doctorText(report, columns)
    if (text !== '') host.stdout.write(`${text}\n`)
  }
  let report: DoctorReport = {}
  try {
    const chosen = await chooseBackend(options, host, 'auto')
    try {
      report = { backend: chosen.backend.kind, url: chosen.url }
      report = { ...report, ...(await examine(chosen, host)) }
      if (file !== undefined)
        report = {
          ...report,
          run_file: withUnfit(await check(file, options, chosen, host), chosen),
        }
    } finally {
      await chosen.backend[Symbol.asyncDispose]()
    }
  } catch (error) {
    const about = file === undefined || report.inventory === undefined ? {} : notReady(file, error)
    print({ ...report, ...about }, error)
    throw error
  }
  print(report)
}

function errorPart(error: unknown): object {
  return error === undefined ? {} : { error: errorJson(error) }
}

async function examine(chosen: ChosenBackend, { signal }: CliHost): Promise<DoctorReport> {
  const capabilities = await chosen.backend.describe(signal)
  const facts = serverFacts(chosen)
  const ms = chosen.url === undefined ? undefined : await latency(chosen.url, signal)
  return {
    server: facts?.server,
    dialect: facts?.dialect,
    version: facts?.version,
    latency_ms: ms,
    current: capabilities.current ?? {},
    inventory: Object.fromEntries(
      Object.entries(capabilities.resources).map(([kind, names]) => [kind, countOf(kind, names)]),
    ),
    ...(chosen.pool === undefined ? {} : { servers: await memberReports(chosen.pool, signal) }),
    stages: await supportLines(chosen, capabilities),
    warnings: facts?.notices ?? [],
  }
}

/** Each server of a pool, or why it does not answer. */
function memberReports({ servers }: ChosenPool, signal?: AbortSignal): Promise<MemberReport[]> {
  return Promise.all(
    servers.map(async ({ name, url, backend }): Promise<MemberReport> => {
      try {
        const capabilities = await backend.describe(signal)
        const facts = serverFacts({ backend: { capabilities } })
        return {
          name,
          url,
          ok: true,
          server: facts?.server ?? backend.kind,
          dialect: facts?.dialect,
          version: facts?.version,
          model: capabilities.current?.model,
          warnings: facts?.notices ?? [],
        }
      } catch (error) {
        signal?.throwIfAborted()
        return { name, url, ok: false, error: errorJson(error).message }
      }
    }),
  )
}

function countOf(kind: string, listed: readonly string[] | 'any') {
  if (listed === 'any') return { count: null, names: [] }
  // Titles of scripts are taken in any case, and listed in more than one.
  const written = new Map(
    listed.map((name) => [kind === 'script' ? name.toLowerCase() : name, name]),
  )
  const names = [...written.values()]
  return { count: names.length, names }
}

/** The quicker of two reads, so that opening the connection does not count. */
async function latency(url: string, signal?: AbortSignal): Promise<number | undefined> {
  let least: number | undefined
  for (let i = 0; i < 2; i++) {
    const started = performance.now()
    if ((await askServer(url, signal)) === 'nothing') return undefined
    const ms = performance.now() - started
    least = Math.min(least ?? ms, ms)
  }
  return least === undefined ? undefined : Math.round(least * 10) / 10
}

/** What works there: the dialect's table, less what this very server lacks. */
async function supportLines(
  chosen: ChosenBackend,
  { operations, slots }: Capabilities,
): Promise<SupportLine[]> {
  const facts = serverFacts(chosen)
  if (facts === undefined)
    return [...operations, ...slots].map((feature) => ({ feature, is: 'yes' as const }))
  const { supportTable } = await import('@stagewright/backend-webui')
  const checked = new Set(['txt2img', 'img2img', 'detail', 'hires', 'refiner'])
  const there = new Set([...operations, ...slots])
  return supportTable.flatMap(({ feature, key, by }): SupportLine[] => {
    const support = Object.entries(by).find(([name]) => name === facts.dialect)?.[1]
    if (support === undefined) return []
    const missing = checked.has(key) && !there.has(key)
    return [
      missing
        ? { feature, is: 'no', how: facts.remedies[key] ?? support.how }
        : { feature, ...support },
    ]
  })
}

async function check(
  file: RunFile,
  options: RunFileOptions,
  chosen: ChosenBackend,
  host: CliHost,
): Promise<RunFileReport> {
  const swept = await sweepOf(file, options, host)
  if (swept !== undefined) {
    const { plan, first } = await sweepOn(chosen, file, swept, options, host)
    const { cells, ours } = plan
    const notes = notesOf([{ name: 'sweep', notes: plan.notes }, ...first.stages])
    return { file: file.shown, ok: true, cells: cells.length, calls: ours.calls, notes }
  }
  const stages = await stagesOf(host)
  const prepared = await prepareOn(chosen, { file, stages, options }, host)
  const plan: PipelinePlan = await prepared.pipeline.plan(prepared.config, { signal: host.signal })
  const enabled = plan.stages.filter((stage) => stage.enabled)
  return {
    file: file.shown,
    ok: true,
    stages: enabled.length,
    calls: enabled.reduce((sum, { calls }) => sum + calls, 0),
    notes: notesOf(plan.stages),
  }
}

/** The same, with the servers of a pool that can do nothing of it. */
function withUnfit(report: RunFileReport, chosen: ChosenBackend): RunFileReport {
  return { ...report, notes: [...(report.notes ?? []), ...unfitServers(chosen)] }
}

function notesOf(stages: readonly Pick<StagePlan, 'name' | 'notes'>[]): string[] {
  return stages.flatMap(({ name, notes }) =>
    notes.map(({ code, message }) => `${name}: ${message} (${code})`),
  )
}

function notReady(file: RunFile, error: unknown): Pick<DoctorReport, 'run_file'> {
  const told = errorJson(error)
  return { run_file: { file: file.shown, ok: false, errors: told.errors?.length ?? 1 } }
}
