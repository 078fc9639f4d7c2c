import { existsSync } from 'node:fs'
import { basename, join, relative } from 'node:path'

import { type SweepOnDisk, tableOf, valueText } from '@stagewright/scheduler'

import type { CliHost } from '../host.js'
import { printJson } from '../report/print-json.js'
import { columnsText } from '../report/table.js'
import { momentText } from './history.js'

/** Everything that is known of a sweep: what it goes over, and what came of each cell. */
export function showSweep(
  sweep: SweepOnDisk,
  options: { readonly json?: true },
  host: CliHost,
): void {
  const { folder, record } = sweep
  const rows = tableOf(sweep)
  if (options.json === true) {
    const { name, created_at, axes } = record
    return printJson({ name, folder, created_at, axes, cells: rows }, host)
  }
  const shown = (name: string): string => relative(host.cwd, join(folder, name))
  const made = rows.filter(({ status }) => status === 'done').length
  const head = [
    ['sweep', basename(folder)],
    ['begun', momentText(record.created_at)],
    ['cells', `${made} done of ${rows.length}`],
    ...record.axes.map(({ field, values }) => [field, values.map(valueText).join(', ')]),
    ...(['grid.png', 'sweep.csv'] as const)
      .filter((name) => existsSync(join(folder, name)))
      .map((name) => [name === 'grid.png' ? 'grid' : 'table', shown(name)]),
    ...(made === rows.length ? [] : [['go on', `stagewright resume ${shown('')}`]]),
  ]
  const pooled = rows.some(({ servers }) => servers.length > 0)
  const cells = rows.map(({ cell, status, point, pictures, servers, error, warnings }) => [
    String(cell),
    status,
    ...record.axes.map(({ field }) => valueText(point[field])),
    ...(pooled ? [servers.join(', ')] : []),
    error === undefined ? pictures.map(shown).join(' ') : `${error.code}: ${error.message}`,
    warnings.join('; '),
  ])
  const fields = record.axes.map(({ field }) => field)
  const titles = ['CELL', 'STATUS', ...fields, ...(pooled ? ['ON'] : []), 'PICTURES', '']
  const table = columnsText([titles, ...cells], host.stdout.columns)
  host.stdout.write(`${columnsText(head, undefined)}\n\n${table}\n`)
}
