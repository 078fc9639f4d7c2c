import { registeredStages } from '../built-in.js'
import type { CliHost, RegisteredStage } from '../host.js'

/** `stagewright stages`: the stages in the order of their phases. */
export async function stagesCommand(
  options: { readonly json?: true },
  host: CliHost,
): Promise<void> {
  const rows = (await registeredStages(host))
    .toSorted((a, b) => a.stage.definition.phase.rank - b.stage.definition.phase.rank)
    .map((one) => rowOf(one))
  const text =
    options.json === true ? JSON.stringify({ stages: rows }, null, 2) : tableOf(rows).join('\n')
  host.stdout.write(`${text}\n`)
}

function rowOf({ stage, from }: RegisteredStage) {
  const { phase, consumes, generates = false, terminal = false, version = '1' } = stage.definition
  return {
    name: stage.name,
    phase: phase.name,
    rank: phase.rank,
    consumes,
    generates,
    terminal,
    version,
    inherits: stage.inherits,
    from,
  }
}

type Row = ReturnType<typeof rowOf>

function tableOf(rows: readonly Row[]): string[] {
  const yes = (value: boolean): string => (value ? 'yes' : '-')
  const cells = [
    ['stage', 'phase', 'consumes', 'generates', 'terminal', 'from'],
    ...rows.map((row) => [
      row.name,
      `${row.phase}@${row.rank}`,
      row.consumes,
      yes(row.generates),
      yes(row.terminal),
      row.from,
    ]),
  ]
  const widths = (cells[0] ?? []).map((_, i) =>
    Math.max(...cells.map((row) => row[i]?.length ?? 0)),
  )
  return cells.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
