import type { Pool, PoolStatus, ServerStatus } from '@stagewright/scheduler'

import type { CliHost, Output } from '../host.js'
import { printJson } from '../report/print-json.js'
import { columnsText, counted, timeText } from '../report/table.js'
import type { LiveBlock } from './live-block.js'
import { lineOn } from './progress.js'

/** Milliseconds between two drawings of the table. */
const pause = 200

/** Shows how a pool goes while something is made on it; with `--json`, tells the servers once it is made. */
export async function watched<T>(
  pool: Pool | undefined,
  output: LiveBlock,
  { quiet, json }: { readonly quiet?: boolean; readonly json?: boolean },
  host: CliHost,
  making: () => Promise<T>,
): Promise<T> {
  if (pool === undefined) return making()
  const end = quiet === true ? undefined : watchPool(pool, output)
  try {
    return await making()
  } finally {
    end?.()
    if (json === true)
      printJson({ type: 'pool', servers: pool.status().servers.map(serverJson) }, host)
  }
}

/** A table that changes on a terminal, elsewhere a line where a server goes or comes back.
 *  @returns what ends it, with the table as it is then */
function watchPool(pool: Pool, output: LiveBlock): () => void {
  const terminal = output.isTTY === true
  const told = new Map<string, ServerStatus['state']>()
  const end = pool.observe((status) => {
    for (const text of changesOf(status, told)) lineOn(output, text)
  })
  if (!terminal) return end
  const redraw = (rows = output.room): void =>
    output.show(poolLines(pool.status(), { columns: output.columns, rows }))
  redraw()
  const timer = setInterval(() => redraw(), pause)
  timer.unref()
  return () => {
    clearInterval(timer)
    end()
    // Nothing is drawn over it any more: all servers.
    redraw(Infinity)
    output.show([])
  }
}

/** The table: server, model, job, queue, loads, idle.
 *  @param rows lines at most: servers that do nothing are left out first, and counted in the last line */
export function poolLines(
  { servers, queued, waiting }: PoolStatus,
  { columns, rows = Infinity }: Pick<Output, 'columns' | 'rows'>,
): readonly string[] {
  const shown = mostTelling(servers, rows - 2)
  const table = [
    ['server', 'model', 'job'.padEnd(usualJob), 'queue', 'loads', 'idle', 'done'],
    ...shown.map((server) => [
      server.name,
      server.models.map(short).join(' + ') || '-',
      jobText(server),
      String(server.queued),
      String(server.loads),
      timeText(server.idleMs),
      String(server.done),
    ]),
  ]
  const more = waiting > 0 ? `, ${waiting} runs to begin` : ''
  const left = leftText(servers.filter((one) => !shown.includes(one)))
  return [
    ...(shown.length === 0 ? [] : columnsText(table, columns, names).split('\n')),
    columnsText([[`${queued} queued${more}${left}`]], columns),
  ]
}

/** In their order, that lines change places as little as can be. Why one is down stands above the table. */
function mostTelling(servers: readonly ServerStatus[], most: number): readonly ServerStatus[] {
  const first = ['busy', 'down', 'probing', 'new', 'idle']
  const kept = new Set(
    servers
      .toSorted((a, b) => first.indexOf(a.state) - first.indexOf(b.state))
      .slice(0, Math.max(0, most)),
  )
  return servers.filter((one) => kept.has(one))
}

function leftText(servers: readonly ServerStatus[]): string {
  if (servers.length === 0) return ''
  const states = new Map<string, number>()
  for (const { state } of servers) states.set(state, (states.get(state) ?? 0) + 1)
  const counts = [...states].map(([state, count]) => `${count} ${state}`)
  return `; ${counted(servers.length, 'more server')}: ${counts.join(', ')}`
}

/** Letters of a usual job: the columns beside it stand still while jobs come and go. */
const usualJob = 14
/** Columns of names: shorter on a terminal that is too narrow for all of them. */
const names = [0, 1]

/** A server of the status as `--json` prints it. */
function serverJson({ idleMs, retryInMs, job, ...server }: ServerStatus): object {
  return {
    ...server,
    ...(job === undefined ? {} : { job: { ...job, ms: Math.round(job.ms) } }),
    idle_ms: Math.round(idleMs),
    ...(retryInMs === undefined ? {} : { retry_in_ms: Math.round(retryInMs) }),
  }
}

/** Why it is down stands above the table. */
function jobText({ job, state, unfit, retryInMs }: ServerStatus): string {
  if (job !== undefined) {
    const doing = job.loading ? 'loads' : `${Math.round(job.progress * 100)} %`
    const owner = job.owner === '' ? '' : `${job.owner}: `
    return `${owner}${job.stage} ${doing}`
  }
  // Why stands in what was told of the plan.
  if (state === 'idle') return unfit === undefined ? '-' : 'can do none'
  return retryInMs === undefined ? state : `${state}, asked in ${timeText(retryInMs)}`
}

function* changesOf(
  { servers }: PoolStatus,
  told: Map<string, ServerStatus['state']>,
): Generator<string> {
  for (const { name, state, error, retryInMs } of servers) {
    const before = told.get(name)
    if (state === 'probing' || state === 'new') continue
    told.set(name, state)
    const again = retryInMs === undefined ? '' : `; asked again in ${timeText(retryInMs)}`
    if (state === 'down' && before !== 'down') yield `! ${name} is down: ${error ?? ''}${again}`
    if (state !== 'down' && before === 'down') yield `${name} is back`
  }
}

function short(model: string): string {
  return model.replace(/\.(safetensors|ckpt|gguf|sft)$/, '')
}
