import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'

import { isPipelineError, messageOf } from '@stagewright/core'
import { writeWhole } from '@stagewright/run-store'
import { csvOf, type SweepResult, tableOf } from '@stagewright/scheduler'

import type { RunOptions } from '../commands/run.js'
import type { CliHost } from '../host.js'
import { sweepGrids } from '../output/sweep-grid.js'
import { errorJson } from './error-text.js'
import { printJson } from './print-json.js'

/** Writes the table and the grid, tells where they are, and gives the exit code.
 *  @throws {PipelineError} what ended the sweep before its last cell */
export async function endSweep(
  result: SweepResult,
  options: RunOptions,
  host: CliHost,
): Promise<number> {
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
