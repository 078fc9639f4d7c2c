import { sequence } from '@stagewright/core'

import { registeredStages } from '../built-in.js'
import type { CliHost, RegisteredStage } from '../host.js'
import { columnsText } from '../report/table.js'
import { version as own } from '../version.js'

/** `stagewright stages`: the stages in the order in which they would run if all were enabled, who provides each, and
 *  why it stands there.
 *  @throws {StagePlanError} SW_PLAN_CYCLE, SW_PLAN_EDGE_AGAINST_RANK, SW_PLAN_UNKNOWN_TARGET */
export async function stagesCommand(
  options: { readonly json?: true },
  host: CliHost,
): Promise<void> {
  const registered = await registeredStages(host)
  const byName = new Map(registered.map((one) => [one.stage.name, one]))
  const entries = registered.map(({ stage: { name, definition } }) => {
    const { phase, after = [], before = [], terminal = false } = definition
    return { name, phase, after, before, terminal }
  })
  const rows = sequence(entries).flatMap(({ name }) => {
    const one = byName.get(name)
    return one === undefined ? [] : [rowOf(one)]
  })
  const text =
    options.json === true
      ? JSON.stringify({ stages: rows }, null, 2)
      : columnsText([head, ...rows.map(cellsOf)], undefined)
  host.stdout.write(`${text}\n`)
}

function rowOf({ stage, from, version: fromVersion = own }: RegisteredStage) {
  const { phase, consumes, generates = false, terminal = false, version = '1' } = stage.definition
  const { after = [], before = [] } = stage.definition
  return {
    name: stage.name,
    phase: phase.name,
    rank: phase.rank,
    after,
    before,
    consumes,
    generates,
    terminal,
    version,
    inherits: stage.inherits,
    from,
    from_version: fromVersion,
  }
}

type Row = ReturnType<typeof rowOf>

const head = ['stage', 'rank', 'why there', 'consumes', 'generates', 'from']

function cellsOf(row: Row): string[] {
  const why = [
    `phase ${row.phase}`,
    ...(row.after.length === 0 ? [] : [`after ${row.after.join(', ')}`]),
    ...(row.before.length === 0 ? [] : [`before ${row.before.join(', ')}`]),
    ...(row.terminal ? ['always last'] : []),
  ]
  return [
    row.name,
    String(row.rank),
    why.join(', '),
    row.consumes,
    row.generates ? 'yes' : '-',
    `${row.from}@${row.from_version}`,
  ]
}
