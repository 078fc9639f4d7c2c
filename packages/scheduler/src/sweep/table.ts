import { valueAt } from './cells.js'
import type { CellResult, SweepOnDisk } from './record.js'

/** A cell with what came of it, as the table of a sweep shows it. */
export interface SweepRow {
  readonly cell: number
  readonly status: CellResult['status'] | 'open'
  /** The values of the axes. */
  readonly point: Readonly<Record<string, unknown>>
  /** Every value that was resolved, by path. */
  readonly resolved: Readonly<Record<string, unknown>>
  readonly seed: number | undefined
  readonly model: string | undefined
  readonly pictures: readonly string[]
  readonly run: string | null
  readonly warnings: readonly string[]
  readonly error: CellResult['error']
  readonly calls_made: number
  readonly calls_kept: number
  /** Those of several servers that made its calls. */
  readonly servers: readonly string[]
}

/** The rows of a sweep's table, in the author's order. */
export function tableOf({ record, results }: SweepOnDisk): readonly SweepRow[] {
  return record.cells.map(({ number, point, set }) => {
    const result = results.get(number)
    const model = Object.hasOwn(set, 'model') ? set['model'] : valueAt(record.base, 'model')
    const seed = result?.seeds[0] ?? (set['seed'] as number | undefined) ?? record.base['seed']
    return {
      cell: number,
      status: result?.status ?? 'open',
      point,
      resolved: set,
      seed: typeof seed === 'number' ? seed : undefined,
      model: typeof model === 'string' ? model : undefined,
      pictures: result?.pictures ?? [],
      run: result?.run ?? null,
      warnings: result?.warnings ?? [],
      error: result?.error,
      calls_made: result?.calls_made ?? 0,
      calls_kept: result?.calls_kept ?? 0,
      servers: result?.servers ?? [],
    }
  })
}

/** The table as CSV (RFC 4180): axes as written, then every resolved value. Text that a spreadsheet would take for a
 *  formula begins with an apostrophe. */
export function csvOf(sweep: SweepOnDisk): string {
  const rows = tableOf(sweep)
  const axes = sweep.record.axes.map(({ field }) => field)
  const paths = [...new Set(rows.flatMap(({ resolved }) => Object.keys(resolved)))]
  const others = paths.filter((path) => !axes.includes(path) && path !== 'seed' && path !== 'model')
  const pooled = rows.some(({ servers }) => servers.length > 0)
  const head = [
    'cell',
    'status',
    ...axes,
    ...(axes.includes('seed') ? [] : ['seed']),
    ...(axes.includes('model') ? [] : ['model']),
    ...others,
    'picture',
    'pictures',
    'calls_made',
    'calls_kept',
    ...(pooled ? ['servers'] : []),
    'warnings',
    'error',
  ]
  const lines = rows.map((row) => [
    row.cell,
    row.status,
    ...axes.map((field) => row.point[field]),
    ...(axes.includes('seed') ? [] : [row.seed]),
    ...(axes.includes('model') ? [] : [row.model]),
    ...others.map((path) => row.resolved[path] ?? valueAt(sweep.record.base, path)),
    row.pictures[0],
    row.pictures.length,
    row.calls_made,
    row.calls_kept,
    ...(pooled ? [row.servers.join('; ')] : []),
    row.warnings.join('; '),
    row.error === undefined ? undefined : `${row.error.code}: ${row.error.message}`,
  ])
  return [head, ...lines].map((line) => `${line.map(csvCell).join(',')}\r\n`).join('')
}

/** A value of an axis in few words: as a heading, and in a table. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function csvCell(value: unknown): string {
  const text = valueText(value)
  // A number may begin with its sign.
  const safe = typeof value !== 'number' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
