import { isPipelineError } from '@stagewright/core'
import { CommanderError } from 'commander'

import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import { errorJson, errorText } from './error-text.js'
import { exitCodeOf } from './exit-code.js'
import { printJson } from './print-json.js'

/** Tells the error that ended the command, and gives the exit code.
 *  Loaded when there is one: a command that goes well does not wait for it. */
export function endWith(
  thrown: unknown,
  argv: readonly string[],
  host: CliHost,
  place: ((path: string) => string | undefined) | undefined,
): number {
  const error = thrown instanceof CommanderError ? usageError(thrown, argv) : thrown
  const debug = argv.includes('--debug')
  host.stderr.write(`${errorText(error, { debug, place })}\n`)
  // A run that began has ended its lines itself.
  const begun = isPipelineError(error) && error.result !== undefined
  if (runs.has(argv[0] ?? '') && argv.includes('--json') && !begun)
    printJson(notStarted(error), host)
  return exitCodeOf(error)
}

const runs = new Set(['run', 'resume', 'rerun', 'replay'])

/** The only line of `run --json` for a run that never began. */
function notStarted(error: unknown): object {
  const status = exitCodeOf(error) === 130 ? 'cancelled' : 'failed'
  return { type: 'run-finished', status, error: errorJson(error), images: [] }
}

const commands = [
  'run',
  'resume',
  'rerun',
  'replay',
  'history',
  'show',
  'rate',
  'cache',
  'plan',
  'doctor',
  'stages',
  'init',
  'schema',
  'fake-webui',
]

/** What commander refuses, in our words. */
function usageError(error: CommanderError, argv: readonly string[]) {
  const problem = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
  const named = commands.find((name) => name === argv[0])
  const globbed = argv.includes('--images') && error.code === 'commander.excessArguments'
  return errors.SW_CLI_USAGE({
    problem: globbed
      ? `${problem} Quote the pattern of --images: the shell took it apart.`
      : problem,
    command: named === undefined ? 'stagewright' : `stagewright ${named}`,
  })
}
