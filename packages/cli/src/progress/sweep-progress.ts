import { relative } from 'node:path'

import { type SweepEvent, valueText } from '@stagewright/scheduler'

import type { RunOptions } from '../commands/run.js'
import type { CliHost } from '../host.js'
import { printJson } from '../report/print-json.js'
import { timeText } from '../report/table.js'
import { LiveBlock } from './live-block.js'
import { lineOn } from './progress.js'

export interface Teller {
  readonly output: LiveBlock
  readonly say: (text: string) => void
  readonly onEvent: (event: SweepEvent) => void
}

/** Tells how a sweep goes: a line a cell, with the time that is left. */
export function teller(options: RunOptions, host: CliHost): Teller {
  const json = options.json === true
  const output = new LiveBlock(json ? host.stderr : host.stdout)
  const quiet = options.quiet === true
  const say = (text: string): void => {
    if (!quiet) lineOn(output, text)
  }
  const began = performance.now()
  // Several may be under way: they end in another order than they began in.
  let ended = 0
  return {
    output,
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
      const { calls_made: made, calls_kept: kept, servers = [] } = result
      const on = servers.length === 0 ? '' : ` on ${servers.join(', ')}`
      const calls = `${made} made, ${kept} kept`
      const end =
        result.error === undefined ? calls : `${result.error.code}: ${result.error.message}`
      ended += 1
      const left = ((performance.now() - began) / ended) * (of - ended)
      const time =
        ended < of && result.status !== 'cancelled' ? `  about ${timeText(left)} left` : ''
      say(
        `cell ${cell.number} (${ended} of ${of})  ${values.join(', ')}  ${result.status}${on}: ${end}${time}`,
      )
      for (const warning of result.warnings) say(`  ! ${warning}`)
    },
  }
}
