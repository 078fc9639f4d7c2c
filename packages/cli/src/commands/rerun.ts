import { resolve } from 'node:path'

import { placeOf, RunStore } from '@stagewright/run-store'

import type { CliHost } from '../host.js'
import { findRun } from '../runs/find-run.js'
import { optionsOf, runFileOf } from '../runs/run-file-of.js'
import { runCommand, type RunOptions } from './run.js'

/** `stagewright rerun <run>`: makes a run once more in a folder of its own, with changes if there are any. What they do
 *  not touch is taken from the run.
 *  @throws {PipelineError} SW_CLI_NO_SUCH_RUN, and those of `run` */
export async function rerunCommand(
  named: string,
  options: RunOptions,
  host: CliHost,
): Promise<number> {
  const store = new RunStore({ root: resolve(host.cwd, options.out) })
  const found = await findRun(named, store, host.cwd)
  const file = await runFileOf(found, host.cwd)
  const given = optionsOf(found, { ...options, out: placeOf(found.folder).root })
  return runCommand(file, given, host, { sources: [found.folder] })
}
