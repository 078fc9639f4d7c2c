import { basename, join } from 'node:path'

import type { RunOnDisk } from '@stagewright/run-store'
import { Command } from 'commander'

import { withRunFileOptions } from '../commands/options.js'
import type { RunOptions } from '../commands/run.js'
import { errors } from '../errors.js'
import { isThere, readRunFile, type RunFile } from '../run-file/read.js'

/** The run file that a run left in its folder: what it did, with everything settled.
 *  @throws {PipelineError} SW_CLI_RUN_NEVER_BEGAN, SW_CLI_… of the file */
export async function runFileOf({ folder, record }: RunOnDisk, cwd: string): Promise<RunFile> {
  const path = join(folder, 'run.yaml')
  if (record === undefined || !(await isThere(path)))
    throw errors.SW_CLI_RUN_NEVER_BEGAN({ run: basename(folder) })
  return { ...(await readRunFile(path, cwd)), stem: record.name }
}

/** The options that the run was given, with those given now laid over. */
export function optionsOf<O extends Partial<RunOptions>>({ record }: RunOnDisk, given: O): O {
  const flags = record?.options['flags']
  return flagOptions(
    Array.isArray(flags) ? flags.map(String) : [],
    record?.options['cache'] === false,
    given,
  )
}

/** Options from the flags that were kept, with those given now laid over. */
export function flagOptions<O extends Partial<RunOptions>>(
  flags: readonly string[],
  uncached: boolean,
  given: O,
): O {
  const words = flags.flatMap(wordsOf)
  const command = withRunFileOptions(new Command(), []).exitOverride()
  const before = command.parse(words, { from: 'user' }).opts<RunOptions>()
  return { ...before, ...(uncached ? { cache: false } : {}), ...given }
}

/** `--backend http://…` as two words: what comes behind the first space is one. */
function wordsOf(flag: string): string[] {
  const at = flag.indexOf(' ')
  return at < 0 ? [flag] : [flag.slice(0, at), flag.slice(at + 1)]
}
