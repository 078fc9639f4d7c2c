import type { PipelineError } from '@stagewright/core/errors'

import { errors } from '../errors.js'
import { serverLost, type Wire } from './connection-errors.js'
import type { Link } from './link.js'
import type { Polled } from './progress.js'
import type { Watchdog } from './watchdog.js'

const refusalsToBeLost = 3
/** A task is not yet known in the moment between its arrival and its start. */
const looksToBeGone = 2

/** Judges, poll by poll, what became of a generation whose connection broke: `repeat` when the server knows nothing of
 *  its task (it never arrived, it failed, or the server began anew), an error when its pictures are lost or nobody can
 *  say, nothing while it still waits or runs. */
export function verdictOf({
  link,
  wire,
  error,
  watchdog,
}: {
  readonly link: Link
  readonly wire: Wire
  readonly error: PipelineError
  readonly watchdog: Watchdog
}): (polled: Polled) => PipelineError | 'repeat' | undefined {
  const { server, route } = wire
  let refusals = 0
  let looks = 0
  let { ran } = watchdog
  const lost = (reason: string) =>
    errors.SW_WEBUI_RESULT_LOST({ server, route, reason }, { cause: error })
  const unknown = (reason: string) =>
    errors.SW_WEBUI_OUTCOME_UNKNOWN({ server, route, reason }, { cause: error })
  const broke =
    error.code === 'SW_WEBUI_GATEWAY'
      ? 'a proxy gave up waiting for them'
      : 'the connection broke before they were sent'
  return (polled) => {
    if (link.closed) return errors.SW_WEBUI_CLOSED({ server })
    if (polled === 'refused') {
      refusals += 1
      return refusals >= refusalsToBeLost || watchdog.source === 'none'
        ? serverLost(error)
        : undefined
    }
    refusals = 0
    if (polled === 'unavailable')
      return watchdog.source === 'none' ? unknown('it has no route that tells') : undefined
    if (typeof polled === 'string') return undefined
    looks = polled.state === 'gone' ? looks + 1 : 0
    ran ||= polled.state === 'running'
    if (polled.state === 'finished') return lost(broke)
    if (looks < looksToBeGone) return undefined
    if (watchdog.source === 'task') return 'repeat'
    return ran
      ? lost(broke)
      : unknown('no job runs there now, and its progress route knows no tasks')
  }
}
