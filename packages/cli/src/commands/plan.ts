import { orderInWords } from '@stagewright/core'

import type { CliHost } from '../host.js'
import { planJson } from '../report/plan-json.js'
import type { RunFile } from '../run-file/read.js'
import { etaOf, etaText } from '../runs/eta.js'
import { tellRemarks } from '../servers/server-facts.js'
import type { RunFileOptions } from './options.js'
import { prepare, refuseNotes } from './prepared.js'
import { planSweepCommand, sweepOf } from './sweep.js'

/** `stagewright plan <file>`: what a run would do, without a call; with `--explain` also why its stages stand in this
 *  order, and what would move them. */
export async function planCommand(
  file: RunFile,
  options: RunFileOptions & { readonly explain?: true },
  host: CliHost,
): Promise<number> {
  const swept = await sweepOf(file, options, host)
  if (swept !== undefined) return planSweepCommand(file, swept, options, host)
  const prepared = await prepare(file, options, host)
  try {
    const plan = await prepared.pipeline.plan(prepared.config, { signal: host.signal })
    if (options.strict === true) refuseNotes(plan)
    tellRemarks(prepared.chosen, host)
    const eta = await etaOf(plan, prepared.chosen, 'out', host)
    if (options.json === true) {
      const estimate = eta === undefined ? {} : { estimate: { ...eta } }
      const order = options.explain === true ? { order: plan.orderReasons() } : {}
      host.stdout.write(
        `${JSON.stringify({ ...planJson(plan), ...order, ...estimate }, null, 2)}\n`,
      )
    } else {
      const order = options.explain === true ? orderInWords(plan.orderReasons()) : undefined
      const parts = [plan.explain(), order, eta === undefined ? undefined : etaText(eta)]
      host.stdout.write(`${parts.filter((part) => part !== undefined).join('\n\n')}\n`)
    }
    return 0
  } finally {
    await prepared.dispose()
  }
}
