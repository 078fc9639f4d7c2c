import { relative, resolve } from 'node:path'

import { placeOf, type RunOnDisk, RunStore } from '@stagewright/run-store'

import type { CliHost } from '../host.js'
import { printJson } from '../report/print-json.js'
import { findRun, newestUnfinished } from '../runs/find-run.js'
import { sweepToResume } from '../runs/find-sweep.js'
import { optionsOf, runFileOf } from '../runs/run-file-of.js'
import { performRun, type RunOptions } from './run.js'
import { resumeSweepCommand } from './sweep.js'

/** `stagewright resume [run]`: goes on with a run, or with a sweep, also where one of its cells is named. What it had
 *  finished is not made again; before a call whose fate is unknown is repeated, the server is asked, and waited for.
 *  @throws {PipelineError} SW_CLI_NO_SUCH_RUN, SW_CLI_NOTHING_TO_RESUME, SW_STORE_RUN_LOCKED, and those of `run` */
export async function resumeCommand(
  named: string | undefined,
  options: RunOptions,
  host: CliHost,
): Promise<number> {
  const root = resolve(host.cwd, options.out)
  const store = new RunStore({ root })
  const swept = await sweepToResume(named, root, host.cwd)
  if (swept !== undefined) return resumeSweepCommand(swept, options, host)
  const found =
    named === undefined ? await newestUnfinished(store) : await findRun(named, store, host.cwd)
  const { root: place, sweep } = placeOf(found.folder)
  if (sweep !== undefined) return resumeSweepCommand(sweep, options, host)
  if (found.status === 'done') return nothingLeft(found, options, host)
  const file = await runFileOf(found, host.cwd)
  const human = options.json === true ? host.stderr : host.stdout
  if (options.quiet !== true) human.write(`${titleOf(found)}\n`)
  return performRun({
    file,
    // A run may lie elsewhere than in `out`: what it shares lies beside it.
    options: optionsOf(found, { ...options, out: place }),
    host,
    open: async (opened, prepared) => {
      const { run, before } = await opened.reopen(found.folder)
      try {
        const { backend } = prepared.chosen
        const settled = await run.settle(backend, host.signal)
        const damaged = before.problems.map((problem) => `journal: ${problem}`)
        return { run, told: [...backend.mismatches, ...damaged, ...settled] }
      } catch (error) {
        await run[Symbol.asyncDispose]()
        throw error
      }
    },
  })
}

function titleOf({ folder, status, events }: RunOnDisk): string {
  const made = events.filter(({ type }) => type === 'call_finished').length
  const calls = made === 1 ? '1 call is kept' : `${made} calls are kept`
  return `resuming ${placeOf(folder).name} (${status}; ${calls})`
}

function nothingLeft({ folder }: RunOnDisk, options: RunOptions, host: CliHost): number {
  if (options.json === true) printJson({ type: 'run-finished', status: 'done', folder }, host)
  else
    host.stdout.write(
      `${relative(host.cwd, folder) || folder} is done: there is nothing to resume\n`,
    )
  return 0
}
