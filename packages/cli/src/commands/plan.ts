import type { CliHost } from '../host.js'
import { planJson } from '../report/plan-json.js'
import type { RunFile } from '../run-file/read.js'
import { etaOf, etaText } from '../runs/eta.js'
import type { RunFileOptions } from './options.js'
import { prepare, refuseNotes } from './prepared.js'

/** `stagewright plan <file>`: what a run would do, without a call. */
export async function planCommand(
  file: RunFile,
  options: RunFileOptions,
  host: CliHost,
): Promise<number> {
  const prepared = await prepare(file, options, host)
  try {
    const plan = await prepared.pipeline.plan(prepared.config, { signal: host.signal })
    if (options.strict === true) refuseNotes(plan)
    for (const mismatch of prepared.chosen.backend.mismatches) host.stderr.write(`! ${mismatch}\n`)
    const eta = await etaOf(plan, prepared.chosen, 'out', host)
    if (options.json === true) {
      const estimate = eta === undefined ? {} : { estimate: { ...eta } }
      host.stdout.write(`${JSON.stringify({ ...planJson(plan), ...estimate }, null, 2)}\n`)
    } else host.stdout.write(`${plan.explain()}\n${eta === undefined ? '' : `\n${etaText(eta)}\n`}`)
    return 0
  } finally {
    await prepared.dispose()
  }
}
