import { resolve } from 'node:path'

import { RunStore } from '@stagewright/run-store'

import type { CliHost } from '../host.js'

/** The runs under `--out`. What is wrong with their history is told, and no reason to stop. */
export function openStore(out: string, host: CliHost): RunStore {
  return new RunStore({
    root: resolve(host.cwd, out),
    onProblem: (problem) => host.stderr.write(`! ${problem}\n`),
    ...(host.now === undefined ? {} : { now: host.now }),
  })
}
