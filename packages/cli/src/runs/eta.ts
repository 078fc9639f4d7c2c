import { join } from 'node:path'

import { messageOf, type PipelinePlan } from '@stagewright/core'
import type { Estimate, History, TimedBackend } from '@stagewright/run-store'

import type { CliHost } from '../host.js'
import { timeText } from '../report/table.js'
import { isThere } from '../run-file/read.js'
import type { ChosenBackend } from '../servers/choose-backend.js'
import { openStore } from './open-store.js'

/** How long a plan is going to take, from what its calls took here before; undefined where nothing is known. */
export function etaOf(
  plan: PipelinePlan,
  chosen: ChosenBackend,
  out: string,
  host: CliHost,
): Promise<Estimate | undefined> {
  return learnt(chosen, out, host, (history, backend) => history.estimate(plan, backend))
}

/** How long checkpoints took to load here before, in milliseconds by name. */
export function loadTimesOf(
  chosen: ChosenBackend,
  out: string,
  host: CliHost,
): Promise<Readonly<Record<string, number>> | undefined> {
  return learnt(chosen, out, host, (history, backend) => history.loadTimes(backend))
}

async function learnt<T>(
  { backend }: ChosenBackend,
  out: string,
  host: CliHost,
  ask: (history: History, backend: TimedBackend) => Promise<T>,
): Promise<T | undefined> {
  const { history, root } = openStore(out, host)
  if (!(await isThere(join(root, '.stagewright')))) return undefined
  try {
    const { dialect, server } = backend.capabilities?.identity ?? {}
    return await ask(history, {
      kind: backend.kind,
      ...(dialect === undefined ? {} : { dialect }),
      ...(server === undefined ? {} : { server }),
    })
  } catch (error) {
    host.stderr.write(`! the time cannot be estimated: ${messageOf(error)}\n`)
    return undefined
  } finally {
    history.close()
  }
}

/** `about 2 min (from 12 earlier calls; refiner not known)`. */
export function etaText({ ms, stages, missing }: Estimate): string {
  const calls = stages.reduce((sum, { from }) => sum + from, 0)
  const unknown = missing.length === 0 ? '' : `; not counted: ${missing.join(', ')}`
  return `about ${timeText(ms)} (from ${calls} earlier ${calls === 1 ? 'call' : 'calls'}${unknown})`
}
